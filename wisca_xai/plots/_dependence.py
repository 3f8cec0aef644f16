"""Values of a feature against its attributions."""

from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from wisca_xai._checks import check_choice
from wisca_xai._exceptions import InputError
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._explanation import Explanation
from wisca_xai._text import display_name
from wisca_xai._typing import FloatVector
from wisca_xai.plots._axes import DOWN, check_result, mark_zero, new_axes
from wisca_xai.plots._layout import height_of, lay_out, name_columns, width_of
from wisca_xai.plots._rows import cells_of, check_local, class_after, in_text, shown_of, unit_of
from wisca_xai.plots._swarm import diameters_of, spread

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes

MOST = 12  # categories with a strip of their own
FAINTEST = 0.15  # opacity of a row with weight 0


class _Texts(NamedTuple):
    title: str
    ylabel: str
    xlabel: str


class _Strips(NamedTuple):
    """Names of the categories, and the position of each row's category among them."""

    names: list[str]
    places: FloatVector


def dependence(
    explanation: Explanation,
    feature: str,
    ax: "Axes | None" = None,
    *,
    target: Any = None,
    component: str | None = None,
    labels: Mapping[Any, str] | None = None,
) -> "Axes":
    """Values of a feature against its attributions, with a point for each row.

    Text, categories and booleans have a strip for each value, the most frequent first. In a
    consensus, rows with a small weight are faint.

    Parameters
    ----------
    explanation : Explanation or ConsensusExplanation
        A local explanation that keeps its `data`.
    feature : str
        Name of the feature.
    ax : matplotlib Axes, default=None
        None makes a new figure. A figure of your own needs ``layout="constrained"`` to make space
        for labels.
    target : class label, default=None
        Class to show; needed if all classes are explained. With two classes, rows that explain the
        other one have their signs changed. None shows each row's own class.
    component : str, default=None
        Explainer of a consensus to show. None shows the consensus.
    labels : mapping of str or class label to str, default=None
        Names to show in place of those of features and classes; see `Explanation.with_labels`.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.

    Raises
    ------
    InputError
        If the explanation is global, has no `data`, does not contain the feature, class or
        component, or `labels` is invalid.
    """
    column = _position(explanation, feature)
    whole = check_result(explanation, Explanation, labels)
    target = class_after(explanation, whole, target)
    part = _part(whole, component)
    check_local(part, "dependence")
    cells = cells_of(part)
    if cells is None:
        raise InputError(
            "plots.dependence needs the values of the features, but this explanation has no "
            "`data`. Explain with keep_data=True; when you save it, use include_data=True."
        )
    shown = shown_of(part, target, getattr(whole, "classes", None))
    values, opacity = shown.values[:, column], np.ones(part.n_samples)
    if isinstance(part, ConsensusExplanation):
        opacity = FAINTEST + (1 - FAINTEST) * part.weights
    name = display_name(part.feature_names[column], width=60)
    title = ", ".join(filter(None, [display_name(part.method), shown.meaning]))
    notes = "; faint: rows with a small weight" if np.ptp(opacity) > 0.1 else ""
    texts = _Texts(title, f"attribution ({unit_of(part)})", name)
    ax = new_axes(ax, height=4.2, width=6.4)
    mark_zero(ax, "y")
    is_category = column in getattr(whole, "levels", ())
    known = _as_numbers(pd.Series(list(cells[:, column])).infer_objects())
    if is_category or _has_categories(known):
        _draw_strips(ax, _strips_of(known), values, opacity, texts._replace(xlabel=name + notes))
    else:
        n_left = int((~_is_placed(known)).sum())
        if n_left:
            rows = "1 row is" if n_left == 1 else f"{n_left} rows are"
            notes += f"; {rows} not shown, because the value is missing or infinite"
        _draw_scatter(ax, known, values, opacity, texts._replace(xlabel=name + notes))
    return ax


def _position(explanation: Any, feature: Any) -> int:
    check_result(explanation, Explanation)
    names = [str(name) for name in explanation.feature_names]
    if feature not in explanation.feature_names:
        check_choice("feature", feature, names)
    return list(explanation.feature_names).index(feature)


