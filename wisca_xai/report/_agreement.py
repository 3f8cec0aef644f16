"""The agreement of a report: a heat map, the pairs that differ most, and each explainer's part."""

from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._ranking import order_of
from wisca_xai._results._votes import BY_ROW
from wisca_xai._text import display_name, display_names
from wisca_xai.report._words import NAME_WIDTH, number

N_PAIRS = 3  # pairs of explainers whose differences are listed
N_FEATURES = 3  # features that are named for each
FAMILIES = {
    "shapley": (
        "Shapley values: the mean change of the output when the feature joins others, over all "
        "groups of features. They add up to the output less the base value."
    ),
    "occlusion": (
        "What the output of a row loses when only this feature takes the values of other rows. "
        "Features that can replace each other get little."
    ),
    "inclusion": "What the output of other rows gains when only this feature is as in the row.",
    "local_surrogate": (
        "The weights of a straight line that imitates the model around the row (LIME). It is rough "
        "where the model bends or jumps."
    ),
    "loss": (
        "Permutation importance: how much the outputs, or their score, change when the column is "
        "shuffled. Features that can replace each other get little."
    ),
    "global_surrogate": (
        "The importances of a forest that imitates the model. It divides what correlated features "
        "share among all of them."
    ),
}
MEASURES = {
    "agreement": "agreement (features that matter)",
    "rank_correlation": "rank correlation (all features)",
    "feature_agreement": "common top 5",
    "sign_agreement": "same sign",
}


def agreement_of(whole: Any) -> dict[str, Any]:
    """Cells of the heat map, a table of all measures, differences, and influence."""
    pairs = whole.agreement()
    shown = dict(zip(whole.components, display_names(map(str, whole.components)), strict=True))
    known = pairs.dropna(subset=["agreement"]).sort_values("agreement", kind="stable")
    return {
        "names": list(shown.values()),
        "narrow": display_names(map(str, whole.components), width=9),
        "wide": display_names(map(str, whole.components), width=16),
        "cells": _cells(list(shown), pairs),
        "pairs": [
            {
                "first": shown[pair["first"]],
                "second": shown[pair["second"]],
                "numbers": [number(pair[name], 2) for name in MEASURES],
            }
            for pair in pairs.to_dict("records")
        ],
        "measures": list(MEASURES.values()),
        "differences": [
            _difference(whole, pair["first"], pair["second"], pair["agreement"])
            for pair in known.head(N_PAIRS).to_dict("records")
        ],
        "influence": _influence(whole),
        "lowest": _lowest(shown, known),
        "votes": [
            {
                "name": shown[name],
                "vote": number(whole.votes.get(name, 0.0), 2),
                "measures": FAMILIES.get(part.family, ""),
            }
            for name, part in whole.components.items()
        ],
        "by_fidelity": whole.receipt.settings.get("weighting") == BY_ROW,
    }


def _lowest(shown: dict[str, Any], known: pd.DataFrame) -> dict[str, str] | None:
    """The explainer that agrees least with the others, if there are at least three."""
    means = {}
    for name in shown:
        is_own = (known["first"] == name) | (known["second"] == name)
        if is_own.any() and not is_own.all():
            pairs = known["agreement"]
            means[name] = (float(pairs[is_own].mean()), float(pairs[~is_own].mean()))
    if not means:
        return None
    name = min(means, key=lambda one: means[one][0])
    own, others = means[name]
    return {"name": shown[name], "own": f"{own:.2f}", "others": f"{others:.2f}"}


def _cells(names: list[str], pairs: pd.DataFrame) -> list[list[dict[str, Any]]]:
    """One cell for each pair, with its color as a step from 0 (opposite) to 10 (the same)."""
    by_pair = {
        frozenset((row["first"], row["second"])): row["agreement"]
        for row in pairs.to_dict("records")
    }
    return [
        [_cell(1.0 if one == other else by_pair[frozenset((one, other))]) for other in names]
        for one in names
    ]


def _cell(value: float) -> dict[str, Any]:
    if np.isnan(value):
        return {"text": "-", "step": "none"}
    return {"text": f"{value:.2f}", "step": round(5 * (float(value) + 1))}


def _difference(whole: Any, first: str, second: str, agreement: float) -> dict[str, Any]:
    """The features of large importance that two explainers rank most differently."""
    ranks = whole.ranks()
    one, two = ranks[first].to_numpy(), ranks[second].to_numpy()
    # A move among the first ranks counts more than one among the last.
    moves = np.abs(np.log(one) - np.log(two))
    chosen = [j for j in order_of(moves)[:N_FEATURES] if moves[j] > 0]
    names = display_names(whole.feature_names, width=NAME_WIDTH)
    return {
        "first": display_name(first),
        "second": display_name(second),
        "agreement": f"{agreement:.2f}",
        "features": [
            {"name": names[j], "first": int(one[j]), "second": int(two[j])} for j in chosen
        ],
    }


def _influence(whole: Any) -> list[dict[str, Any]]:
    """For each explainer, the features that move most without it, among the first ten."""
    table = whole.influence()
    shown = display_names(whole.feature_names, width=NAME_WIDTH)
    names = dict(zip(whole.feature_names, shown, strict=True))
    found = []
    for name in whole.components:
        part = table[(table["without"] == name) & (table["change"] != 0)]
        part = part[part[["rank", "rank_without"]].min(axis=1) <= 10].head(N_FEATURES)
        moves = [
            {"name": names[row["feature"]], "rank": row["rank"], "without": row["rank_without"]}
            for row in part.to_dict("records")
        ]
        is_known = name in whole.reliability.without
        found.append({"name": display_name(name), "moves": moves, "is_known": is_known})
    return found
