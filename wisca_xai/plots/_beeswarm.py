"""Points of all rows: one line per feature."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wisca_xai._checks import check_count
from wisca_xai._results._explanation import Explanation
from wisca_xai._text import display_name
from wisca_xai._typing import FloatMatrix, FloatVector, IntVector
from wisca_xai.plots._axes import DOWN, GREY, check_result, mark_zero, new_axes
from wisca_xai.plots._layout import font_size, height_of, lay_out_rows, settle, width_of
from wisca_xai.plots._rows import (
    check_local,
    class_after,
    codes_of,
    order_of_features,
    shown_of,
    unit_of,
)
from wisca_xai.plots._swarm import diameters_of, spread

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes


def beeswarm(
    explanation: Explanation,
    ax: "Axes | None" = None,
    *,
    target: Any = None,
    max_features: int = 15,
    labels: Mapping[Any, str] | None = None,
) -> "Axes":
    """One line per feature, with a point for the attribution of each row.

    Colors go from low to high values of the feature, by rank. Points are grey if the feature is a
    category or its value is missing. Points move up or down only to avoid overlap; with many
    thousands of rows some overlap.

    Parameters
    ----------
    explanation : Explanation or ConsensusExplanation
        A local explanation. Without its `data`, points have no colors.
    ax : matplotlib Axes, default=None
        None makes a new figure. A figure of your own needs ``layout="constrained"`` to make space
        for names.
    target : class label, default=None
        Class to show; needed if all classes are explained. With two classes, rows that explain the
        other one have their signs changed. None shows each row's own class.
    max_features : int, default=15
        Number of features to show, the most important ones.
    labels : mapping of str or class label to str, default=None
        Names to show in place of those of features and classes; see `Explanation.with_labels`.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.

    Raises
    ------
    InputError
        If the explanation is global, does not contain the class, or `labels` is invalid.
    """
    given, explanation = explanation, check_result(explanation, Explanation, labels)
    target = class_after(given, explanation, target)
    check_local(explanation, "beeswarm")
    shown = shown_of(explanation, target, getattr(explanation, "classes", None))
    top = order_of_features(explanation)[: check_count("max_features", max_features)]
    values = shown.values[:, top]
    shades = _shades(explanation, top)
    pitch = 0.42 if ax is None else None
    ax = new_axes(ax, height=1.6 + 0.42 * len(top))
    low, high = min(values.min(), 0.0), max(values.max(), 0.0)
    span = (high - low) or 1.0
    ax.set_xlim(low - 0.04 * span, high + 0.04 * span)
    mark_zero(ax, "x")
    if shades is not None and np.isfinite(shades).any():
        _add_colorbar(ax)
    n = explanation.n_samples
    rows = f"{n} row{'s' if n > 1 else ''}"
    title = f"Attributions of {rows} ({display_name(explanation.method)})"
    of_all = f"; {len(top)} of {len(explanation.feature_names)} features"
    lay_out_rows(
        ax,
        names=[explanation.feature_names[j] for j in top],
        title=f"{title}: {shown.meaning}" if shown.meaning else title,
        xlabel=f"attribution ({unit_of(explanation)})"
        + (of_all if len(top) < len(explanation.feature_names) else "")
        + _note(shades),
        pitch=pitch,
    )
    _draw(ax, values, shades)
    return ax


def _shades(explanation: Explanation, top: IntVector) -> FloatMatrix | None:
    """Rank of each value in its feature, from 0 to 1; NaN for missing values and categories."""
    codes = codes_of(explanation, getattr(explanation, "levels", ()))
    if codes is None:
        return None
    shades = np.full((len(codes), len(top)), np.nan)
    for k, j in enumerate(top):
        known = np.isfinite(codes[:, j])
        if known.any():
            # Ranks among the different values, so that few values have clearly different colors.
            _, steps = np.unique(codes[known, j], return_inverse=True)
            shades[known, k] = steps / steps.max() if steps.max() else 0.5
    return shades


def _note(shades: FloatMatrix | None) -> str:
    if shades is None:
        return "; no colors, because values of features are not known: use keep_data=True"
    return "" if np.isfinite(shades).all() else "; grey: categories and missing values"


def _colors() -> Any:
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["plasma"](np.linspace(0.0, 0.85, 256)), name="values")


def _add_colorbar(ax: "Axes") -> None:
    from matplotlib.cm import ScalarMappable

    bar = ax.figure.colorbar(
        ScalarMappable(cmap=_colors()), ax=ax, aspect=35, fraction=0.05, pad=0.02
    )
    size = font_size(ax, "ytick.labelsize")
    bar.set_ticks([0, 1], labels=["low", "high"], fontsize=size)
    bar.ax.tick_params(length=0)
    bar.set_label("value of the feature", fontsize=size, labelpad=-8)
    bar.outline.set_visible(False)


def _draw(ax: "Axes", values: FloatMatrix, shades: FloatMatrix | None) -> None:
    settle(ax)
    left, right = ax.get_xlim()
    places = (values - left) / (right - left) * width_of(ax) * 72
    step = height_of(ax) * 72 / values.shape[1]  # points between two lines
    room = 0.9 * step
    diameters = diameters_of(list(places.T), room)
    colors = _colors()
    for k in range(values.shape[1]):
        line = values.shape[1] - 1 - k
        offsets = spread(places[:, k], diameters[k], room) / step
        shade = np.full(len(values), np.nan) if shades is None else shades[:, k]
        painted = np.where(
            np.isnan(shade)[:, None],
            _rgba(GREY if shades is not None else DOWN),
            colors(np.nan_to_num(shade)),
        )
        ax.scatter(
            values[:, k], line + offsets, s=diameters[k] ** 2, c=painted, linewidths=0, zorder=2
        )


def _rgba(color: str) -> FloatVector:
    from matplotlib.colors import to_rgba

    return np.array(to_rgba(color))
