"""LIME's neighbourhood and ridge regressions, for all rows at once.

The neighbourhood that lime draws does not depend on the row explained: only its encoding ("same bin
as the row") and the weights do. So one pool serves all rows, and the model is asked once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wisca_xai._typing import FloatMatrix, FloatVector, LabelVector
from wisca_xai.explainers._task import Task

KERNEL_WIDTH = 0.75  # times sqrt(n_features), as in lime
MISSING = -np.inf  # the bin or level of missing values: any number may be a level


@dataclass(frozen=True)
class Neighbourhood:
    """Draws from the background that serve every row.

    Attributes
    ----------
    samples : ndarray of shape (n_draws, n_features)
        Perturbed rows, in the units of the data.
    encoded : ndarray of shape (n_features, n_draws)
        What the regressions see: the bin or level of each draw; in continuous mode the standardised
        value for quantities.
    rows_encoded : ndarray of shape (n_features, n_samples)
        The same for the rows to explain.
    by_equality : ndarray of shape (n_features,)
        Features that are compared with the row's by equality; the others by distance.
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
    """Draw the pool with the draws that `lime.lime_tabular.LimeTabularExplainer` makes for a row.

    One draw fewer than lime's number of samples, because its first is the row itself.
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
    """Samples, what the regressions see of them, and of the rows, in continuous mode."""
    from sklearn.preprocessing import StandardScaler  # slow to import

    n_features = background.shape[1]
    # lime draws normals for every column, also those that it then overwrites with levels
    normals = state.normal(0, 1, size * n_features).reshape(size, n_features)
    scaler = StandardScaler().fit(background)  # leaves missing values out
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
    """Bins of quantities by lime; missing values are a bin, or a level, of their own.

    Attributes
    ----------
    whole : discretizer
        Of the quantities without missing values.
    parts : dict of int to discretizer
        One for each quantity with missing values, of those that are not.
    dates : dict of int to ndarray
        Values that dates may take.
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
        """Number of each value's bin, or its level; MISSING where it is missing."""
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
    """The value that is nearest to each draw: not every number is a date."""
    known = np.unique(values[~np.isnan(values)])
    if len(known) == 0:
        return np.full(len(drawn), np.nan)
    edges = known[:-1] + np.diff(known) / 2
    return np.where(np.isnan(drawn), np.nan, known[np.searchsorted(edges, drawn)])


def _as_column(values: FloatVector, n_features: int, j: int) -> FloatMatrix:
    """A table of zeros around a column."""
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
    """Values for bins, drawn by lime; a bin that holds one value gives that value.

    lime gives 0 there, whatever the value: it returns the standardised value of such a bin.
    """
    samples: FloatMatrix = bins.undiscretize(encoded)
    for j in bins.mins:
        low, high = np.array(bins.mins[j]), np.array(bins.maxs[j])
        drawn = encoded[:, j].astype(int)
        single = (low == high)[drawn]
        samples[single, j] = low[drawn][single]
    return samples


def _draw_levels(column: FloatVector, size: int, state: np.random.RandomState) -> FloatVector:
    levels, counts = np.unique(column, return_counts=True)
    return np.asarray(state.choice(levels, size=size, replace=True, p=counts / counts.sum()))


@dataclass(frozen=True)
class Ridge:
    """A weighted ridge regression of q outputs around one row.

    Attributes
    ----------
    coefficients, standard_errors : ndarray of shape (n_features, q)
        Standard errors are those of the draws, as if the scatter around the fit were even.
    intercepts, r2 : ndarray of shape (q,)
    null_values : ndarray of shape (n_null_features, q)
        Coefficients of shuffled regressors, each fitted alone to what the others leave.
    """

    coefficients: FloatMatrix
    standard_errors: FloatMatrix
    intercepts: FloatVector
    r2: FloatVector
    null_values: FloatMatrix


