"""The verdict: in plain sentences, how far the explainers agree, why not, and what to do next."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from wisca_xai._results._explanation import Explanation
from wisca_xai._results._reliability import CORRELATED, Reliability
from wisca_xai._text import display_name

CLOSE, FAIR = 0.8, 0.5  # mean rank correlation from which explainers agree closely, in the main
POOR_FIT = 0.5  # R2 of LIME below which its line misses most of what the model does nearby
LARGE_ERROR = 0.1  # Monte-Carlo error, as a share of the row's largest attribution
HARDLY_BETTER = 0.1  # skill of a model that a constant nearly matches
MOVED = 2  # ranks by which an explainer has to move one of the first features to be named
FIRST = 5  # features that are looked at


def write_verdict(
    ranking: pd.DataFrame,
    pairs: pd.DataFrame,
    influence: pd.DataFrame,
    components: Mapping[str, Explanation],
    failures: Mapping[str, str],
    reliability: Reliability,
) -> str:
    """Sentences, one per line: the result, then what weakens it, each with what to do.

    Parameters
    ----------
    ranking, pairs, influence : DataFrame
        As from the methods of `ConsensusExplanation`; `pairs` are those of `agreement`.
    components, failures, reliability
        As in `ConsensusExplanation`.
    """
    return "\n".join(
        [
            *_agreement(pairs),
            *_first(ranking),
            *_above_noise(ranking),
            *_outliers(pairs),
            *_moved(influence),
            *_model(reliability),
            *_data(reliability, ranking),
            *_estimates(components),
            *(f"{name} failed ({reason}), and takes no part." for name, reason in failures.items()),
        ]
    )


def _agreement(pairs: pd.DataFrame) -> Iterator[str]:
    known = pairs["rank_correlation"].dropna()
    if known.empty:
        yield "There is nothing to compare: fewer than two explainers tell features apart."
        return
    mean = known.mean()
    word = "contradict each other"
    if mean >= FAIR:
        word = "agree closely" if mean >= CLOSE else "agree in the main"
    yield (
        f"The explainers {word}: their rankings correlate by {mean:.2f} on average, from "
        f"{known.min():.2f} to {known.max():.2f}."
    )


def _first(ranking: pd.DataFrame) -> Iterator[str]:
    names = [display_name(str(name)) for name in ranking["feature"]]
    if len(names) == 1:
        yield f"Most important: {names[0]}."  # though scaling gives it 0
        return
    if ranking["importance"].abs().max() == 0:
        yield "No feature has any importance: the explained output does not change."
        return
    yield f"Most important: {_listed(names[:FIRST])}."
    if ranking["worst_rank"].isna().any():
        return
    rivals = [
        name
        for name, best in zip(names[1:], ranking["best_rank"].to_numpy()[1:], strict=True)
        if best <= 1
    ]
    if rivals:
        yield (
            f"These rows do not tell whether {names[0]} or {_listed(rivals, 'or')} comes first: "
            "explain more rows."
        )


def _above_noise(ranking: pd.DataFrame) -> Iterator[str]:
    known = ranking["above_noise"].dropna()
    if known.empty or len(ranking) == 1:
        return
    above = int(known.astype(bool).sum())
    if above == len(ranking):
        yield "Every feature stands above what explainers give to columns without meaning."
    elif above == 0:
        yield "No feature stands above what explainers give to columns without meaning."
    else:
        yield (
            f"{above} of {len(ranking)} features {_verb(above, 'stand')} above what explainers "
            "give to columns without meaning; read nothing into the others."
        )


def _outliers(pairs: pd.DataFrame) -> Iterator[str]:
    """The explainer that stands apart from the others, if there is one."""
    known = pairs.dropna(subset=["rank_correlation"])
    names = sorted({*known["first"], *known["second"]})
    if len(names) < 3:
        return
    means = {
        name: known.loc[(known[["first", "second"]] == name).any(axis=1), "rank_correlation"].mean()
        for name in names
    }
    lowest = min(names, key=lambda name: means[name])
    others = known.loc[(known[["first", "second"]] != lowest).all(axis=1), "rank_correlation"]
    if others.mean() - means[lowest] >= 0.2:
        yield (
            f"{lowest} stands apart: it correlates by {means[lowest]:.2f} with the others, which "
            f"correlate by {others.mean():.2f} among themselves."
        )


def _moved(influence: pd.DataFrame) -> Iterator[str]:
    first = influence[influence["rank"] <= FIRST]
    for name, moved in first.groupby("without", sort=False):
        strongest = moved.iloc[int(np.argmax(moved["change"].abs()))]
        if abs(strongest["change"]) >= MOVED:
            feature = display_name(str(strongest["feature"]))
            yield (
                f"Without {name}, {feature} moves from {strongest['rank']} to "
                f"{strongest['rank_without']}."
            )


def _model(reliability: Reliability) -> Iterator[str]:
    if reliability.skill < HARDLY_BETTER:
        yield (
            "On these rows the model is hardly better than a constant (skill "
            f"{reliability.skill:.2f}): this explains the model, and says nothing about the world."
        )


def _data(reliability: Reliability, ranking: pd.DataFrame) -> Iterator[str]:
    first = set(ranking["feature"].head(FIRST))
    for group in reliability.correlated:
        if first & set(group):
            names = [display_name(str(name)) for name in group]
            shown = _listed(names) if len(names) <= 6 else f"{_listed(names[:5], ',')} and others"
            yield (
                f"{shown} correlate by {CORRELATED} or more: explainers share out their importance "
                "in different ways. Read them as one, or keep one of them."
            )
    n_outside, n_samples = int((reliability.outside > 0).sum()), len(reliability.outside)
    if n_outside:
        yield (
            f"{n_outside} of {n_samples} rows {_verb(n_outside, 'lie')} outside the range of the "
            "background in some feature, where the model extrapolates: add such rows to the "
            "reference data."
        )


def _estimates(components: Mapping[str, Explanation]) -> Iterator[str]:
    for name, component in components.items():
        r2 = component.diagnostics.get("r2")
        if r2 is not None and r2.size and np.nanmedian(r2) < POOR_FIT:
            yield (
                f"{name} fits the model poorly around these rows (median R2 {np.nanmedian(r2):.2f}"
                "): it misses more than half of what the output does there. Trust it less."
            )
        errors = component.standard_errors
        if component.family == "shapley" and errors is not None and len(errors):
            largest = np.abs(component.values).max(axis=1)
            typical = errors.mean(axis=1)
            share = float(np.median(typical / np.where(largest > 0, largest, np.inf)))
            if share > LARGE_ERROR:
                yield (
                    f"{name} has not converged: its errors are {share:.0%} of the largest "
                    "attributions. Raise `background_size`, or set `tol` of ShapExplainer."
                )


def _verb(number: int, plural: str) -> str:
    return f"{plural}s" if number == 1 else plural


def _listed(names: list[str], last: str = "and") -> str:
    if len(names) == 1 or last == ",":
        return ", ".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
