"""The verdict: plain sentences on how far the explainers agree, why not, and what to do next."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from wisca_xai._results._explanation import Explanation
from wisca_xai._results._reliability import CORRELATED, Reliability
from wisca_xai._text import display_name

CLOSE = 0.8  # smallest mean agreement that counts as close agreement
FAIR = 0.5  # smallest mean agreement that counts as agreement at all
APART = 0.2  # gap in mean agreement from which an explainer counts as an outlier
POOR_FIT = 0.5  # local R2 of LIME below which its fit counts as poor
LARGE_ERROR = 0.1  # largest accepted Monte-Carlo error, as a share of a row's largest attribution
LOW_SKILL = 0.1  # skill below which the model is hardly better than a constant
MOVED = 2  # smallest change of rank that is reported
FIRST = 5  # number of top-ranked features that the verdict looks at


def write_verdict(
    ranking: pd.DataFrame,
    pairs: pd.DataFrame,
    influence: pd.DataFrame,
    components: Mapping[str, Explanation],
    failures: Mapping[str, str],
    reliability: Reliability,
) -> str:
    """Write one sentence per line: first the result, then what weakens it and what to do about it.

    Parameters
    ----------
    ranking, pairs, influence : DataFrame
        As returned by `ConsensusExplanation.ranking`, `agreement` and `influence`.
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
            *_failed(failures),
        ]
    )


def _agreement(pairs: pd.DataFrame) -> Iterator[str]:
    known = pairs["agreement"].dropna()
    if known.empty:
        yield "There is nothing to compare: fewer than two explainers give a ranking."
        return
    mean = known.mean()
    word = "contradict each other"
    if mean >= FAIR:
        word = "agree closely" if mean >= CLOSE else "mostly agree"
    yield (
        f"The explainers {word}: the agreement between two of them is {mean:.2f} on average, from "
        f"{known.min():.2f} to {known.max():.2f}."
    )


def _first(ranking: pd.DataFrame) -> Iterator[str]:
    names = [display_name(str(name)) for name in ranking["feature"]]
    if len(names) == 1:
        # Scaling gives a single feature the importance 0, so the check below does not apply.
        yield f"Most important: {names[0]}."
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
            f"These rows do not show whether {names[0]} or {_listed(rivals, 'or')} comes first. "
            "Explain more rows."
        )


def _above_noise(ranking: pd.DataFrame) -> Iterator[str]:
    known = ranking["above_noise"].dropna()
    if known.empty or len(ranking) == 1:
        return
    above = int(known.astype(bool).sum())
    if above == len(ranking):
        yield "Every feature scores higher than shuffled columns do."
    elif above == 0:
        yield "No feature scores higher than shuffled columns do."
    else:
        yield (
            f"{above} of {len(ranking)} features {_verb(above, 'score')} higher than shuffled "
            "columns do. Treat the others as noise."
        )


def _outliers(pairs: pd.DataFrame) -> Iterator[str]:
    """Name the explainer that disagrees with all others, if there is one."""
    known = pairs.dropna(subset=["agreement"])
    names = sorted({*known["first"], *known["second"]})
    if len(names) < 3:
        return
    means = {
        name: known.loc[(known[["first", "second"]] == name).any(axis=1), "agreement"].mean()
        for name in names
    }
    lowest = min(names, key=lambda name: means[name])
    others = known.loc[(known[["first", "second"]] != lowest).all(axis=1), "agreement"]
    if others.mean() - means[lowest] >= APART:
        yield (
            f"{lowest} disagrees with the other explainers: its mean agreement with them is "
            f"{means[lowest]:.2f}, and theirs with each other is {others.mean():.2f}."
        )


def _moved(influence: pd.DataFrame) -> Iterator[str]:
    first = influence[influence["rank"] <= FIRST]
    for name, moved in first.groupby("without", sort=False):
        strongest = moved.iloc[int(np.argmax(moved["change"].abs()))]
        if abs(strongest["change"]) >= MOVED:
            feature = display_name(str(strongest["feature"]))
            yield (
                f"Without {name}, {feature} moves from rank {strongest['rank']} to rank "
                f"{strongest['rank_without']}."
            )


def _model(reliability: Reliability) -> Iterator[str]:
    if reliability.skill < LOW_SKILL:
        yield (
            "On these rows the model is hardly better than a constant (skill "
            f"{reliability.skill:.2f}). This explains the model, but says nothing about reality."
        )


def _data(reliability: Reliability, ranking: pd.DataFrame) -> Iterator[str]:
    first = set(ranking["feature"].head(FIRST))
    for group in reliability.correlated:
        if first & set(group):
            names = [display_name(str(name)) for name in group]
            shown = _listed(names) if len(names) <= 6 else f"{_listed(names[:5], ',')} and others"
            yield (
                f"{shown} have rank correlations of {CORRELATED} or more, so explainers split "
                "their importance in different ways. Treat them as one feature, or keep only one."
            )
    n_outside, n_samples = int((reliability.outside > 0).sum()), len(reliability.outside)
    if n_outside:
        yield (
            f"{n_outside} of {n_samples} rows {_verb(n_outside, 'lie')} outside the range of the "
            "background in at least one feature, so the model extrapolates there. Add such rows to "
            "the background."
        )


def _estimates(components: Mapping[str, Explanation]) -> Iterator[str]:
    for name, component in components.items():
        r2 = component.diagnostics.get("r2")
        if r2 is not None and r2.size and np.nanmedian(r2) < POOR_FIT:
            yield (
                f"{name} fits the model poorly around these rows (median R2 {np.nanmedian(r2):.2f}"
                "): it misses more than half of the output's variation there. Trust it less."
            )
        errors = component.standard_errors
        if component.family == "shapley" and errors is not None and len(errors):
            largest = np.abs(component.values).max(axis=1)
            typical = errors.mean(axis=1)
            share = float(np.median(typical / np.where(largest > 0, largest, np.inf)))
            if share > LARGE_ERROR:
                yield (
                    f"{name} has not converged: its standard errors are {share:.0%} of the largest "
                    "attributions. Raise `background_size` of ShapExplainer, or set its `tol`."
                )


def _failed(failures: Mapping[str, str]) -> Iterator[str]:
    for name, reason in failures.items():
        yield f"{name} failed ({reason}) and is left out of the consensus."


def _verb(number: int, plural: str) -> str:
    return f"{plural}s" if number == 1 else plural


def _listed(names: list[str], last: str = "and") -> str:
    if len(names) == 1 or last == ",":
        return ", ".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
