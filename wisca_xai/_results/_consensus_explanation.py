"""ConsensusExplanation: the consensus, its components, and how far they agree."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wisca_xai._checks import check_choice, check_count
from wisca_xai._exceptions import InputError
from wisca_xai._ranking import order_of, ranks_of
from wisca_xai._results._agreement import agreement_of, influence_of, row_disagreement_of
from wisca_xai._results._direction import in_words
from wisca_xai._results._explanation import Explanation, frozen_array
from wisca_xai._results._plan import MergePlan
from wisca_xai._results._reliability import Reliability
from wisca_xai._results._storage import storable
from wisca_xai._results._subset import subset
from wisca_xai._results._verdict import Verdict, verdict_of
from wisca_xai._results._views import view
from wisca_xai._results._votes import BY_ROW
from wisca_xai._text import to_shown
from wisca_xai._typing import FloatArray, FloatVector, IntVector, LabelVector
from wisca_xai.consensus import CONSENSUS, ConsensusFunction, PartialOrder, partial_order


@storable(
    "consensus",
    formerly="ConsensusExplanation",
    renamed={"dummies": "null_values", "trust": "reliability"},
    left_out=("function",),
    dropped=("scaled", "value_ranks"),
)
@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ConsensusExplanation(Explanation):
    """What `WISCAExplainer.explain` returns: an `Explanation` whose values are the consensus.

    `values` are dimensionless, in [-1, 1]. If only global methods gave a result, they are the
    importance.

    Attributes
    ----------
    consensus : str
        Name of the consensus function.
    importance : Series of shape (n_features,)
        Global consensus, indexed by feature name. By default the share of the whole effect: 0 or
        more, with sum 1, or all 0 if the output never changes. ``"wisca_signed"``: in [-1, 1].
    wisca : ndarray of shape (n_features,)
        The WISCA score of the paper: the signed sum W divided by the number of methods, in [-1, 1].
    components : mapping of str to Explanation
        Result of each explainer, in its own unit.
    weights : ndarray of shape (n_samples,)
        Weight of each row, in [0, 1].
    failures : mapping of str to str
        Explainers without a result, each with the reason.
    votes : mapping of str to float
        How much each explainer counts in the consensus.
    reliability : Reliability
        What speaks for and against the result: resamples, noise, correlated features, ...
    row_weighting : str
        Source of `weights`: "confidence" (of the model in its class), "residual" (of the
        prediction, given y), "equal" (neither is known), "undecided" (no prediction is more
        confident than chance, so all are 1), "given" (by the user), or "unknown" (old files).
    levels : tuple of int
        Positions of features whose values are categories.
    classes : ndarray of shape (n_classes,), or None
        Classes of the model, in its order.
    directions : ndarray of shape (n_features,) or (n_features, k), or None
        Gini correlation, in [-1, 1], of each feature's attributions with its values: above 0 if a
        higher value pushes the explained output up; if rows explain either of two classes, that of
        the second one (``classes[1]``). One column per class for ``target="all"``. NaN for
        categories and constants. None if rows explain different ones of many classes, or if values
        are not known.
    function : callable or None
        The consensus function; None for a custom one that was loaded from a file.
    """

    consensus: str
    importance: pd.Series
    wisca: FloatVector
    components: Mapping[str, Explanation]
    weights: FloatVector
    failures: Mapping[str, str]
    votes: Mapping[str, float]
    reliability: Reliability
    row_weighting: str = "unknown"
    levels: tuple[int, ...] = ()
    classes: LabelVector | None = None
    directions: FloatArray | None = None
    function: ConsensusFunction | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("wisca", "weights"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        if self.classes is not None:
            object.__setattr__(self, "classes", frozen_array(self.classes, dtype=None))
        if self.directions is not None:
            object.__setattr__(self, "directions", frozen_array(self.directions))
        if self.function is None:
            object.__setattr__(self, "function", CONSENSUS.get(self.consensus))
        if self.data is not None:  # The components explain the same rows.
            shown = {
                name: replace(c, data=self.data) if c.scope == "local" else c
                for name, c in self.components.items()
            }
            object.__setattr__(self, "components", shown)
        object.__setattr__(self, "importance", self.importance.copy())

    def ranking(self, *, k: int = 5, level: float = 0.95) -> pd.DataFrame:
        """Features by the magnitude of their importance, the largest first.

        Parameters
        ----------
        k : int, default=5
            Number of top ranks that `p_top` refers to, at most the number of features.
        level : float, default=0.95
            Confidence of the intervals.

        Returns
        -------
        ranking : DataFrame
            - `feature`, `importance`;
            - `lower`, `upper`: confidence interval of the importance over resampled rows and
              redrawn Monte-Carlo errors;
            - `wisca`: the WISCA score of the paper: the signed sum W divided by the number of
              methods, in [-1, 1];
            - `p_positive`: probability that the WISCA score is above 0;
            - `rank`: from 1. Tied features share the smaller rank and keep the order of their
              columns;
            - `best_rank`, `worst_rank`: confidence interval of the rank;
            - `p_top`: probability that the feature is among the first k;
            - `above_noise`: whether the importance is larger than what explainers give to null
              features. With `n_refits`, the model must also react to the feature more than refitted
              models react to shuffled columns;
            - `direction`: "up" if a higher value of the feature pushes the explained output up,
              "down", or "mixed" if neither is clear (`directions` between -0.5 and 0.5). If rows
              explain either of two classes, that of the second one. None for categories, constants,
              and rows that explain more than two classes.

            Entries are NaN or None where they are not known: for a single row, or if explainers
            did not measure their noise.
        """
        magnitude = self.importance.abs().to_numpy()
        resamples = self.reliability.resamples
        unknown = np.full(len(magnitude), np.nan)
        k = min(check_count("k", k), len(magnitude))
        known: dict[str, Any] = dict.fromkeys(
            ("lower", "upper", "p_positive", "best_rank", "worst_rank", "p_top"), unknown
        )
        if resamples is not None:
            signed = self.consensus == "wisca_signed" or self.importance.min() < 0
            lower, upper = resamples.interval(level)
            known["lower"] = np.clip(lower, -1.0 if signed else 0.0, 1.0)
            known["upper"] = np.clip(upper, -1.0 if signed else 0.0, 1.0)
            known["p_positive"] = resamples.probability_positive()
            known["best_rank"], known["worst_rank"] = resamples.rank_interval(level)
            known["p_top"] = resamples.probability_top(k)
        table = pd.DataFrame(
            {
                "feature": list(self.feature_names),
                "importance": self.importance.to_numpy(),
                "lower": known["lower"],
                "upper": known["upper"],
                "wisca": self.wisca,
                "p_positive": known["p_positive"],
                "rank": ranks_of(magnitude),
                "best_rank": known["best_rank"],
                "worst_rank": known["worst_rank"],
                "p_top": known["p_top"],
                "above_noise": self.reliability.above_noise(),
                "direction": pd.Series(self._direction_words(), dtype=object),
            }
        )
        return table.iloc[order_of(magnitude)].reset_index(drop=True)

    def _direction_words(self) -> list[str | None]:
        found = self.directions
        if found is not None and found.ndim == 2:
            found = found[:, -1] if found.shape[1] <= 2 else None
        return [None] * len(self.feature_names) if found is None else in_words(found)

    def influence(self) -> pd.DataFrame:
        """How the ranking changes without each explainer.

        Returns
        -------
        influence : DataFrame
            One row per explainer and feature: `without`, `feature`, `rank`, `rank_without` and
            `change` (positive: the feature ranks lower without the explainer), the largest change
            first.
        """
        return influence_of(self.importance, self.reliability.without)

    def partial_order(self, features: Sequence[str] | None = None) -> PartialOrder:
        """Pairs of features on whose order all explainers agree.

        Parameters
        ----------
        features : sequence of str, default=None
            Features to order, at most 5000. None means all, as in `feature_names`.

        Returns
        -------
        order : PartialOrder
            Refers to features by position. An explainer that rates all features equally does not
            affect it.
        """
        places = {name: j for j, name in enumerate(self.feature_names)}
        names = self.feature_names if features is None else features
        for name in names:
            if name not in places:
                check_choice("features", name, places)
        columns = [places[name] for name in names]
        magnitudes = [component.mean_magnitude()[columns] for component in self.components.values()]
        return partial_order(None, np.array(magnitudes))

    def verdict(self, *, labels: Mapping[Any, str] | None = None) -> Verdict:
        """Say in plain sentences how far to trust the result, why not further, and what to do.

        Parameters
        ----------
        labels : mapping of str or class label to str, default=None
            Names to show in place of those of features and classes; see `with_labels`.

        Returns
        -------
        verdict : Verdict
            At most six sentences, the most serious first; ``print`` shows one per line. Each has a
            stable `code`, a `severity` and a `text`.
        """
        return verdict_of(self if labels is None else self.with_labels(labels))

    def ranks(self) -> pd.DataFrame:
        """Rank that each explainer gives to each feature, 1 for the most important.

        Returns
        -------
        ranks : DataFrame of shape (n_features, n_explainers)
            Ranks of the mean magnitudes; tied features share the smaller rank.
        """
        ranks = {
            name: ranks_of(component.mean_magnitude())
            for name, component in self.components.items()
        }
        return pd.DataFrame(ranks, index=pd.Index(list(self.feature_names), name="feature"))

    def agreement(self, *, k: int = 5) -> pd.DataFrame:
        """How far each pair of explainers agrees.

        Parameters
        ----------
        k : int, default=5
            Number of top features to compare, at most the number of features.

        Returns
        -------
        pairs : DataFrame
            One row per pair: `first`, `second` and four measures of `wisca_xai.metrics`.

            - `agreement`: `weighted_rank_agreement` of the mean magnitudes, in [-1, 1]. It counts
              the features that matter most;
            - `rank_correlation`: Spearman, of the mean magnitudes. It counts all features alike;
            - `feature_agreement`: share of common top-k features;
            - `sign_agreement`: share of entries with the same sign; large entries count most.

            NaN where a measure is not defined: with fewer than 2 features, for an explainer that
            gives only zeros or (but for `agreement`) rates all features equally, and for the signs
            of global methods.
        """
        return agreement_of(self.components, min(k, len(self.feature_names)))

    def row_disagreement(self) -> pd.Series:
        """How far the explainers contradict each other in each row.

        Returns
        -------
        disagreement : Series of shape (n_samples,)
            In [0, 1], by row label: 0 if all explainers agree on the features that matter, 1/2 or
            somewhat more if they are unrelated; see `wisca_xai.metrics.disagreement_scores`. The
            values of a global explainer count for every row. NaN if fewer than two explainers give
            values other than 0. If all classes are explained, the mean over classes.
        """
        return row_disagreement_of(self)

    def to_html(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        X: Any = None,
        y: ArrayLike | None = None,
        labels: Mapping[Any, str] | None = None,
        title: str | None = None,
        max_rows: int = 500,
    ) -> str | None:
        """Write a report: one HTML file that works without a network, a server or scripts.

        It shows the verdict, the ranking, the agreement, features, rows, and how all this came
        about. The same result gives the same bytes.

        Parameters
        ----------
        path : path, default=None
            File to write. None returns the page as text.
        X : array-like or DataFrame of shape (n_samples, n_features), default=None
            The explained rows, if they were not kept (``keep_data=False``, or a file without them).
            Without them no value of a row is in the report.
        y : array-like of shape (n_samples,), default=None
            What is shown beside the output of each row.
        labels : mapping of str or class label to str, default=None
            Names to show in place of those of features and classes; see `with_labels`.
        title : str, default=None
        max_rows : int, default=500
            Most rows that the report contains, evenly spaced. Everything else is of all rows.

        Returns
        -------
        page : str or None
            The page, if `path` is None.

        Raises
        ------
        InputError
            If X or y do not have the explained rows, or `labels` cannot be used.
        """
        page: str | None = view("page")(
            self, path, X=X, y=y, labels=labels, title=title, max_rows=max_rows
        )
        return page

    def save(self, path: str | os.PathLike[str], *, include_data: bool = False) -> None:
        """Write one .npz file; see `Explanation.save`. It contains the explained rows only once."""
        single = {name: replace(c, data=None) for name, c in self.components.items()}
        bare = replace(self, data=None, components=single)
        # Passed to the constructor, `data` would be copied into the components again.
        object.__setattr__(bare, "data", self.data)
        Explanation.save(bare, path, include_data=include_data)

    @property
    def plan(self) -> MergePlan:
        """How the components were merged into this consensus.

        Raises
        ------
        InputError
            If the consensus function is a custom one that was not saved with the file.
        """
        if self.function is None:
            raise InputError(
                f"The consensus function {self.consensus!r} is not known here, because functions "
                "are not saved. Explain the rows again, or use `values`."
            )
        by_row = self.receipt.settings.get("weighting") == BY_ROW
        return MergePlan(self.function, self.weights, self.votes, by_row)

    def _of_rows(self, rows: IntVector) -> Self:
        """Select rows; what describes all rows is recomputed, or dropped with a note."""
        return cast(Self, subset(self, rows))

    def _reordered(self, rows: IntVector) -> Self:
        return replace(
            super()._reordered(rows),
            components={name: c._reordered(rows) for name, c in self.components.items()},
            weights=self.weights[rows],
            reliability=replace(self.reliability, outside=self.reliability.outside[rows]),
        )

    def _title(self) -> str:
        return (
            f"ConsensusExplanation({self.consensus} of {', '.join(self.components)}; "
            f"{len(self.weights)} rows x {len(self.feature_names)} features)"
        )

    def _details(self) -> list[str]:
        failed = [f"failed: {name}: {reason}" for name, reason in self.failures.items()]
        return [*failed, *super()._details()]

    def __repr__(self) -> str:
        columns = ["feature", "importance", "lower", "upper", "wisca", "rank", "above_noise"]
        table = to_shown(self.ranking()[columns].head(10))
        shown = table.to_string(index=False, float_format="{:.3f}".format)
        left = len(self.feature_names) - len(table)
        of = f"\n{len(table)} of {len(self.feature_names)} features shown" if left else ""
        return f"{super().__repr__()}\n{shown}{of}"
