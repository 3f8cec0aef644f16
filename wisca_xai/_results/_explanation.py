"""Explanation: attributions with everything that is needed to read, check and save them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self, cast

import numpy as np
import pandas as pd

from wisca_xai._exceptions import CorruptExplanationError, InputError
from wisca_xai._results import _storage
from wisca_xai._results._equality import are_equal
from wisca_xai._results._labels import relabelled
from wisca_xai._results._long import long_frame
from wisca_xai._results._positions import positions_of_rows
from wisca_xai._results._receipt import Receipt
from wisca_xai._results._to_shap import shap_of
from wisca_xai._results._views import view
from wisca_xai._table import is_frame, labels_of, select, take_rows
from wisca_xai._text import short_text
from wisca_xai._typing import BoolVector, FloatArray, FloatVector, IntVector, LabelVector


@_storage.storable(
    "explanation",
    formerly="Explanation",
    renamed={"dummies": "null_values"},
)
@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Attributions of one explainer. It is frozen: arrays are read-only copies. It holds no model.

    ``len(explanation)`` is the number of explained rows, and ``explanation[rows]`` is the
    explanation of some of them.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_features), (n_samples, n_features, k) or (n_features,)
        Attributions of the explained output, in the unit `unit`. One matrix per class for
        ``target="all"``; one vector for a global method.
    feature_names : tuple of str
        Names of the features, in the order of the columns.
    method : str
        "shap", "lime", "permutation", "forest", ...
    family : str
        Kind of method: "shapley", "occlusion", "inclusion", "local_surrogate", "global_surrogate",
        "loss", "consensus".
    unit : str
        "probability", "margin", "indicator", "target", "score", or "1" (dimensionless).
    signed : bool
        Whether the sign is the direction of the effect.
    standard_errors : ndarray like `values`, or None
        Monte-Carlo error of each value, as one standard deviation. None if values are exact or
        errors are not known.
    base_values : ndarray of shape (n_samples,) or (n_samples, k), or None
        Output without any feature's contribution. If a method is additive,
        ``base_values + values.sum(axis=1)`` is the model's output.
    targets : ndarray of shape (n_samples,) or (k,), or None
        Class that is explained in each row; for ``target="all"`` the class of each matrix. None for
        models without classes.
    index : pandas.Index of shape (n_samples,), or None
        Row labels of the table; None for a global method.
    null_values : ndarray of shape (n_samples, q), (n_samples, q, k) or (q,), or None
        Attributions of q null features: columns with the values of real ones that the model never
        sees. They measure the method's noise. A panel requests them; otherwise None.
    fidelity : float or None
        For a method that fits a surrogate of the model: the share of the model's output that the
        surrogate explains, as R2, at least 0 (LIME: around each row; a forest: out of bag). None
        for a method that uses the model itself.
    squared : bool
        Whether the values of a global method are in squared units of the effect, such as shares of
        variance or losses of R2. Their roots are comparable with other methods.
    unused : ndarray of bool of shape (n_features,), or None
        Features whose changes never changed the output in all evaluations of the method. None if
        the method cannot tell.
    diagnostics : mapping of str to ndarray of shape (n_samples,) or (n_samples, n_features)
        The method's measures of its own quality by row, such as LIME's local R2 ("r2"), how well it
        describes the model there ("fidelity"), or each row's part in a permutation importance.
    notes : tuple of str
        What a reader must know, in sentences.
    receipt : Receipt
        How the explanation was computed, and what it cost.
    data : DataFrame, ndarray or table of shape (n_samples, n_features), or None
        The explained rows as the user passed them. ``==`` does not compare them.
    """

    values: FloatArray
    feature_names: tuple[str, ...]
    method: str
    family: str
    unit: str
    signed: bool
    standard_errors: FloatArray | None = None
    base_values: FloatArray | None = None
    targets: LabelVector | None = None
    index: pd.Index | None = None
    null_values: FloatArray | None = None
    fidelity: float | None = None
    squared: bool = False
    unused: BoolVector | None = None
    diagnostics: Mapping[str, FloatArray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    receipt: Receipt = field(default_factory=Receipt)
    data: Any = field(default=None, compare=False)

    def __post_init__(self) -> None:
        n_features = self.values.shape[0 if self.values.ndim == 1 else 1]
        if n_features != len(self.feature_names):
            raise InputError(
                f"`values` of shape {self.values.shape} must have one entry per feature name, got "
                f"{len(self.feature_names)} names."
            )
        for name in ("values", "standard_errors", "base_values", "null_values"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen_array(getattr(self, name)))
        for name in ("targets", "unused"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen_array(getattr(self, name), dtype=None))
        object.__setattr__(
            self, "diagnostics", {k: frozen_array(v) for k, v in self.diagnostics.items()}
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # Pickle and copy make arrays writable again.

    @property
    def scope(self) -> str:
        """Whether there is one vector over all rows ("global") or one per row ("local")."""
        return "global" if self.values.ndim == 1 else "local"

    @property
    def n_samples(self) -> int:
        """Number of explained rows; 0 for a global method."""
        return 0 if self.values.ndim == 1 else len(self.values)

    def mean_magnitude(self) -> FloatVector:
        """Importance of each feature, (n_features,): the mean magnitude over rows and classes.

        The values of a global method are its importance, or their roots if they are in squared
        units. Negative ones are noise and count as 0.
        """
        if self.scope == "global":
            importance = np.maximum(self.values, 0.0)
            return np.sqrt(importance) if self.squared else importance
        over = (0,) if self.values.ndim == 2 else (0, 2)
        return np.asarray(np.abs(self.values).mean(axis=over))

    def row_fidelity(self) -> FloatVector:
        """How well a local method describes the model around each row, (n_samples,), in [0, 1].

        It is 1 for a method that uses the model itself, and does not say how well.
        """
        found = self.diagnostics.get("fidelity", self.diagnostics.get("r2"))
        if found is None:
            return np.ones(self.n_samples)
        known = np.clip(np.nan_to_num(found), 0.0, 1.0)
        return np.asarray(known.reshape(len(known), -1).mean(axis=1))

    def __len__(self) -> int:
        return self.n_samples

    def __bool__(self) -> bool:
        return True  # Without this, a global explanation, whose length is 0, would be false.

    def __iter__(self) -> Any:
        raise TypeError(
            "An explanation cannot be iterated. Use explanation[i] for row i, to_frame() for a "
            "table, or `values` for the numbers."
        )

    def __getitem__(self, rows: Any) -> Self:
        """Select rows by position: an int, a slice, a list or a mask."""
        return self._of_rows(self._positions(rows))

    def _positions(self, rows: Any) -> IntVector:
        """Positions of the rows that a user selected.

        Raises
        ------
        InputError
            If the explanation is global, or `rows` selects none of its rows.
        """
        if self.scope == "global":
            raise InputError(f"Choosing rows needs values per row, but {self.method!r} is global.")
        return positions_of_rows(rows, self.n_samples, self.index)

    def _of_rows(self, rows: IntVector) -> Self:
        """Select rows. `fidelity` describes all rows, so it is recomputed or dropped."""
        part = self._reordered(rows)
        if self.fidelity is None or self.scope == "global":
            return part
        is_known = {"fidelity", "r2"} & self.diagnostics.keys()
        return replace(part, fidelity=float(part.row_fidelity().mean()) if is_known else None)

    def _reordered(self, rows: IntVector) -> Self:
        """Reorder the rows; what describes all rows stays as it is."""
        diagnostics = {name: parts[rows] for name, parts in self.diagnostics.items()}
        if self.scope == "global":
            return replace(self, diagnostics=diagnostics)
        chosen: dict[str, Any] = {"values": self.values[rows], "diagnostics": diagnostics}
        if self.data is not None:
            chosen["data"] = take_rows(self.data, rows)
        for name in ("standard_errors", "base_values", "index", "null_values"):
            if getattr(self, name) is not None:
                chosen[name] = getattr(self, name)[rows]
        if self.targets is not None and self.values.ndim == 2:
            chosen["targets"] = self.targets[rows]
        return replace(self, **chosen)

    def with_labels(self, labels: Mapping[Any, str]) -> Self:
        """The same explanation with other names of features and classes, for readers.

        Parameters
        ----------
        labels : mapping of str or class label to str
            New names of features and classes. What it does not name stays as it is.

        Raises
        ------
        InputError
            For a key that is neither a feature nor a class, or if names are no longer different.

        Examples
        --------
        >>> explanation = Explanation(np.ones((1, 2)), ("bp", "s1"), "shap", "shapley", "1", True)
        >>> explanation.with_labels({"bp": "blood pressure"}).feature_names
        ('blood pressure', 's1')
        """
        return cast(Self, relabelled(self, labels))

    def to_frame(self, *, long: bool = False) -> pd.DataFrame:
        """Values as a table.

        Parameters
        ----------
        long : bool, default=False
            Whether the table has one line per row, class and feature, with the columns
            `explainer`, `row`, `target`, `feature`, `value` (that of the feature, if the explained
            rows were kept), `attribution`, `standard_error` and `unit`. A consensus is followed by
            its explainers.

        Returns
        -------
        frame : DataFrame
            Local: one row per sample, one column per feature (per class and feature for
            ``target="all"``). Global: one row per feature, one column named after the method.
        """
        if long:
            return long_frame(self)
        names = list(self.feature_names)
        if self.scope == "global":
            return pd.DataFrame({self.method: self.values}, index=pd.Index(names, name="feature"))
        if self.values.ndim == 2:
            return pd.DataFrame(self.values.copy(), index=self.index, columns=names)
        targets = [0] if self.targets is None else self.targets.tolist()
        columns = pd.MultiIndex.from_product([targets, names], names=["target", "feature"])
        flat = self.values.transpose(0, 2, 1).reshape(self.n_samples, -1)
        return pd.DataFrame(flat, index=self.index, columns=columns)

    def to_shap(self, data: Any = None) -> Any:
        """Convert to a `shap.Explanation` for shap's own plots.

        Plots that add values up, such as waterfall plots, need Shapley values, such as those of
        ``explanation.components["shap"]``. A consensus does not add up to the output.

        Parameters
        ----------
        data : array-like of shape (n_samples, n_features), default=None
            Feature values to show with the attributions. None means the explained rows (the
            attribute `data`), if the explanation keeps them.

        Returns
        -------
        explanation : shap.Explanation
            Base values that are not known are 0.

        Raises
        ------
        InputError
            For a global method, which has no rows.
        """
        return shap_of(self, self.data if data is None else data)

    def _columns_of(self, table: Any) -> Any:
        """A table as an array with the columns of `feature_names`, found by name in a frame."""
        if not is_frame(table):
            return np.asarray(table)
        by_name = {str(label): label for label in labels_of(table)}
        missing = [name for name in self.feature_names if name not in by_name]
        if missing:
            raise InputError(f"`data` must have a column for each feature, it lacks {missing}.")
        chosen = select(table, [by_name[name] for name in self.feature_names])
        return np.asarray(chosen.to_pandas() if hasattr(chosen, "to_pandas") else chosen)

    def save(self, path: str | os.PathLike[str], *, include_data: bool = False) -> None:
        """Write one .npz file (arrays and a JSON header, no pickle), complete or not at all.

        Parameters
        ----------
        path : path
            File to write.
        include_data : bool, default=False
            Whether the file also contains the explained rows (the attribute `data`).

        Raises
        ------
        InputError
            If the index or a column of `data` has objects other than numbers, dates and strings, or
            `data` is neither a pandas DataFrame nor an array.
        """
        if include_data and self.data is None:
            raise InputError("There is no `data` to save: explain with keep_data=True.")
        if include_data and not isinstance(self.data, pd.DataFrame | np.ndarray):
            raise InputError(
                "`include_data` needs explained rows in a pandas DataFrame or an array, got "
                f"{type(self.data).__name__}. Save without them, or explain X.to_pandas()."
            )
        _storage.write(path, self if include_data else replace(self, data=None))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Explanation":
        """Read what `save` wrote, after checking its format, sizes and checksums.

        Raises
        ------
        CorruptExplanationError
            If the file is truncated, altered, not an explanation, or of a newer format.
        """
        result = _storage.read(path)
        if not isinstance(result, Explanation):
            raise CorruptExplanationError(f"{os.fspath(path)} does not contain an explanation.")
        return result

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        compared = [part.name for part in fields(self) if part.compare]
        return all(are_equal(getattr(self, name), getattr(other, name)) for name in compared)

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        hint = ""
        if name.startswith("plot") or name in ("summary", "waterfall", "beeswarm"):
            hint = ": pictures are functions, such as wisca_xai.plots.importance(explanation)"
        elif name in ("shap_values", "local_exp", "data_values"):
            hint = ": the attributions are `values`, and to_frame() is a table of them"
        elif name in ("abs", "mean"):
            hint = ": mean_magnitude() is the mean of the absolute values; or use to_shap()"
        elif name in ("importance", "ranking", "agreement", "verdict", "components"):
            hint = ": only a consensus has it. Use mean_magnitude(), or WISCAExplainer"
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{hint}.")

    def __repr__(self) -> str:
        lines = [self._title(), *(f"  {line}" for line in self._details())]
        return "\n".join(short_text(line) for line in lines)

    def _title(self) -> str:
        rows = "global" if self.scope == "global" else f"{self.n_samples} rows"
        unit = "dimensionless" if self.unit == "1" else f"unit: {self.unit}"
        size = f"{rows} x {len(self.feature_names)} features"
        return f"{type(self).__name__}({self.method}, {size}, {unit})"

    def _details(self) -> list[str]:
        return [f"note: {note}" for note in self.notes]

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(view("fragment")(self))


def frozen_array(values: Any, dtype: Any = np.float64) -> Any:
    """A read-only copy."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array
