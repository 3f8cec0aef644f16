"""LIME's neighbourhood, for all rows at once.

The neighbourhood that lime draws does not depend on the explained row. Only its encoding ("in the
same bin as the row") and the weights do. So all rows share one neighbourhood, and the model is
called once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wisca_xai._typing import FloatMatrix, FloatVector, LabelVector
from wisca_xai.explainers._background import has_few_values, is_stepped
from wisca_xai.explainers.lime._discretizer import Discretizer

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


@dataclass(frozen=True)
class Places:
    """Positions of the columns that are not drawn from a continuous distribution.

    Attributes
    ----------
    levels : tuple of int
        Categories, drawn as often as they occur, and compared by equality.
    few : tuple of int
        Numbers with few values, which are treated like levels. None without bins.
    occurring : tuple of int
        Dates, whole numbers, and few values without bins: a draw is moved to the nearest value of
        the background.
    gapped : tuple of int
        Columns of which no value lies in more than half of the range, such as those with -999 for
        "not measured": a draw in between is moved to the nearest value too.

    Notes
    -----
    Which numbers are few does not depend on the unit of a column. Whether many numbers are whole
    does: ages in years are, ages in centuries are not.
    """

    levels: tuple[int, ...]
    few: tuple[int, ...] = ()
    occurring: tuple[int, ...] = ()
    gapped: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        background: FloatMatrix,
        categorical: tuple[int, ...],
        dates: tuple[int, ...],
        *,
        binned: bool,
    ) -> "Places":
        """Read the columns of a background. Only with bins (`binned`) few values are levels."""
        few: list[int] = []
        occurring: list[int] = []
        gapped: list[int] = []
        for j in np.setdiff1d(np.arange(background.shape[1]), categorical).tolist():
            if binned and j not in dates and has_few_values(background[:, j]):
                few.append(j)
            elif j in dates or is_stepped(background[:, j]):
                occurring.append(j)
            elif _gap(background[:, j]) is not None:
                gapped.append(j)
        return cls(tuple(categorical), tuple(few), tuple(occurring), tuple(gapped))

    @property
    def categorical(self) -> tuple[int, ...]:
        """Columns that lime has to take for categories."""
        return (*self.levels, *self.few)

    def with_known_values(self, rows: FloatMatrix, background: FloatMatrix) -> FloatMatrix:
        """The rows, in which a new value of a column of `few` is the nearest known one."""
        moved = rows.copy()
        for j in self.few:
            moved[:, j] = _nearest(rows[:, j], background[:, j])
        return moved

    def moved(self, samples: FloatMatrix, background: FloatMatrix, bins: Any) -> FloatMatrix:
        """Samples of values that occur, in the bin that each was drawn from.

        `bins` has the method ``discretize``; None if there are no bins.
        """
        found = samples.copy()
        columns = [*self.occurring, *self.gapped]
        if not columns:
            return found
        # Without bins all draws are in one.
        number_of = np.zeros_like if bins is None else bins.discretize
        drawn, known = number_of(samples), number_of(background)
        for j in columns:
            gap = _gap(background[:, j]) if j in self.gapped else None
            low, high = gap or (-np.inf, np.inf)
            between = (samples[:, j] > low) & (samples[:, j] < high)
            for number in np.unique(drawn[between, j]):
                chosen = between & (drawn[:, j] == number)
                values = background[known[:, j] == number, j]
                found[chosen, j] = _nearest(samples[chosen, j], values)
        return found


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
    Dates, whole numbers and few values are only those of the background, see `Places`.
    """
    state = np.random.RandomState(seed)
    n_features = background.shape[1]
    places = Places.of(background, categorical, dates, binned=discretizer is not None)
    if discretizer is None:
        by_equality = np.isin(np.arange(n_features), categorical)
        parts = _draw_normals(rows, background, places, n_draws + 1, state)
    else:
        by_equality = np.ones(n_features, dtype=bool)
        rows = places.with_known_values(rows, background)
        unit = _units(background, places.categorical)
        rows, background = rows / unit, background / unit
        bins = Bins.of(discretizer, background, labels, places.categorical, state)
        binned, rows_encoded = bins.discretize(background), bins.discretize(rows)
        encoded = np.column_stack([_draw_levels(column, n_draws + 1, state) for column in binned.T])
        samples = encoded.copy()
        samples[1:] = places.moved(bins.undiscretize(encoded[1:]), background, bins) * unit
        parts = samples, encoded, rows_encoded
    samples, encoded, rows_encoded = parts
    return Neighbourhood(
        samples[1:],
        np.ascontiguousarray(encoded[1:].T),
        np.ascontiguousarray(rows_encoded.T),
        by_equality,
    )