def fit_ridges(task: Task, pool: Neighbourhood, pool_outputs: FloatMatrix) -> list[Ridge]:
    """Weighted ridge regression around every row.

    The row itself is one more sample, of weight 1. The penalty is 1, as in lime. Of the outputs
    (n_draws, k) of the pool one is explained per row, or all.
    """
    sources = task.null_sources()
    generator = np.random.default_rng(task.seed_for("lime dummies"))
    # draws are independent, so that turning a regressor round shuffles it, and takes less time
    turns = generator.integers(len(pool.samples), size=len(sources))
    design, weighted = np.empty((2, *pool.encoded.shape))  # once: new memory takes time
    null_design = np.empty((len(sources), len(pool.samples)))
    ridges = []
    for i in range(task.n_samples):
        row, chosen = pool.rows_encoded[:, i], task.chosen(i)
        weights = _encode(pool, row, design)
        np.multiply(design, weights, out=weighted)
        own = np.where(pool.by_equality, 1.0, row)
        total = weights.sum() + 1.0
        mean = (weighted.sum(axis=1) + own) / total
        y, own_y = pool_outputs[:, chosen], task.outputs[i, chosen]
        y_mean = (weights @ y + own_y) / total
        centred, own_centred = y - y_mean, own_y - y_mean
        gram = weighted @ design.T + np.outer(own, own) - total * np.outer(mean, mean)
        moment = weighted @ centred + np.outer(own, own_centred)
        spread = weights @ centred**2 + own_centred**2
        penalised = gram + np.eye(len(gram))
        coefficients = np.linalg.solve(penalised, moment)
        explained = (coefficients * (2 * moment - gram @ coefficients)).sum(axis=0)
        # what is left of it per draw, of which those of little weight say little
        scatter = np.maximum(spread - explained, 0.0) / total * (weights @ weights + 1.0) / total
        null_values = np.empty((0, len(own_y)))
        if len(sources):
            for null, source, turn in zip(null_design, sources, turns, strict=True):
                null[turn:] = design[source, : len(null) - turn]
                null[:turn] = design[source, len(null) - turn :]
            left = weights[:, None] * (centred + mean @ coefficients - design.T @ coefficients)
            own_left = own_centred - (own - mean) @ coefficients
            null_values = _fit_alone(null_design, own[sources, None], weights, left, own_left)
        ridges.append(
            Ridge(
                coefficients,
                np.sqrt(np.outer(np.diag(np.linalg.inv(penalised)), scatter)),
                y_mean - mean @ coefficients,
                np.where(spread > 0, explained / np.where(spread > 0, spread, 1.0), 1.0),
                null_values,
            )
        )
    return ridges


def _fit_alone(
    regressors: FloatMatrix,
    own: FloatMatrix,
    weights: FloatVector,
    left: FloatMatrix,
    own_left: FloatVector,
) -> FloatMatrix:
    """Coefficients (m, q) of regressors (m, n_draws), one at a time, for weighted residuals."""
    total = weights.sum() + 1.0
    mean = (regressors @ weights + own[:, 0]) / total
    squares = regressors**2 @ weights + own[:, 0] ** 2 - total * mean**2
    return np.asarray((regressors @ left + own * own_left) / (squares[:, None] + 1.0))


def _encode(pool: Neighbourhood, row: FloatVector, design: FloatMatrix) -> FloatVector:
    """Write the regressors around a row into `design`; returns the weights of the draws."""
    n_features = len(row)
    kernel = 2.0 * KERNEL_WIDTH**2 * n_features
    equal = pool.encoded == row[:, None]
    if pool.by_equality.all():
        design[:] = equal
        # a table, because with bins there are only n_features + 1 distances
        by_matches = np.exp((np.arange(n_features + 1) - n_features) / kernel)
        return np.asarray(by_matches[np.count_nonzero(equal, axis=0)])
    design[:] = np.where(pool.by_equality[:, None], equal, pool.encoded)
    own = np.where(pool.by_equality, 1.0, row)
    return np.asarray(np.exp(-((design - own[:, None]) ** 2).sum(axis=0) / kernel))
