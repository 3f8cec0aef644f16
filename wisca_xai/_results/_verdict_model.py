"""Sentences on the model: its skill on these rows and on those of fit, and rare classes."""

from collections.abc import Iterator

import numpy as np

from wisca_xai._results._verdict_facts import Facts, Sentence, counted, shown

LOW_SKILL = 0.05  # R2 or Brier skill below which the model is no better than a constant
LOW_AUC = 0.6  # AUC below which the order of the predictions is no better than chance
OVERFIT_GAP = 0.2  # difference of the skills on rows of fit and on these rows
OVERFIT_SHARE = 0.5  # share of the skill on rows of fit that must be left on these rows
RARE = 0.1  # largest share of a rare class
FEW_ROWS = 20  # with fewer rows the skill is mostly chance


def of_model(facts: Facts) -> Iterator[Sentence]:
    """Say how far the model itself can be trusted."""
    is_from_fit = 2 * facts.reliability.n_from_fit > facts.n_samples
    if facts.reliability.with_y is False:
        yield Sentence(
            "skill_unknown",
            "info",
            "It is not known how well the model predicts these rows, because y was not passed. "
            "Pass it to `explain`, since a bad model is explained as faithfully as a good one.",
        )
    yield from _skill(facts, is_from_fit)
    if is_from_fit:
        yield _rows_of_fit(facts)
    elif 2 * (facts.reliability.outside > 0).sum() <= facts.n_samples:
        # A model that extrapolates is worse on these rows for that reason.
        yield from _overfit(facts)
    yield from _rare(facts)


def _skill(facts: Facts, is_from_fit: bool) -> Iterator[Sentence]:
    skill, auc = facts.reliability.skill, facts.reliability.auc
    if np.isnan(skill) and np.isnan(auc):
        if facts.reliability.with_y:
            yield Sentence(
                "skill_unknown",
                "info",
                "It is not known how well the model predicts these rows: y cannot be compared with "
                "its output, for example because it has other labels than the model, or only one. "
                "Check y.",
            )
        return
    is_judged = facts.n_samples >= FEW_ROWS
    if is_judged and not (skill >= LOW_SKILL or auc >= LOW_AUC):
        yield _no_skill(facts)
    elif is_judged and skill < 0:
        yield Sentence(
            "miscalibrated",
            "caution",
            f"The model ranks rows well (AUC {auc:.2f}), but its probabilities are worse than the "
            f"shares of the classes (Brier skill {skill:.2f}). Effects on the probability are then "
            "too large or too small. Calibrate the model, for example by CalibratedClassifierCV.",
        )
    elif not is_from_fit:  # Otherwise `rows_of_fit` gives the numbers.
        few = "" if is_judged else " These are too few rows to judge it."
        text = f"On these rows the model has {_scores(facts)}{_of(facts)}.{few}"
        yield Sentence("skill", "info", text)


def _no_skill(facts: Facts) -> Sentence:
    skill, scores = facts.reliability.skill, _scores(facts)
    constant = "the shares of the classes do" if _has_classes(facts) else "a constant does"
    word = "worse" if skill < 0 else "hardly better"
    text = f"On these rows the model predicts {word} than {constant} ({scores})."
    if np.isnan(skill):
        text = f"On these rows the model orders the classes no better than chance ({scores})."
    return Sentence(
        "no_skill",
        "serious",
        f"{text} Its explanation is true of the model, but says nothing about reality. Improve the "
        "model first.",
    )


def _overfit(facts: Facts) -> Iterator[Sentence]:
    skill, of_fit = facts.reliability.skill, facts.reliability.skill_of_fit
    if facts.n_samples < FEW_ROWS or np.isnan(skill) or np.isnan(of_fit):
        return
    if of_fit - skill > OVERFIT_GAP and skill < OVERFIT_SHARE * of_fit:
        yield Sentence(
            "overfit",
            "serious",
            f"The model has learned noise: its {_measure(facts)} is {of_fit:.2f} on rows of fit, "
            f"but {skill:.2f} on these rows. The explanation shows this noise as effects. Fit a "
            "simpler model, or find the features above its noise with `n_refits=30`.",
        )


def _rows_of_fit(facts: Facts) -> Sentence:
    scores = _scores(facts)
    return Sentence(
        "rows_of_fit",
        "caution",
        f"{counted(facts.reliability.n_from_fit, facts.n_samples, 'rows occur')} in the table "
        "passed to `fit`. If the model has learned from it, its skill on these rows"
        f"{f' ({scores})' if scores else ''} and this ranking may not hold for others. Explain "
        "rows that the model has not seen.",
    )


def _rare(facts: Facts) -> Iterator[Sentence]:
    found, targets = facts.reliability, facts.targets
    if targets is None or not found.prevalence <= RARE:
        return
    _, first, counts = np.unique(targets.astype(str), return_index=True, return_counts=True)
    frequent, n_rows = targets[first[counts.argmax()]], int(counts.max())
    if 2 * n_rows <= len(targets) or frequent == found.rarest_class:
        return
    rare = "a rare class"
    if found.rarest_class is not None:
        rare = f"class {shown(found.rarest_class)}"
    yield Sentence(
        "rare_events",
        "caution",
        f"Only {found.prevalence:.0%} of these rows are of {rare}, and "
        f"{counted(n_rows, len(targets), 'rows explain')} class {shown(frequent)}. So the ranking "
        f"is mostly that of rows of the frequent class. Explain more rows of {rare}, and pass it "
        "as `target`, so that all signs speak for or against it.",
    )


def _has_classes(facts: Facts) -> bool:
    return facts.targets is not None or not np.isnan(facts.reliability.prevalence)


def _measure(facts: Facts) -> str:
    if not _has_classes(facts):
        return "R2"
    # Files of format 2.0 hold another skill of classifiers, and no prevalence.
    return "skill" if np.isnan(facts.reliability.prevalence) else "Brier skill"


def _scores(facts: Facts) -> str:
    """The scores that are known: "R2 0.53", or "Brier skill 0.31 and AUC 0.80"."""
    skill, auc = facts.reliability.skill, facts.reliability.auc
    known = [] if np.isnan(skill) else [f"{_measure(facts)} {skill:.2f}"]
    known += [] if np.isnan(auc) else [f"AUC {auc:.2f}"]
    return " and ".join(known)


def _of(facts: Facts) -> str:
    of_fit = facts.reliability.skill_of_fit
    return "" if np.isnan(of_fit) else f"; on rows of fit, {_measure(facts)} {of_fit:.2f}"
