"""Texts of plots stay apart and in the figure, however long the names and narrow the figure."""

import dataclasses
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from tests.plots.figure_checks import faults
from wisca_xai import merge_explanations, plots
from wisca_xai.plots._fit import fit_names, wrap_text

mpl.use("agg")

NAMES = {
    "short": [f"x{i}" for i in range(5)],
    "long": [f"the_average_of_transactions_of_the_account_in_the_last_{i}_days" for i in range(13)],
    "Japanese": [f"顧客口座の取引金額の平均値(過去{i}日間)について" for i in range(5)],
    "odd": ["$x_1$ & <b>", "$\\frac{$", "a\nb", "W" * 60, "\u202eevil", "_", "%s {}"],
    "many": [f"feature number {i} of the table" for i in range(100)],
}
PLOTS = {
    "importance": lambda e, ax: plots.importance(e, ax, max_features=100),
    "attributions": lambda e, ax: plots.attributions(e, 0, ax, max_features=100),
    "waterfall": lambda e, ax: plots.waterfall(e, 0, ax, max_features=100),
    "beeswarm": lambda e, ax: plots.beeswarm(e, ax, max_features=100),
    "dependence": lambda e, ax: plots.dependence(e, e.feature_names[0], ax),
}


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def consensus_of(names, n_samples=8):
    """A consensus with data, whose first explainer adds up."""
    generator = np.random.default_rng(0)
    X = pd.DataFrame(generator.normal(size=(n_samples, len(names))), columns=names)
    effects = X / np.arange(1, len(names) + 1)
    parts = {"shap": effects, "other": effects**3, "a global explainer": effects.abs().mean()}
    merged = merge_explanations(parts)
    shap = dataclasses.replace(
        merged.components["shap"], family="shapley", base_values=np.full(n_samples, 0.5)
    )
    return dataclasses.replace(merged, data=X, components={**merged.components, "shap": shap})


@pytest.mark.filterwarnings("ignore:Glyph")  # matplotlib's own, if no font has the characters
@pytest.mark.parametrize(
    ("kind", "width"), [("long", 3.3), ("Japanese", 3.3), ("odd", 3.3), ("long", None)]
)
def test_no_text_overlaps_another_or_leaves_the_figure(kind, width):
    explanation = consensus_of(NAMES[kind])
    for name, plot in PLOTS.items():
        ax = None
        if width is not None:
            ax = pyplot.figure(figsize=(width, 3.6), layout="constrained").subplots()
        assert faults(plot(explanation, ax).figure) == [], name


def test_a_hundred_names_stay_apart():
    ax = pyplot.figure(figsize=(6.9, 7.0), layout="constrained").subplots()
    plots.importance(consensus_of(NAMES["many"]), ax, max_features=100)
    assert faults(ax.figure) == []


def test_long_names_of_explainers_stay_apart():
    importance = pd.Series({"a": 2.0, "b": 1.0})
    names = [f"the surrogate model of the team, version {i} of the year" for i in range(7)]
    merged = merge_explanations(dict.fromkeys(names, importance))
    for width in (3.3, 6.9):
        ax = pyplot.figure(figsize=(width, 3.3), layout="constrained").subplots()
        assert faults(plots.agreement(merged, ax).figure) == []


def test_a_new_figure_grows_with_its_rows():
    few, many = (
        plots.attributions(consensus_of(NAMES[kind]), 0, max_features=100).figure
        for kind in ("short", "many")
    )
    assert few.get_figheight() < 4
    assert many.get_figheight() > 25
    assert few.get_figwidth() == many.get_figwidth()


@pytest.mark.filterwarnings("ignore:Glyph")
def test_plots_side_by_side_keep_to_their_places():
    explanation = consensus_of(NAMES["long"])
    figure = pyplot.figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    plots.importance(explanation, left)
    plots.waterfall(explanation, 0, right)
    assert faults(figure) == []


def test_plots_neither_warn_nor_change_settings():
    before = dict(mpl.rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # No font here has these characters.
        for plot in PLOTS.values():
            plot(consensus_of(NAMES["Japanese"]), None)
    assert dict(mpl.rcParams) == before


def measure(text):
    """One inch for each character."""
    return float(len(text))


def test_names_wrap_before_they_are_cut():
    names = ["mean of the account", "a"]
    assert fit_names(names, ["", " = 3"], measure, width=12.0) == (
        ["mean of the\naccount", "a = 3"],
        19,
    )


def test_a_cut_name_keeps_its_ending_and_differs_from_others():
    names = [f"{'x' * 40}{i}{'y' * 40}" for i in range(3)]
    shown, length = fit_names(names, [" = 1"] * 3, measure, width=15.0)
    assert len(set(shown)) == 3
    assert all(text.endswith(" = 1") for text in shown)
    assert all(len(line) <= 15 for text in shown for line in text.split("\n"))
    assert length < 81


def test_text_breaks_between_words_and_long_words_break_anywhere():
    assert wrap_text("one two three", measure, width=7.0) == "one two\nthree"
    assert wrap_text("abcdefgh i", measure, width=3.0) == "abc\ndef\ngh\ni"
