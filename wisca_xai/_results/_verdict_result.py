"""Sentences on the result: agreement, the first features, and what is above noise."""

from collections.abc import Iterator

from wisca_xai._results._verdict_facts import CLOSE, FAIR, FIRST, Facts, Sentence, listed

LEAST_REFITS = 19  # with fewer, no p-value of refits can be 0.05
NOTHING = "There is nothing to compare: "


def of_result(facts: Facts) -> Iterator[Sentence]:
    """Say what the consensus is; a constant output has no ranking."""
    if facts.is_constant:
        yield Sentence(
            "constant_output",
            "serious",
            "No feature has any importance: the explained output stays the same whatever the "
            "features are. There is no ranking. Check the model, and the output that is explained.",
        )
        return
    yield _agreement(facts)
    yield from _first(facts)
    yield from _order(facts)
    yield from _noise(facts)


def _agreement(facts: Facts) -> Sentence:
    known = facts.pairs["agreement"].dropna()
    if len(facts.ranking) == 1:
        return Sentence("single_feature", "info", f"{NOTHING}there is only one feature.")
    if known.empty:
        return Sentence(
            "single_explainer",
            "caution",
            f"{NOTHING}fewer than two explainers give a ranking, so no other explainer confirms "
            "it. Add one of another kind.",
        )
    mean, low, high = facts.mean_agreement(), f"{known.min():.2f}", f"{known.max():.2f}"
    range_ = low if low == high else f"{mean:.2f} on average, from {low} to {high}"
    if facts.is_contradictory:
        return Sentence(
            "explainers_conflict",
            "serious",
            f"The explainers contradict each other: their agreement is {range_} (1 is the same "
            "order, -1 the opposite). The consensus is then a compromise that no explainer "
            "supports. Compare them in `ranks()`, and do not report a single order.",
        )
    scale = f"their agreement is {range_} (1 is the same order of the features that matter)"
    if mean >= CLOSE:
        text = f"The explainers agree closely: {scale}."
    elif mean >= FAIR:
        text = f"The explainers mostly agree: {scale}."
    else:
        text = (
            f"The explainers agree only in part: {scale}. Rely on the pairs of features in "
            "`partial_order()`, which all explainers put in the same order."
        )
    return Sentence("agreement", "info", text)


def _first(facts: Facts) -> Iterator[Sentence]:
    important = facts.important()
    if important.empty:
        yield Sentence(
            "no_order", "info", "No feature stands out: the explainers rate all features equally."
        )
        return
    names = important["feature"].head(FIRST).tolist()
    yield Sentence("most_important", "info", f"Most important: {listed(names)}.")


def _order(facts: Facts) -> Iterator[Sentence]:
    important = facts.important()
    if len(important) < 2 or facts.ranking["worst_rank"].isna().any():
        return
    names, can_be_first = important["feature"].tolist(), (important["best_rank"] <= 1).tolist()
    rivals = [name for name, is_rival in zip(names[1:], can_be_first[1:], strict=True) if is_rival]
    if not rivals:
        return
    yield Sentence(
        "order_undecided",
        "info",
        f"It is not certain whether {listed([names[0], *rivals], 'or')} comes first: the rows and "
        "the explainers leave it open. Report them together.",
    )


def _noise(facts: Facts) -> Iterator[Sentence]:
    known, n_features = facts.ranking["above_noise"].dropna(), len(facts.ranking)
    if known.empty or n_features == 1:
        return
    above = int(known.astype(bool).sum())
    other = "to shuffled columns"
    if facts.reliability.refit_p_values is not None:
        other = "refitted models react to shuffled columns"
    if above == 0 and 0 < facts.n_refits < LEAST_REFITS:
        yield Sentence(
            "noise",
            "caution",
            f"{facts.n_refits} refits are too few to call any feature above the model's noise. Use "
            "`n_refits=30`.",
        )
        return
    if above == 0:
        yield Sentence(
            "noise",
            "caution",
            f"The model reacts to no feature more than {other}, so the ranking may be random. "
            "Explain more rows, or give the explainers more samples.",
        )
        return
    number = f"all {n_features}" if above == n_features else f"{above} of {n_features}"
    yield Sentence(
        "noise",
        "info",
        f"The model reacts to {number} features more than {other}. This describes the model and "
        "says nothing about reality.",
    )
