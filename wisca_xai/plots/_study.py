"""Plots of the results of a study."""

from typing import TYPE_CHECKING, Any

import numpy as np

from wisca_xai.plots._axes import name_ticks, new_axes

if TYPE_CHECKING:  # Importing matplotlib is slow.
    import pandas as pd
    from matplotlib.axes import Axes


def regret(cells: "pd.DataFrame", ax: "Axes | None" = None) -> "Axes":
    """Box plot of the regret of each method in a study, the smallest mean on top.

    Methods are the consensus functions and the single explainers.

    Parameters
    ----------
    cells : DataFrame
        Table from `wisca_xai.study.regrets`.
    ax : matplotlib Axes, default=None
        None makes a new figure.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.
    """
    kept = cells[cells["kind"].isin(["consensus", "explainer"])]
    names = kept.groupby("method")["regret"].mean().sort_values().index
    by_name = [kept.loc[kept["method"] == name, "regret"].to_numpy() for name in names]
    ax = new_axes(ax, height=1.4 + 0.32 * len(names))
    positions = np.arange(len(names))[::-1]
    ax.boxplot(by_name, positions=positions, orientation="horizontal", showmeans=True, widths=0.6)
    name_ticks(ax, "y", positions, names)
    ax.axvline(0, color="#666666", linewidth=0.8)
    ax.set_xlabel("score of the best single explainer in the cell minus score of the method")
    ax.set_title("Regret in each cell", loc="left")
    return ax


def explainer_ranks(
    cells: "pd.DataFrame", ax: "Axes | None" = None, *, consensus: str = "wisca"
) -> "Axes":
    """Bars of how often each method ranks first, second, ... in the cells of a study.

    Methods are one consensus function and the single explainers.

    Parameters
    ----------
    cells : DataFrame
        Table from `wisca_xai.study.regrets`.
    ax : matplotlib Axes, default=None
        None makes a new figure.
    consensus : str, default="wisca"
        Consensus function to show on top of the single explainers.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.
    """
    own = (cells["kind"] == "consensus") & (cells["method"] == consensus)
    single = cells["kind"] == "explainer"
    names = [consensus, *sorted(cells.loc[single, "method"].unique())]
    ranks = sorted(cells.loc[own | single, "rank"].unique())
    ax = new_axes(ax, height=1.6 + 0.4 * len(names))
    positions, left = np.arange(len(names))[::-1], np.zeros(len(names))
    for rank, color in zip(ranks, _shades(len(ranks)), strict=True):
        by_name = cells[own | single].groupby("method")["rank"]
        width = np.array([(by_name.get_group(name) == rank).mean() for name in names])
        ax.barh(positions, width, left=left, color=color, label=f"rank {rank}")
        left += width
    name_ticks(ax, "y", positions, names)
    ax.set_xlabel("share of cells; rank = 1 + number of explainers with a higher score")
    ax.legend(frameon=False, ncols=len(ranks), loc="upper center", bbox_to_anchor=(0.5, -0.18))
    ax.set_title("Rank among the single explainers", loc="left")
    return ax


def _shades(number: int) -> Any:
    from matplotlib import colormaps

    return colormaps["Blues_r"](np.linspace(0.15, 0.85, number))
