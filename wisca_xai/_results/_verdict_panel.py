"""Sentences on the panel: explainers that differ, fail, or are not precise."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from wisca_xai._results._verdict_facts import (
    FIRST,
    Facts,
    Sentence,
    shown,
)
from wisca_xai._text import one_line

OPPOSITE = 0.5  # sign agreement below which directions contradict each other
POOR_FIT = 0.5  # local R2 of LIME below which its fit counts as poor
SMALL_VOTE = 0.5  # share of the largest vote below which a vote is small
LARGE_ERROR = 0.1  # largest accepted Monte-Carlo error, as a share of a row's largest attribution
MOVED = 2  # smallest change of rank, and smallest ratio of the two ranks, that is reported
STAYS = "Without it, no feature of large importance moves far"
MATTERS = 0.2  # smallest importance, as a share of the largest, whose rank is looked at


def of_panel(facts: Facts) -> Iterator[Sentence]:
    """Say which explainers stand against the others, failed, or are not precise."""
    if not facts.is_constant:
        yield from _signs(facts)
        apart = facts.apart()
        if apart is not None:
            yield _outlier(facts, apart)
        if not facts.is_contradictory:
            yield from _moved(facts, apart)
        yield from _not_converged(facts)
        yield from _poor_fit(facts)
    yield from _failed(facts)


def _failed(facts: Facts) -> Iterator[Sentence]:
    parts = [
        f"{shown(name)} failed ({one_line(why, width=300)}) and is left out of the consensus"
        for name, why in facts.failures.items()
    ]
    if parts:
        text = f"{'; '.join(parts)}. Remove the cause, and explain again."
        yield Sentence("explainer_failed", "caution", text)


def _signs(facts: Facts) -> Iterator[Sentence]:
    known = facts.pairs.dropna(subset=["sign_agreement"]).sort_values("sign_agreement")
    for _, worst in known[known["sign_agreement"] < OPPOSITE].head(1).iterrows():
        yield Sentence(
            "signs_conflict",
            "serious",
            f"{shown(worst['first'])} and {shown(worst['second'])} give opposite directions to "
            f"{1 - worst['sign_agreement']:.0%} of the effects, large ones counting most. So it is "
            "not known what pushes the output up or down. Do not report directions before you have "
            "compared both in single rows.",
        )


def _outlier(facts: Facts, name: str) -> Sentence:
    own, others = facts.mean_agreements(name)
    move = _strongest_move(facts, [name])
    effect = STAYS if move is None else _as_words(move)
    return Sentence(
        "explainer_apart",
        "caution",
        f"{shown(name)} disagrees with the other explainers: its mean agreement with them is "
        f"{own:.2f}, and theirs with each other is {others:.2f}. {effect}. Ask the model which of "
        "them to follow: `faithfulness_report`.",
    )


def _moved(facts: Facts, apart: str | None) -> Iterator[Sentence]:
    names = [name for name in facts.influence["without"].unique() if name != apart]
    move = _strongest_move(facts, names)
    if move is not None:
        yield Sentence(
            "moved_without",
            "caution",
            f"{_as_words(move)}. So a single explainer decides this rank. Do not rely on it.",
        )


def _strongest_move(facts: Facts, names: list[str]) -> "pd.Series | None":
    """The largest change of the rank of a first feature that matters, without one of `names`."""
    size = facts.ranking["importance"].abs()
    matter = facts.ranking["feature"][size >= MATTERS * size.max()]
    moves = facts.influence
    moves = moves[moves["without"].isin(names) & moves["feature"].isin(matter)]
    ranks = moves[["rank", "rank_without"]]
    is_far = ranks.max(axis=1) >= MOVED * ranks.min(axis=1)
    moves = moves[(moves["rank"] <= FIRST) & (moves["change"].abs() >= MOVED) & is_far]
    return None if moves.empty else moves.iloc[int(np.argmax(moves["change"].abs()))]


def _as_words(move: "pd.Series") -> str:
    return (
        f"Without {shown(move['without'])}, {shown(move['feature'])} moves from rank "
        f"{move['rank']} to rank {move['rank_without']}"
    )


def _not_converged(facts: Facts) -> Iterator[Sentence]:
    for name, component in facts.components.items():
        errors = component.standard_errors
        if component.family != "shapley" or errors is None or not len(errors):
            continue
        largest = np.abs(component.values).max(axis=1)
        typical = errors.mean(axis=1)
        share = float(np.median(typical / np.where(largest > 0, largest, np.inf)))
        if share > LARGE_ERROR:
            yield Sentence(
                "not_converged",
                "caution",
                f"{shown(name)} has not converged: its standard errors are {share:.0%} of the "
                "largest attributions, so small ones are mostly chance. Raise `background_size` of "
                "ShapExplainer, or set its `tol`.",
            )


def _poor_fit(facts: Facts) -> Iterator[Sentence]:
    poor = {}
    for name, component in facts.components.items():
        r2 = component.diagnostics.get("r2")
        if r2 is not None and r2.size and np.nanmedian(r2) < POOR_FIT:
            poor[name] = float(np.nanmedian(r2))
    largest = max(facts.votes.values(), default=0.0)
    for name, median in poor.items():
        vote = facts.votes.get(name, largest)
        is_small = vote < SMALL_VOTE * largest
        small = f" Its vote is small, too ({vote:.2f}; the largest is {largest:.2f})."
        yield Sentence(
            "poor_local_fit",
            "info",
            f"The linear models of {shown(name)} follow less than half of the output's variation "
            f"around these rows (median R2 {median:.2f}). This is common, for example for trees."
            f"{small if is_small else ''} Take its values as rough.",
        )