def _units(background: FloatMatrix, categorical: tuple[int, ...]) -> FloatVector:
    """Powers of 2 (d,), as large as the range of each quantity; dividing by them is exact.

    lime adds 1e-11 to the standard deviation of each bin, whatever the unit of the column.
    """
    known = np.isfinite(background)
    low = np.where(known, background, np.inf).min(axis=0)
    high = np.where(known, background, -np.inf).max(axis=0)
    spread = np.where(high > low, high - low, 1.0)
    spread[list(categorical)] = 1.0
    return np.asarray(np.ldexp(1.0, np.frexp(spread)[1]))


def _draw_normals(
    rows: FloatMatrix,
    background: FloatMatrix,
    places: Places,
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
    for j in places.levels:
        samples[:, j] = encoded[:, j] = _draw_levels(background[:, j], size, state)
        encoded[np.isnan(encoded[:, j]), j] = MISSING
        rows_encoded[:, j] = np.where(np.isnan(rows[:, j]), MISSING, rows[:, j])
    samples = places.moved(samples, background, None)
    for j in places.occurring:
        encoded[:, j] = (samples[:, j] - mean[j]) / scale[j]
    share = np.isnan(background).mean(axis=0)
    for j in np.setdiff1d(np.flatnonzero(share), places.levels):
        samples[state.random_sample(size) < share[j], j] = np.nan
        encoded[np.isnan(samples[:, j]), j] = 0.0
    rows_encoded[np.isnan(rows_encoded)] = 0.0  # a missing quantity counts as the mean
    return samples, encoded, rows_encoded


@dataclass(frozen=True)
class Bins:
    """lime's bins of quantities. Missing values are a bin or level of their own.

    Attributes
    ----------
    whole : Discretizer
        Bins of the quantities without missing values.
    parts : dict of int to Discretizer
        Bins of the known values of each quantity with missing values.
    """

    whole: Discretizer
    parts: dict[int, Discretizer]

    @classmethod
    def of(
        cls,
        name: str,
        background: FloatMatrix,
        labels: LabelVector | None,
        categorical: tuple[int, ...],
        state: np.random.RandomState,
    ) -> "Bins":
        """Learn the bins of a background."""
        missing = np.isnan(background)
        with_missing = np.setdiff1d(np.flatnonzero(missing.any(axis=0)), categorical).tolist()
        apart = (*categorical, *with_missing)
        whole = Discretizer.of(name, background, labels, apart, state)
        parts = {}
        for j in with_missing:
            known = ~missing[:, j]
            if known.any():
                some = None if labels is None else labels[known]
                parts[j] = Discretizer.of(name, background[known][:, [j]], some, (), state)
        return cls(whole, parts)

    def discretize(self, table: FloatMatrix) -> FloatMatrix:
        """Bin number or level of each value; MISSING for missing values."""
        binned = self.whole.discretize(table)
        for j, part in self.parts.items():
            binned[:, j] = part.discretize(table[:, [j]])[:, 0]
        binned[np.isnan(table)] = MISSING
        return binned

    def undiscretize(self, encoded: FloatMatrix) -> FloatMatrix:
        """Values drawn from the bins."""
        samples = self.whole.undiscretize(encoded)
        for j, part in self.parts.items():
            known = encoded[:, j] != MISSING
            samples[known, j] = part.undiscretize(encoded[known][:, [j]])[:, 0]
        samples[encoded == MISSING] = np.nan
        return samples


def _gap(column: FloatVector) -> tuple[float, float] | None:
    """The two neighbouring values between which more than half of the range lies, or None."""
    known = np.unique(column[np.isfinite(column)])
    if len(known) < 2:
        return None
    widest = int(np.argmax(np.diff(known)))
    low, high = float(known[widest]), float(known[widest + 1])
    return (low, high) if high - low > (known[-1] - known[0]) / 2 else None


def _nearest(drawn: FloatVector, values: FloatVector) -> FloatVector:
    """The nearest of `values` to each draw, because not every number is a value of the data."""
    known = np.unique(values[~np.isnan(values)])
    if len(known) == 0:
        return np.full(len(drawn), np.nan)
    edges = known[:-1] + np.diff(known) / 2
    return np.where(np.isnan(drawn), np.nan, known[np.searchsorted(edges, drawn)])


def _draw_levels(column: FloatVector, size: int, state: np.random.RandomState) -> FloatVector:
    """Random levels of a column, as often as they occur in it."""
    levels, counts = np.unique(column, return_counts=True)
    return np.asarray(state.choice(levels, size=size, replace=True, p=counts / counts.sum()))
