"""LIME's neighbourhood, for all rows at once.

The neighbourhood that lime draws does not depend on the explained row. Only its encoding ("in the
same bin as the row") and the weights do. So all rows share one neighbourhood, and the model is
called once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wisca_xai._typing import FloatMatrix, FloatVector, LabelVector

MISSING = -np.inf  # bin or level of missing values: any finite number may be a level


@dataclass(frozen=True)
class Neighbourhood:
    """Neighbours drawn from the background, which all explained rows share.

    Attributes
    ----------
    samples : ndarray of shape (n_draws, n_features)
        Perturbed rows, in the units of the data.
    encoded : ndarray of shape (n_features, n_draws)
        What the regressions compare: the bin or level of each draw. Without bins, quantities are
        standardised values.
    rows_encoded : ndarray of shape (n_features, n_samples)
        The same for the rows to explain.
    by_equality : ndarray of shape (n_features,)
        True for features that are compared with the row by equality, False for those that are
        compared by distance.
    """

    samples: FloatMatrix
    encoded: FloatMatrix
    rows_encoded: FloatMatrix
    by_equality: Any


def draw(
    rows: FloatMatrix,
    background: FloatMatrix,
    labels: LabelVector | None,
    *,
    categorical: tuple[int, ...],
    dates: tuple[int, ...] = (),
    discretizer: str | None,
    n_draws: int,
    seed: int,
) -> Neighbourhood:
    """Draw the neighbours that `lime.lime_tabular.LimeTabularExplainer` draws for a row.

    `n_draws` is lime's number of samples minus 1, because lime's first sample is the row itself.
    """
    state = np.random.RandomState(seed)
    n_features = background.shape[1]
    if discretizer is None:
        by_equality = np.isin(np.arange(n_features), categorical)
        parts = _draw_normals(rows, background, categorical, dates, n_draws + 1, state)
    else:
        by_equality = np.ones(n_features, dtype=bool)
        bins = Bins.of(discretizer, background, labels, categorical, dates, state)
        binned, rows_encoded = bins.discretize(background), bins.discretize(rows)
        encoded = np.column_stack([_draw_levels(column, n_draws + 1, state) for column in binned.T])
        samples = encoded.copy()
        samples[1:] = bins.undiscretize(encoded[1:])
        parts = samples, encoded, rows_encoded
    samples, encoded, rows_encoded = parts
    return Neighbourhood(
        samples[1:],
        np.ascontiguousarray(encoded[1:].T),
        np.ascontiguousarray(rows_encoded.T),
        by_equality,
    )


def _draw_normals(
    rows: FloatMatrix,
    background: FloatMatrix,
    categorical: tuple[int, ...],
    dates: tuple[int, ...],
    size: int,
    state: np.random.RandomState,
) -> tuple[FloatMatrix, FloatMatrix, FloatMatrix]:
    """Samples, their encoding, and the encoding of the rows, without bins."""
    from sklearn.preprocessing import StandardScaler  # imported here because it is slow

    n_features = background.shape[1]
    # lime draws normal values for every column, and then overwrites those of levels.
    normals = state.normal(0, 1, size * n_features).reshape(size, n_features)
    scaler = StandardScaler().fit(background)  # it ignores missing values
    mean, scale = scaler.mean_, scaler.scale_
    samples = normals * scale + mean
    encoded, rows_encoded = normals.copy(), (rows - mean) / scale
    for j in categorical:
        samples[:, j] = encoded[:, j] = _draw_levels(background[:, j], size, state)
        encoded[np.isnan(encoded[:, j]), j] = MISSING
        rows_encoded[:, j] = np.where(np.isnan(rows[:, j]), MISSING, rows[:, j])
    for j in dates:
        samples[:, j] = _nearest(samples[:, j], background[:, j])
        encoded[:, j] = (samples[:, j] - mean[j]) / scale[j]
    share = np.isnan(background).mean(axis=0)
    for j in np.setdiff1d(np.flatnonzero(share), categorical):
        samples[state.random_sample(size) < share[j], j] = np.nan
        encoded[np.isnan(samples[:, j]), j] = 0.0
    rows_encoded[np.isnan(rows_encoded)] = 0.0  # a missing quantity counts as the mean
    return samples, encoded, rows_encoded


@dataclass(frozen=True)
class Bins:
    """lime's bins of quantities. Missing values are a bin or level of their own.

    Attributes
    ----------
    whole : discretizer
        Bins of the quantities without missing values.
    parts : dict of int to discretizer
        Bins of the known values of each quantity with missing values.
    dates : dict of int to ndarray
        Values that each date column may take.
    """

    whole: Any
    parts: dict[int, Any]
    dates: dict[int, FloatVector]

    @classmethod
    def of(
        cls,
        name: str,
        background: FloatMatrix,
        labels: LabelVector | None,
        categorical: tuple[int, ...],
        dates: tuple[int, ...],
        state: np.random.RandomState,
    ) -> "Bins":
        """Learn the bins of a background."""
        missing = np.isnan(background)
        with_missing = np.setdiff1d(np.flatnonzero(missing.any(axis=0)), categorical).tolist()
        apart = (*categorical, *with_missing)
        whole = make_discretizer(name, background, labels, apart, state)
        parts = {}
        for j in with_missing:
            known = ~missing[:, j]
            if known.any():
                some = None if labels is None else labels[known]
                parts[j] = make_discretizer(name, background[known][:, [j]], some, (), state)
        return cls(whole, parts, {j: background[:, j] for j in dates})

    def discretize(self, table: FloatMatrix) -> FloatMatrix:
        """Bin number or level of each value; MISSING for missing values."""
        binned: FloatMatrix = self.whole.discretize(table)
        for j, part in self.parts.items():
            binned[:, j] = part.discretize(table[:, [j]])[:, 0]
        binned[np.isnan(table)] = MISSING
        return binned

    def undiscretize(self, encoded: FloatMatrix) -> FloatMatrix:
        """Values drawn from the bins."""
        samples = undiscretize(self.whole, encoded)
        for j, part in self.parts.items():
            known = encoded[:, j] != MISSING
            samples[known, j] = undiscretize(part, encoded[known][:, [j]])[:, 0]
        samples[encoded == MISSING] = np.nan
        for j, values in self.dates.items():
            bins = self.discretize(_as_column(values, samples.shape[1], j))[:, j]
            for number in np.unique(encoded[:, j]):
                drawn = encoded[:, j] == number
                samples[drawn, j] = _nearest(samples[drawn, j], values[bins == number])
        return samples


def _nearest(drawn: FloatVector, values: FloatVector) -> FloatVector:
    """The nearest of `values` to each draw, because not every number is a date of the data."""
    known = np.unique(values[~np.isnan(values)])
    if len(known) == 0:
        return np.full(len(drawn), np.nan)
    edges = known[:-1] + np.diff(known) / 2
    return np.where(np.isnan(drawn), np.nan, known[np.searchsorted(edges, drawn)])


def _as_column(values: FloatVector, n_features: int, j: int) -> FloatMatrix:
    """A table that is 0 outside of column j."""
    table = np.zeros((len(values), n_features))
    table[:, j] = values
    return table


def make_discretizer(
    name: str,
    background: FloatMatrix,
    labels: LabelVector | None,
    categorical: tuple[int, ...],
    state: np.random.RandomState,
) -> Any:
    """One of lime's own discretizers."""
    from lime import discretize

    kinds = {
        "quartile": discretize.QuartileDiscretizer,
        "decile": discretize.DecileDiscretizer,
        "entropy": discretize.EntropyDiscretizer,
    }
    names = [str(j) for j in range(background.shape[1])]
    return kinds[name](background, list(categorical), names, labels=labels, random_state=state)


def undiscretize(bins: Any, encoded: FloatMatrix) -> FloatMatrix:
    """Values that lime draws from bins. A bin with a single value gives this value.

    lime itself gives 0 for such a bin, because it returns the standardised value.
    """
    samples: FloatMatrix = bins.undiscretize(encoded)
    for j in bins.mins:
        low, high = np.array(bins.mins[j]), np.array(bins.maxs[j])
        drawn = encoded[:, j].astype(int)
        single = (low == high)[drawn]
        samples[single, j] = low[drawn][single]
    return samples


def _draw_levels(column: FloatVector, size: int, state: np.random.RandomState) -> FloatVector:
    """Random levels of a column, as often as they occur in it."""
    levels, counts = np.unique(column, return_counts=True)
    return np.asarray(state.choice(levels, size=size, replace=True, p=counts / counts.sum()))
