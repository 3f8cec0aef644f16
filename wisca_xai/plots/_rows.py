"""What plots of rows read from an explanation: the row, the class, the values of features."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from wisca_xai._exceptions import InputError
from wisca_xai._ranking import order_of
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._direction import numbers_of
from wisca_xai._results._explanation import Explanation
from wisca_xai._text import display_name
from wisca_xai._typing import FloatMatrix, FloatVector, IntVector


class Shown(NamedTuple):
    """Attributions (n_samples, n_features) of one output, their base values, and their class."""

    values: FloatMatrix
    base: FloatVector | None
    meaning: str  # such as "class yes"; empty for a regression


def check_local(explanation: Explanation, plot: str) -> None:
    if explanation.scope == "global":
        raise InputError(
            f"plots.{plot} needs values per row, but {explanation.method!r} is global. Show a "
            "local explainer, such as shap, or the importance of a consensus."
        )


def check_row(explanation: Explanation, row: Any) -> int:
    is_position = isinstance(row, Integral) and not isinstance(row, bool)
    if not is_position or not -explanation.n_samples <= row < explanation.n_samples:
        raise InputError(
            f"`row` must be the position of one row, an int below {explanation.n_samples}, got "
            f"{row!r}."
        )
    return int(row)


def shown_of(explanation: Explanation, target: Any, classes: Any = None) -> Shown:
    """Attributions of one class.

    Rows may explain different ones of two classes. The attributions of one are those of the other
    with the sign changed, so `target` turns all rows to one class.
    """
    targets = None if explanation.targets is None else explanation.targets.tolist()
    base, values = explanation.base_values, explanation.values
    if values.ndim == 3:
        known = [None] if targets is None else targets
        _check_target(target, known)
        k = known.index(target)
        return Shown(values[:, :, k], None if base is None else base[:, k], _class(target))
    if target is None or targets is None:
        _check_target(target, [None] if targets is None else [None, *targets])
        found = list(dict.fromkeys(targets or []))
        meaning = _class(found[0]) if len(found) == 1 else "class of each row" if found else ""
        return Shown(values, base, meaning)
    two = dict.fromkeys(targets if classes is None else [*classes.tolist(), *targets])
    if len(two) > 2 and set(targets) != {target}:
        raise InputError(
            f"`target` needs all rows to explain class {target!r}, but they explain "
            f"{list(dict.fromkeys(targets))}. Use explain(..., target={target!r}) or target='all'."
        )
    _check_target(target, list(two))
    sign = np.array([1.0 if label == target else -1.0 for label in targets])
    # The output of the other class is 1 minus that of this one, or for a margin, minus it.
    shift = 1.0 if explanation.unit == "probability" else 0.0
    turned = None if base is None else np.where(sign > 0, base, shift - base)
    return Shown(values * sign[:, None], turned, _class(target))


def class_after(before: Explanation, after: Explanation, target: Any) -> Any:
    """The name of a class after `labels` were applied."""
    for name in ("targets", "classes"):
        old, new = getattr(before, name, None), getattr(after, name, None)
        if old is not None and new is not None and target in old.tolist():
            return new.tolist()[old.tolist().index(target)]
    return target


def _check_target(target: Any, known: Sequence[Any]) -> None:
    if target not in known:
        known = list(dict.fromkeys(known))
        raise InputError(f"`target` must be one of the explained classes {known}, got {target!r}.")


def _class(label: Any) -> str:
    return "" if label is None else f"class {display_name(str(label))}"


def meaning_of_row(explanation: Explanation, shown: Shown, row: int) -> str:
    """The class that is shown for one row, even if rows explain different ones."""
    if shown.meaning == "class of each row" and explanation.targets is not None:
        return _class(explanation.targets.tolist()[row])
    return shown.meaning


def is_additive(explanation: Explanation) -> bool:
    """Whether base value and attributions of a row add up to the output."""
    return (
        explanation.scope == "local"
        and explanation.family == "shapley"
        and explanation.base_values is not None
    )


def row_title(explanation: Explanation, row: int) -> str:
    name = "" if explanation.index is None else display_name(str(explanation.index[row]))
    return f"{display_name(explanation.method)}, row {name}"


def unit_of(explanation: Explanation) -> str:
    return "dimensionless" if explanation.unit == "1" else display_name(explanation.unit)


def order_of_features(explanation: Explanation) -> IntVector:
    """Positions of the features, the most important first."""
    if isinstance(explanation, ConsensusExplanation):
        return order_of(explanation.importance)
    return order_of(explanation.mean_magnitude())


def cells_of(explanation: Explanation) -> Any:
    """The explained rows as an array (n_samples, n_features), or None."""
    return None if explanation.data is None else explanation._columns_of(explanation.data)


def endings_of_row(explanation: Explanation, row: int, columns: Any) -> list[str]:
    """What follows the name of a feature: its value in one row, such as " = 3"."""
    cells = cells_of(explanation)
    return (
        [""] * len(columns) if cells is None else [f" = {in_text(cells[row, j])}" for j in columns]
    )


def codes_of(explanation: Explanation, levels: Sequence[int] = ()) -> FloatMatrix | None:
    """The features as numbers, NaN for text and categories; None if they are not known."""
    cells = cells_of(explanation)
    if cells is None:
        return None
    texts = [j for j in range(cells.shape[1]) if any(isinstance(cell, str) for cell in cells[:, j])]
    return numbers_of(cells, sorted({*levels, *texts}))


def in_text(cell: Any) -> str:
    """A value of a feature as short text."""
    if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell:  # NaN differs from itself
        return "missing"
    if isinstance(cell, np.datetime64 | pd.Timestamp):
        moment = pd.Timestamp(cell)
        return moment.strftime("%Y-%m-%d" if moment == moment.normalize() else "%Y-%m-%d %H:%M")
    if isinstance(cell, int | float | np.number) and not isinstance(cell, bool | np.timedelta64):
        size, is_whole = abs(float(cell)), float(cell).is_integer()
        is_short = size < 1e6 and (is_whole or size >= 1e3)  # 42600, not 4.26e+04
        return f"{float(cell):.0f}" if is_short else f"{float(cell):.3g}"
    return str(display_name(str(cell), width=16))
