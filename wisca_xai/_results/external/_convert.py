"""Convert attributions from other sources to an Explanation."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wisca_xai._checks import check_choice
from wisca_xai._exceptions import InputError
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._receipt import Receipt
from wisca_xai._results.external._sources import Source, position_of, read, real_numbers, refuse
from wisca_xai._typing import FloatArray, IntVector, LabelVector, Target, Unit

SCOPES = ("local", "global")


def from_external(
    attributions: Any,
    *,
    name: str | None = None,
    feature_names: Sequence[str] | None = None,
    unit: Unit = "1",
    signed: bool | None = None,
    family: str | None = None,
    target: Target = None,
    scope: str | None = None,
    targets: ArrayLike | None = None,
    index: Any = None,
    base_values: ArrayLike | None = None,
) -> Explanation:
    """Convert attributions from another library, or a table of them, to an `Explanation`.

    Parameters
    ----------
    attributions : object
        - `shap.Explanation` of all rows or of one row. If it was reduced over the rows, as by
          ``.abs.mean(0)``, it is global;
        - `lime.explanation.Explanation` of a table's row, or a list of them. Features that LIME
          left out get 0;
        - the result of `sklearn.inspection.permutation_importance`;
        - Series: global, with the features as its index;
        - DataFrame: local, with samples as rows and features as columns. A single column with
          strings as its index is global, unless `scope` is "local";
        - ndarray: (n_features,) is global, (n_samples, n_features) is local, and (n_samples,
          n_features, k) is local with k classes.
    name : str, default=None
        Becomes `Explanation.method`. None means "shap", "lime", "permutation" or "external".
    feature_names : sequence of str, default=None
        None means the object's own names, or x0, x1, ... if it has none. LIME names a category
        with its level, as in "colour=red": the part from the last "=" on is cut off, or more, if
        the parts before it differ between rows.
    unit : str, default="1"
        Unit of the attributions, see `Explanation`; "1" means dimensionless or not known.
    signed : bool, default=None
        Whether the sign is the direction of the effect. None means True for local values, unless
        shap's ``.abs`` was applied, and False for global ones.
    family : str, default=None
        Methods of one family share one vote with ``weighting="family"``. None means "shapley" for
        shap, "local_surrogate" for LIME, "loss" for permutation importance, else `name`.
    target : "predicted", "all" or a class label, default=None
        Class to pick if there are several. An integer that is no label is taken as a position.
        "predicted" picks by row: LIME's most probable class, else the output for which base value
        plus attributions is largest. None means "predicted" for LIME, else "all".
    scope : {"local", "global"}, default=None
        Whether there is one vector per row or one over all rows. None decides as described at
        `attributions`.
    targets : array-like of shape (n_samples,) or (k,), default=None
        Class that is explained in each row; a single label holds for all rows. For values with an
        axis of classes: the label of each class, from which `target` picks. None means the
        object's own labels.
    index : array-like of shape (n_samples,), default=None
        Row labels, by which explanations are matched. None means those of a DataFrame, if any.
    base_values : float or array-like of shape (n_samples,), (k,) or (n_samples, k), default=None
        None means the object's own base values; for LIME the intercepts.

    Returns
    -------
    explanation : Explanation
        For LIME, ``diagnostics["r2"]`` is the local R2 (NaN if LIME only kept that of another
        class), and `fidelity` its mean. For permutation importance, `standard_errors` are those of
        the mean over repeats.

    Raises
    ------
    InputError
        If the object is of another type, its numbers are not finite, shapes do not match, names
        are not unique, or the target is not among its classes.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [0.5, -0.25], "height": [0.0, 1.0]}, index=["Ada", "Bob"])
    >>> from_external(table, name="gradients")
    Explanation(gradients, 2 rows x 2 features, dimensionless)
    >>> from_external(pd.Series({"age": 3.0, "height": 1.0})).scope
    'global'
    """
    check_choice("unit", unit, get_args(Unit))
    if scope is not None:
        check_choice("scope", scope, SCOPES)
    source = read(attributions, target=target, scope=scope)
    name = source.library if name is None else name
    for what, text in (("name", name), ("family", family)):
        if text is not None and not (isinstance(text, str) and text):
            raise InputError(f"`{what}` must be a string that is not empty, got {text!r}.")
    names = _checked_names(source, feature_names)
    check_numbers(name, source.values, names)
    given = {"target": target, "targets": targets, "index": index, "base_values": base_values}
    source = _with_given(source, name, given)
    if source.library != "lime":
        source = _picked(source, target)
    is_global = source.values.ndim == 1
    by_default = not is_global if source.signed is None else source.signed
    return Explanation(
        values=source.values,
        feature_names=names,
        method=name,
        family=family or source.family or name,
        unit=unit,
        signed=by_default if signed is None else bool(signed),
        standard_errors=source.standard_errors,
        base_values=source.base_values,
        targets=source.targets,
        index=source.index,
        fidelity=source.fidelity,
        diagnostics=source.diagnostics,
        notes=_notes(name, source),
        receipt=Receipt(settings={"source": source.library}),
    )


def _with_given(source: Source, name: str, given: Mapping[str, Any]) -> Source:
    """Replace base values, targets and index by those that the user gave, and check them."""
    if source.values.ndim == 1:
        refuse(given, f"{name!r} is global: it has no rows and no classes")
    base = source.base_values if given["base_values"] is None else given["base_values"]
    targets = source.targets if given["targets"] is None else given["targets"]
    if targets is None and source.values.ndim == 3:
        targets = np.arange(source.values.shape[2])
    index = source.index if given["index"] is None else given["index"]
    return replace(
        source,
        base_values=None if base is None else _per_row(name, base, source.values),
        targets=_checked_targets(targets, source.values),
        index=_checked_index(index, source.values),
    )


def _checked_names(source: Source, given: Sequence[Any] | None) -> tuple[str, ...]:
    n_features = source.values.shape[min(1, source.values.ndim - 1)]
    chosen: Any = source.names if given is None else given
    if chosen is None:
        return tuple(f"x{j}" for j in range(n_features))
    if isinstance(chosen, str) or np.ndim(chosen) != 1:
        raise InputError(
            f"`feature_names` must be a sequence of {n_features} strings, got {chosen!r}."
        )
    names = tuple(str(name) for name in chosen)
    if len(names) != n_features:
        raise InputError(
            f"`feature_names` must have one name for each of {n_features} features, got "
            f"{len(names)}. The attributions have shape {source.values.shape}."
        )
    twice = sorted(name for name, n in Counter(names).items() if n > 1)
    if twice:
        raise InputError(f"Feature names must be unique, got {twice} more than once. Rename them.")
    return names


def check_numbers(name: str, values: FloatArray, names: Sequence[str]) -> None:
    """Raise InputError with the number of entries that are not finite, and the first of them."""
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong) == 0:
        return
    first = tuple(int(i) for i in wrong[0])
    row = "" if values.ndim == 1 else f" in row {first[0]}"
    output = "" if values.ndim < 3 else f", output {first[2]}"
    feature = names[first[min(1, values.ndim - 1)]]
    raise InputError(
        f"Attributions of {name!r} must be finite, got {len(wrong)} of {values.size} that are not: "
        f"the first is {values[first]}{row}, feature {feature!r}{output}. Drop such rows, or "
        "explain them again."
    )


def _per_row(name: str, base_values: Any, values: FloatArray) -> FloatArray:
    """Base values (n,) or (n, k). One number, or one per output, holds for all rows."""
    base = real_numbers(np.asarray(base_values))
    expected = values.shape[:1] + values.shape[2:]
    if base.shape == (len(values), 1) and values.ndim == 2:
        base = base[:, 0]
    if base.shape not in (expected, expected[1:], (), (1,)):
        raise InputError(
            f"`base_values` of {name!r} must have shape {expected}, got {base.shape} with "
            f"attributions of shape {values.shape}. Interaction values are not supported."
        )
    if not np.isfinite(base).all():
        raise InputError(
            f"`base_values` of {name!r} must be finite, got {(~np.isfinite(base)).sum()} of "
            f"{base.size} that are not."
        )
    return np.broadcast_to(base, expected)


def _checked_targets(targets: Any, values: FloatArray) -> LabelVector | None:
    """Labels (n,), or (k,) for values with an axis of classes."""
    if targets is None:
        return None
    labels = np.asarray(targets)
    expected = values.shape[:1] if values.ndim == 2 else values.shape[2:]
    if values.ndim == 2 and labels.size == 1:
        labels = np.full(expected, labels.ravel()[0])
    if labels.shape != expected:
        raise InputError(
            f"`targets` must have one label per {'row' if values.ndim == 2 else 'class'}, shape "
            f"{expected}, got {labels.shape}."
        )
    if values.ndim == 3 and len({str(label) for label in labels}) < len(labels):
        raise InputError(f"`targets` must be different for each class, got {labels.tolist()}.")
    return labels


def _checked_index(index: Any, values: FloatArray) -> pd.Index | None:
    if index is None:
        return None
    labels = index if isinstance(index, pd.Index) else pd.Index(index)
    if len(labels) != len(values):
        raise InputError(f"`index` must have one label per row, {len(values)}, got {len(labels)}.")
    return labels


def _picked(source: Source, target: Target) -> Source:
    """Pick one of several classes, or keep all of them."""
    values, base = source.values, source.base_values
    if values.ndim == 2:
        refuse({"target": target}, "There is one output per row, so there is no class to choose")
    if target is pd.NA or isinstance(target, list | np.ndarray | pd.Series):
        raise InputError(f"`target` must be one class, 'predicted' or 'all', got {target!r}.")
    if target in (None, "all"):
        return source
    rows = np.arange(len(values))
    labels = np.asarray(source.targets)
    if target == "predicted":
        if base is None:
            raise InputError(
                "target='predicted' needs `base_values`, got None. Pass them, so that base value "
                "and attributions add up to the outputs, or choose a class."
            )
        columns: IntVector = np.argmax(base + values.sum(axis=1), axis=1)
    else:
        columns = np.full(len(values), position_of(target, labels.tolist()))
    return replace(
        source,
        values=values[rows, :, columns],
        base_values=None if base is None else base[rows, columns],
        targets=labels[columns],
    )


def _notes(name: str, source: Source) -> tuple[str, ...]:
    if source.values.ndim > 1 or source.library == "permutation" or source.values.min() >= 0:
        return ()
    return (
        f"{name} has importances below 0, which count as 0 in a consensus. If their sign is a "
        "direction, pass magnitudes.",
    )