def _part(explanation: Explanation, component: str | None) -> Explanation:
    if component is None:
        return explanation
    if not isinstance(explanation, ConsensusExplanation):
        raise InputError(
            f"`component` is for a consensus, but this is an explanation of {explanation.method!r} "
            "alone. Leave `component` out."
        )
    check_choice("component", component, explanation.components)
    return explanation.components[component]


def _as_numbers(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of objects that are numbers, such as Decimal, as floats."""
    known = column.dropna()
    if column.dtype.kind != "O" or not all(isinstance(v, Real | Decimal) for v in known):
        return column
    if any(isinstance(value, bool) for value in known):
        return column
    return column.astype("float64")


def _is_placed(column: "pd.Series[Any]") -> "pd.Series[bool]":
    return column.notna() & ~column.isin([np.inf, -np.inf])


def _has_categories(column: "pd.Series[Any]") -> bool:
    """Whether values have names rather than an order: text, booleans and other objects."""
    kind = getattr(column.dropna().infer_objects().dtype, "kind", "O")
    return bool(len(column.dropna())) and kind not in "iufMm"


def _strips_of(column: "pd.Series[Any]") -> _Strips:
    """A strip for each category, the most frequent first, and those of rows that are left."""
    texts = column.map(_whole_text)
    found = texts.value_counts()
    names = sorted(found.index, key=lambda name: (-found[name], name))
    if len(names) > MOST:
        names = [*names[: MOST - 1], f"{len(names) - MOST + 1} others"]
    position = {name: float(i) for i, name in enumerate(names)}
    return _Strips(names, texts.map(lambda text: position.get(text, len(names) - 1.0)).to_numpy())


def _whole_text(cell: Any) -> str:
    """A category in full, because two that are cut may look alike."""
    return cell if isinstance(cell, str) else in_text(cell)


def _draw_strips(
    ax: "Axes", strips: _Strips, values: FloatVector, opacity: FloatVector, texts: _Texts
) -> None:
    n_strips = len(strips.names)
    ax.set_xlim(-0.5, n_strips - 0.5)
    span = np.ptp([*values, 0.0]) or 1.0
    ax.set_ylim(min(values.min(), 0) - 0.05 * span, max(values.max(), 0) + 0.05 * span)
    ax.set_xticks(range(n_strips), [""] * n_strips)
    lay_out(ax, **texts._asdict())
    name_columns(ax, strips.names)
    lay_out(ax, **texts._asdict())
    bottom, top = ax.get_ylim()
    heights = (values - bottom) / (top - bottom) * height_of(ax) * 72
    step = width_of(ax) * 72 / n_strips
    rows = [heights[strips.places == i] for i in range(n_strips)]
    diameter = float(diameters_of(rows, 0.8 * step).min())
    offsets = np.zeros(len(values))
    for i, row in enumerate(rows):
        offsets[strips.places == i] = spread(row, diameter, 0.8 * step) / step
    ax.scatter(strips.places + offsets, values, s=diameter**2, c=_blue(opacity), linewidths=0)


def _blue(opacity: FloatVector) -> Any:
    """A color for each point."""
    from matplotlib.colors import to_rgba

    return np.array([to_rgba(DOWN, alpha) for alpha in opacity])


def _draw_scatter(
    ax: "Axes",
    column: "pd.Series[Any]",
    values: FloatVector,
    opacity: FloatVector,
    texts: _Texts,
) -> None:
    known = _is_placed(column).to_numpy()
    places: Any = column[known]
    if column.dtype.kind == "M":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(maxticks=5)  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        places = places.dt.tz_localize(None)
    elif column.dtype.kind == "m":
        places = places.dt.total_seconds() / 86400
        texts = texts._replace(xlabel=f"{texts.xlabel} (days)")
    else:
        places = places.astype(np.float64)
    ax.scatter(
        places.to_numpy(), values[known], s=16, c=_blue(opacity[known]), linewidths=0, zorder=2
    )
    lay_out(ax, **texts._asdict())
