"""What the verdict is written from, and the words that its sentences share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from wisca_xai._results._explanation import Explanation
from wisca_xai._results._reliability import Reliability
from wisca_xai._results._stack import unused_features
from wisca_xai._text import display_name, display_names
from wisca_xai._typing import LabelVector

Severity = Literal["serious", "caution", "info"]

CLOSE = 0.8  # smallest mean agreement that is called close
FAIR = 0.5  # smallest mean agreement that is called agreement
CONFLICT = 0.2  # mean agreement below which explainers contradict each other; unrelated: -0.2 to 0
APART = 0.3  # gap in mean agreement from which an explainer counts as an outlier
MOVED_SHARES = 0.2  # share of the effect that an explainer apart gives to other features
FIRST = 5  # number of top-ranked features that the verdict looks at
MOST_NAMES = 6  # largest number of names in a list


@dataclass(frozen=True)
class Sentence:
    """One statement of a verdict.

    Attributes
    ----------
    code : str
        What it states, for programs. The codes are stable and listed in docs/method.md.
    severity : {"serious", "caution", "info"}
        "serious": do not use the result before this is settled. "caution": it limits the result.
        "info": it describes the result.
    text : str
        The statement in plain words. They may change.
    """

    code: str
    severity: Severity
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Facts:
    """What is known of a consensus.

    Attributes
    ----------
    ranking, pairs, influence : DataFrame
        As returned by `ConsensusExplanation.ranking`, `agreement` and `influence`.
    components, failures, votes, reliability, feature_names, levels
        As in `ConsensusExplanation`.
    targets : ndarray of shape (n_samples,), or None
        Class that is explained in each row. None without classes, or if all are explained.
    n_background : int or None
        Number of rows of the background, if it is known.
    n_refits : int
        Number of refits.
    """

    ranking: pd.DataFrame
    pairs: pd.DataFrame
    influence: pd.DataFrame
    components: Mapping[str, Explanation]
    failures: Mapping[str, str]
    votes: Mapping[str, float]
    reliability: Reliability
    feature_names: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    targets: LabelVector | None = None
    n_background: int | None = None
    n_refits: int = 0

    @property
    def n_samples(self) -> int:
        """Number of explained rows."""
        return len(self.reliability.outside)

    @property
    def is_constant(self) -> bool:
        """Whether no feature ever changed the output, or every explainer gives only zeros."""
        parts = self.components
        return bool(parts) and bool(
            unused_features(parts).all() or not any(part.values.any() for part in parts.values())
        )

    @property
    def is_contradictory(self) -> bool:
        """Whether the explainers contradict each other, and not only one of them the others."""
        return self.mean_agreement() < CONFLICT and self.apart() is None

    def mean_agreement(self) -> float:
        """Mean agreement of the pairs, rounded as it is shown; NaN if there is no pair."""
        return round(float(self.pairs["agreement"].mean()), 2)

    def apart(self) -> str | None:
        """The explainer that disagrees with all others, which agree, if there is one."""
        known = self.pairs.dropna(subset=["agreement"])
        names = sorted({*known["first"], *known["second"]})
        if len(names) < 3:
            return None
        lowest = min(names, key=lambda name: self.mean_agreements(name)[0])
        own, others = self.mean_agreements(lowest)
        is_apart = own < FAIR <= others and others - own >= APART
        return lowest if is_apart and self._moved_shares(lowest) >= MOVED_SHARES else None

    def _moved_shares(self, name: str) -> float:
        """How much of the whole effect an explainer gives to other features than the others do.

        1 if the explainer gives only zeros, or is not among the components.
        """
        parts = {n: c.mean_magnitude() for n, c in self.components.items()}
        shares = {n: size / size.sum() for n, size in parts.items() if size.sum() > 0}
        if name not in shares or len(shares) < 2:
            return 1.0
        rest = np.mean([share for n, share in shares.items() if n != name], axis=0)
        return float(np.abs(shares[name] - rest).sum() / 2)

    def mean_agreements(self, name: str) -> tuple[float, float]:
        """Mean agreement of the pairs with an explainer, and of those without it."""
        has_it = (self.pairs[["first", "second"]] == name).any(axis=1)
        agreement = self.pairs["agreement"]
        return float(agreement[has_it].mean()), float(agreement[~has_it].mean())

    def important(self) -> pd.DataFrame:
        """Rows of the ranking with an importance other than 0, without those of mere noise.

        If no feature is above noise, all are shown, and `noise` says so.
        """
        found = self.ranking[self.ranking["importance"] != 0]
        above = found[found["above_noise"].map(lambda is_above: is_above is not False)]
        return found if above.empty else above


def shown(name: object) -> str:
    """A name of a feature, an explainer or a class, safe and not too long."""
    return str(display_name(str(name)))


def listed(names: Sequence[object], last: str = "and") -> str:
    """Names as a list: "a", "a and b", "a, b and c"; of many the first ones "and others"."""
    texts: list[str] = display_names(map(str, names))
    if len(texts) > MOST_NAMES:
        texts = [*texts[: MOST_NAMES - 1], "others"]
    if len(texts) == 1:
        return texts[0]
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def counted(number: int, of: int, what: str) -> str:
    """A count of rows or features with the right verb: "1 of 9 rows lies", "2 of 9 rows lie"."""
    noun, verb = what.split(" ", 1)
    if number == 1:
        verb = f"{verb[:-1]}ies" if verb.endswith("ry") else f"{verb}s"
    return f"{number} of {of} {noun} {verb}"
