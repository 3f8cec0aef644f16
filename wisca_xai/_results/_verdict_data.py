"""Sentences on the data: correlated features, and rows outside the background."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import betabinom

from wisca_xai._results._explanation import Explanation
from wisca_xai._results._reliability import CORRELATED
from wisca_xai._results._verdict_facts import FIRST, Facts, Sentence, counted, listed

MANY_OUTSIDE = 0.05  # share of rows outside the background that is reported
DEVIATIONS = 3  # number of standard deviations by which it must exceed what chance gives
BY_CHANCE = 0.01  # chance of an alarm about the rows outside in single features
MIN_ROWS = 20  # smallest number of rows of which a few may carry too much
FEW = 0.02  # share of rows that counts as few; at least one
DOMINATES = 0.5  # share of a feature's importance that few rows must not carry unsaid
MATTERS = 0.1  # smallest importance, as a share of the largest, that is looked at
MOST_GROUPS = 3  # largest number of groups of correlated features that are named


def of_data(facts: Facts) -> Iterator[Sentence]:
    """Say what in the data makes a result less reliable."""
    if not facts.is_constant:
        yield from _correlated(facts)
    yield from _few_rows(facts)
    yield from _outside(facts)


def _few_rows(facts: Facts) -> Iterator[Sentence]:
    """Say that very few rows carry most of the importance of a feature that matters."""
    if facts.n_samples < MIN_ROWS or facts.is_constant:
        return
    sizes = facts.ranking.set_index("feature")["importance"].abs()
    matter = set(sizes.index[sizes >= MATTERS * sizes.max()])
    found = [
        (*_fewest(part, position), feature, name)
        for name, part in facts.components.items()
        if part.scope == "local"
        for position, feature in enumerate(part.feature_names)
        if feature in matter
    ]
    few = [one for one in found if len(one[1]) <= max(1, FEW * facts.n_samples)]
    if not few:
        return
    share, rows, feature, name = max(few, key=lambda one: one[0])
    carry = counted(len(rows), facts.n_samples, "rows carry")
    yield Sentence(
        "few_rows_dominate",
        "caution",
        f"{carry} {share:.0%} of the importance of {listed([feature])} by {listed([name])}: "
        f"{listed(rows)}. Look at the values there, and explain the other rows without them before "
        "you read the ranking as that of all rows.",
    )


def _fewest(part: Explanation, position: int) -> tuple[float, list[object]]:
    """The share of a feature's importance in the fewest rows with half of it, and their labels."""
    size = (
        np.abs(np.moveaxis(part.values, 1, 0)[position]).reshape(len(part.values), -1).sum(axis=1)
    )
    order = np.argsort(-size, kind="stable")
    shares = np.cumsum(size[order]) / max(float(size.sum()), np.finfo(float).tiny)
    n = 1 + int(np.searchsorted(shares, DOMINATES))
    index = range(len(size)) if part.index is None else part.index
    return float(shares[min(n, len(size)) - 1]), [index[i] for i in order[:n]]


def _correlated(facts: Facts) -> Iterator[Sentence]:
    first = set(facts.important()["feature"].head(FIRST))
    groups = [listed(group) for group in facts.reliability.correlated if first & set(group)]
    if groups:
        yield Sentence(
            "correlated",
            "caution",
            f"{'; '.join(groups[:MOST_GROUPS])} have rank correlations of {CORRELATED} or more, so "
            "explainers split their importance in different ways. Read such features as one, or "
            "keep only one of them.",
        )


def _outside(facts: Facts) -> Iterator[Sentence]:
    n_outside, n_samples = int((facts.reliability.outside > 0).sum()), facts.n_samples
    if n_outside <= MANY_OUTSIDE * n_samples or n_outside == 1 < n_samples:
        return
    if not _is_unusual(facts, n_outside):
        return
    found = f"{counted(n_outside, n_samples, 'rows lie')} outside the range of the background"
    growing = _growing(facts)
    if growing:
        yield Sentence(
            "extrapolation_in_time",
            "caution",
            f"{found}, mostly because of {listed(growing)}, so the model extrapolates. A column "
            "that grows with time does this in every forecast, because no background holds future "
            "values. Replace it by differences, lags, or parts of the calendar.",
        )
        return
    counts, flat = facts.reliability.outside_features, facts.reliability.flat
    most = ""
    if counts is not None:
        first = int(counts.argmax())
        most = f", most often in {listed([_name(facts, first)])}"
        if flat is not None and flat[first]:
            most += ", which has one value, or none, in the whole background"
    yield Sentence(
        "outside_background",
        "caution",
        f"{found}{most}, so the model extrapolates there, and explainers compare with unlike rows. "
        "Add rows like them to the background, or leave them out.",
    )


def _is_unusual(facts: Facts, n_outside: int) -> bool:
    """Whether more rows lie outside the background than chance gives with so many features.

    A new row is below or above all n others in one feature with a chance of 2 / (n + 1). With many
    features, most rows are outside in one of them although they are like the background.
    """
    n, d, n_background = facts.n_samples, len(facts.ranking), facts.n_background
    if n_background is None or n_background < 2:
        return n_background is None
    chance = 1 - (1 - 2 / (n_background + 1)) ** d
    if n_outside > n * chance + DEVIATIONS * np.sqrt(n * chance * (1 - chance)):
        return True
    counts = facts.reliability.outside_features
    # Of new rows from the same distribution, so many are outside in one feature.
    usual = betabinom.isf(BY_CHANCE / d, n, 2, n_background - 1)
    return counts is not None and bool((counts > max(usual, MANY_OUTSIDE * n)).any())


def _growing(facts: Facts) -> list[str]:
    """Columns of numbers or dates that alone put more than half of the rows outside."""
    counts = facts.reliability.outside_features
    if counts is None or facts.n_samples < 2:
        return []
    places = np.flatnonzero(2 * counts > facts.n_samples).tolist()
    flat = facts.reliability.flat
    places = [j for j in places if flat is None or not flat[j]]
    return [_name(facts, j) for j in places if j not in facts.levels]


def _name(facts: Facts, position: int) -> str:
    return facts.feature_names[position]
