"""Bins of quantities, with the edges and the random draws of `lime.discretize`.

A test compares them with the library. The library itself is loaded only for ``engine="lime"``.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import truncnorm

from wisca_xai._typing import FloatMatrix, FloatVector, IntVector, LabelVector

PERCENTILES = {"quartile": (25, 50, 75), "decile": tuple(range(10, 100, 10))}
SMALLEST_SPREAD = 1e-11  # added to the standard deviation of every bin


@dataclass(frozen=True)
class BinsOfColumn:
    """Bins of one column, from the lowest to the highest.

    Attributes
    ----------
    edges : ndarray of shape (n_bins - 1,)
        Upper ends of all bins but the last; a value at an end is in the bin below it.
    low, high : ndarray of shape (n_bins,)
        Ends of the bins. The outermost are the smallest and the largest value of the background.
    mean, std : ndarray of shape (n_bins,)
        Of the values in each bin; 0 and `SMALLEST_SPREAD` for a bin without values.
    """

    edges: FloatVector
    low: FloatVector
    high: FloatVector
    mean: FloatVector
    std: FloatVector

    @classmethod
    def of(cls, column: FloatVector, edges: FloatVector) -> "BinsOfColumn":
        """Measure the bins between `edges`."""
        numbers = np.searchsorted(edges, column)
        within = [column[numbers == i] for i in range(len(edges) + 1)]
        return cls(
            edges,
            np.append(column.min(), edges),
            np.append(edges, column.max()),
            np.array([part.mean() if len(part) else 0.0 for part in within]),
            np.array([part.std() if len(part) else 0.0 for part in within]) + SMALLEST_SPREAD,
        )

    def draw(self, numbers: IntVector, state: np.random.RandomState) -> FloatVector:
        """Draw a normal value within each numbered bin. A bin of a single value gives this value.

        lime gives the standardised value, mostly 0, for a bin of a single value.
        """
        low, high, mean, std = (a[numbers] for a in (self.low, self.high, self.mean, self.std))
        drawn = low.copy()
        ends = (low - mean) / std, (high - mean) / std
        wide = ends[0] != ends[1]
        drawn[wide] = truncnorm.rvs(
            ends[0][wide], ends[1][wide], loc=mean[wide], scale=std[wide], random_state=state
        )
        return drawn


@dataclass(frozen=True)
class Discretizer:
    """Bins of the columns of a table. Columns without bins stay as they are.

    Attributes
    ----------
    columns : dict of int to BinsOfColumn
    state : RandomState
        Source of the draws.
    """

    columns: dict[int, BinsOfColumn]
    state: np.random.RandomState

    @classmethod
    def of(
        cls,
        name: str,
        background: FloatMatrix,
        labels: LabelVector | None,
        categorical: tuple[int, ...],
        state: np.random.RandomState,
    ) -> "Discretizer":
        """Learn bins by `name`: "quartile", "decile" or "entropy", which needs `labels`."""
        columns = [j for j in range(background.shape[1]) if j not in categorical]
        edges = [_edges(name, background[:, j], labels, state) for j in columns]
        found = {
            j: BinsOfColumn.of(background[:, j], some)
            for j, some in zip(columns, edges, strict=True)
        }
        return cls(found, state)

    def discretize(self, table: FloatMatrix) -> FloatMatrix:
        """The number of the bin of each value."""
        numbers = table.copy()
        for j, bins in self.columns.items():
            numbers[:, j] = np.searchsorted(bins.edges, table[:, j])
        return numbers

    def undiscretize(self, numbers: FloatMatrix) -> FloatMatrix:
        """A value drawn from each numbered bin."""
        table = numbers.copy()
        for j, bins in self.columns.items():
            table[:, j] = bins.draw(numbers[:, j].astype(int), self.state)
        return table


def _edges(
    name: str, column: FloatVector, labels: LabelVector | None, state: np.random.RandomState
) -> FloatVector:
    """Inner edges of the bins of a column, in ascending order."""
    if name in PERCENTILES:
        return np.unique(np.percentile(column, PERCENTILES[name]))
    from sklearn.tree import DecisionTreeClassifier  # imported here because it is slow

    # Trees read float32, which cannot tell all values apart, but their places.
    known, places = np.unique(column, return_inverse=True)
    tree = DecisionTreeClassifier(criterion="entropy", max_depth=3, random_state=state)
    found = tree.fit(places[:, None].astype(np.float64), labels).tree_
    splits = np.unique(found.threshold[found.children_left >= 0])
    if not len(splits):
        return np.array([np.median(column)])
    return np.asarray(np.interp(splits, np.arange(len(known)), known))
