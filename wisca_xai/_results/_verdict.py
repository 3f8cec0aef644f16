"""The verdict: at most six plain sentences on a consensus, the most serious first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from wisca_xai._results._verdict_data import of_data
from wisca_xai._results._verdict_facts import Facts, Sentence
from wisca_xai._results._verdict_model import of_model
from wisca_xai._results._verdict_panel import of_panel
from wisca_xai._results._verdict_result import of_result
from wisca_xai._results._views import view
from wisca_xai._text import short_text

MOST_SENTENCES = 6  # more are not read
SEVERITIES = ("serious", "caution", "info")
RESULT = ("agreement", "most_important")  # they always keep their places
# All codes; sentences of the same severity come in this order. docs/method.md describes them.
CODES = (
    "constant_output",
    "no_skill",
    "overfit",
    "explainers_conflict",
    "signs_conflict",
    "agreement",
    "most_important",
    "skill",
    "skill_unknown",
    "explainer_failed",
    "few_rows_dominate",
    "rows_of_fit",
    "rare_events",
    "miscalibrated",
    "extrapolation_in_time",
    "outside_background",
    "not_converged",
    "explainer_apart",
    "moved_without",
    "single_explainer",
    "noise",
    "order_undecided",
    "correlated",
    "no_order",
    "single_feature",
    "poor_local_fit",
)


@dataclass(frozen=True, repr=False)
class Verdict:
    """What speaks for and against a consensus, in at most six sentences.

    ``print(verdict)`` shows one sentence per line, the most serious first. Iterating gives the
    sentences. ``"text" in verdict`` searches the printed text.

    Attributes
    ----------
    sentences : tuple of Sentence
        Each has a `code`, a `severity` ("serious", "caution" or "info") and a `text`. The codes
        are stable; docs/method.md lists them.
    rest : tuple of Sentence
        Less serious sentences, which are not printed.
    """

    sentences: tuple[Sentence, ...]
    rest: tuple[Sentence, ...] = ()

    @property
    def omitted(self) -> int:
        """Number of less serious sentences that were left out."""
        return len(self.rest)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the sentences, for programs."""
        return tuple(sentence.code for sentence in self.sentences)

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self.sentences)

    def __len__(self) -> int:
        return len(self.sentences)

    def __contains__(self, item: object) -> bool:
        return item in str(self) if isinstance(item, str) else item in self.sentences

    def __str__(self) -> str:
        return "\n".join(sentence.text for sentence in self.sentences)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(view("fragment")(self))


def verdict_of(whole: Any) -> Verdict:
    """The verdict on a `ConsensusExplanation`."""
    is_per_row = whole.targets is not None and whole.values.ndim < 3
    return write_verdict(
        Facts(
            ranking=whole.ranking(),
            pairs=whole.agreement(),
            influence=whole.influence(),
            components=whole.components,
            failures=whole.failures,
            votes=whole.votes,
            reliability=whole.reliability,
            feature_names=whole.feature_names,
            levels=whole.levels,
            targets=whole.targets if is_per_row else None,
            n_background=whole.receipt.settings.get("n_background"),
            n_refits=whole.receipt.settings.get("n_refits", 0),
        )
    )


def write_verdict(facts: Facts) -> Verdict:
    """Write all sentences that hold, and keep the most serious ones."""
    return _chosen([*of_result(facts), *of_model(facts), *of_panel(facts), *of_data(facts)])


def _chosen(sentences: Iterable[Sentence]) -> Verdict:
    ordered = sorted(
        sentences, key=lambda one: (SEVERITIES.index(one.severity), CODES.index(one.code))
    )
    n_result = sum(one.code in RESULT for one in ordered)
    others = [one for one in ordered if one.code not in RESULT][: MOST_SENTENCES - n_result]
    shown = [replace(one, text=short_text(one.text)) for one in ordered]
    is_kept = [one.code in RESULT or one in others for one in ordered]
    kept = tuple(one for one, keep in zip(shown, is_kept, strict=True) if keep)
    return Verdict(kept, tuple(one for one in shown if one not in kept))
