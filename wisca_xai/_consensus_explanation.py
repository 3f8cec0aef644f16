"""ConsensusExplanation: the consensus, its parts, and how far the parts agree."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from wisca_xai._explanation import Explanation, display_name, frozen_array
from wisca_xai._typing import FloatArray, FloatVector, IntVector
from wisca_xai.metrics import feature_agreement, rank_correlation, sign_agreement


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ConsensusExplanation(Explanation):
    """What `WISCAExplainer.explain` returns: an `Explanation` whose values are the consensus.

    `values` are dimensionless, in [-1, 1]; where only global methods gave a result they are the
    importance.

    Attributes
    ----------
    consensus : str
        Name of the consensus function.
    importance : Series of shape (n_features,)
        Global consensus, indexed by feature name, in [0, 1] (``"wisca_signed"``: [-1, 1]).
    wisca : ndarray of shape (n_features,)
        The signed sum of the WISCA formula divided by the number of methods, in [-1, 1].
    components : mapping of str to Explanation
        Every explainer's own result, in its own unit.
    scaled : mapping of str to ndarray
        Each component's values after `min_max`, dimensionless.
    weights : ndarray of shape (n_samples,)
        Weight of each row, in [0, 1].
    failures : mapping of str to str
        Explainers without a result, and why.
    """

    consensus: str
    importance: pd.Series
    wisca: FloatVector
    components: Mapping[str, Explanation]
    scaled: Mapping[str, FloatArray]
    weights: FloatVector
    failures: Mapping[str, str]

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("wisca", "weights"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        object.__setattr__(self, "importance", self.importance.copy())
        frozen = {name: frozen_array(values) for name, values in self.scaled.items()}
        object.__setattr__(self, "scaled", frozen)

    def ranking(self) -> pd.DataFrame:
        """Features by the size of their importance, best first.

        Returns
        -------
        ranking : DataFrame
            `feature`, `importance`, `wisca` (the paper's signed sum) and `rank` (from 1; tied
            features share the smaller rank and stand in the order of their columns).
        """
        magnitude = self.importance.abs().to_numpy()
        table = pd.DataFrame(
            {
                "feature": list(self.feature_names),
                "importance": self.importance.to_numpy(),
                "wisca": self.wisca,
                "rank": _ranks(magnitude),
            }
        )
        return table.iloc[np.argsort(-magnitude, kind="stable")].reset_index(drop=True)

    def ranks(self) -> pd.DataFrame:
        """Rank that each explainer gives to each feature, 1 for the most important.

        Returns
        -------
        ranks : DataFrame of shape (n_features, n_explainers)
            Of the mean magnitudes; tied features share the smaller rank.
        """
        ranks = {
            name: _ranks(component.mean_magnitude()) for name, component in self.components.items()
        }
        return pd.DataFrame(ranks, index=pd.Index(list(self.feature_names), name="feature"))

    def disagreement(self, *, k: int = 5) -> pd.DataFrame:
        """How far each pair of explainers agrees.

        Parameters
        ----------
        k : int, default=5
            Number of top features to compare, at most the number of features.

        Returns
        -------
        pairs : DataFrame
            One row per pair: `first`, `second`, `rank_correlation` (Spearman, of mean magnitudes),
            `feature_agreement` (share of common top-k features) and `sign_agreement` (share of
            entries pointing the same way). NaN where a measure is not defined: of fewer than 2
            features, of an explainer that tells no feature from another, signs of global methods.
        """
        rows = []
        k = min(k, len(self.feature_names))
        for (first, one), (second, two) in itertools.combinations(self.components.items(), 2):
            a, b = one.mean_magnitude(), two.mean_magnitude()
            signs = float("nan")
            if one.scope == two.scope == "local" and one.signed and two.signed:
                n_features = len(self.feature_names)
                signs = sign_agreement(
                    np.moveaxis(one.values, 1, -1).reshape(-1, n_features),
                    np.moveaxis(two.values, 1, -1).reshape(-1, n_features),
                )
            rows.append((first, second, rank_correlation(a, b), feature_agreement(a, b, k), signs))
        columns = ["first", "second", "rank_correlation", "feature_agreement", "sign_agreement"]
        return pd.DataFrame(rows, columns=columns)

    def take(self, rows: Sequence[int] | IntVector) -> Self:
        """The explanation of some rows, by position; importances stay those of all rows."""
        scaled = {
            name: self.scaled[name] if component.scope == "global" else self.scaled[name][rows]
            for name, component in self.components.items()
        }
        return replace(
            super().take(rows),
            components={name: c.take(rows) for name, c in self.components.items()},
            scaled=scaled,
            weights=self.weights[rows],
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
        table = self.ranking().head(10).map(display_name)
        return f"{super().__repr__()}\n{table.to_string(index=False, float_format='{:.3f}'.format)}"

    def _overview(self) -> pd.DataFrame:
        table = self.ranking().merge(self.ranks(), left_on="feature", right_index=True)
        return table.head(20)


def _ranks(magnitudes: FloatVector) -> IntVector:
    """Ranks from 1 for the largest; tied entries share the smaller rank."""
    return np.asarray(rankdata(-magnitudes, method="min"), dtype=np.intp)
