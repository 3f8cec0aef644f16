"""Plots draw what the result holds, on the Axes that they are given, and nothing else."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from sklearn.linear_model import LogisticRegression

from wisca_xai import InputError, LimeExplainer, ShapExplainer, WISCAExplainer, plots

mpl.use("agg")


@pytest.fixture(scope="module")
def explanation():
    generator = np.random.default_rng(0)
    X = pd.DataFrame(
        generator.normal(size=(60, 4)), columns=["plain", r"$\frac{$", "b\u202eidi", "long" * 30]
    )
    y = np.where(X["plain"] - X.iloc[:, 1] > 0, "$yes$", "no")
    model = LogisticRegression().fit(X, y)
    panel = (ShapExplainer(background_size=10), LimeExplainer(n_samples=100), "permutation")
    return WISCAExplainer(model, explainers=panel, random_state=0).fit(X, y).explain(X[:6], y[:6])


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def tick_texts(ax, axis="y"):
    ax.figure.canvas.draw()  # names that were parsed as formulas would fail here
    return [label.get_text() for label in getattr(ax, f"get_{axis}ticklabels")()]


def test_importance_draws_the_ranking(explanation):
    ax = plots.importance(explanation)
    widths = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(widths, explanation.ranking()["importance"])
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert set(legend) == {"consensus", "shap", "lime", "permutation"}
    assert set(tick_texts(ax)) == {"plain", r"$\frac{$", r"b\u202eidi", ("long" * 30)[:29] + "…"}
    marks = {collection.get_label(): collection.get_offsets() for collection in ax.collections}
    assert marks["shap"][:, 0].max() == 1  # the largest of each explainer stands at 1


def test_importance_shows_as_many_features_as_asked(explanation):
    assert len(plots.importance(explanation, max_features=2).patches) == 2
    with pytest.raises(InputError, match="`max_features` must be an integer of at least 1"):
        plots.importance(explanation, max_features=0)


def test_local_draws_one_row(explanation):
    ax = plots.local(explanation, 2)
    widths = np.array([bar.get_width() for bar in ax.patches])
    expected = explanation.values[2][np.argsort(-np.abs(explanation.values[2]), kind="stable")]
    np.testing.assert_allclose(widths, expected)
    assert "class" in ax.get_title(loc="left")
    tick_texts(ax)


def test_local_draws_a_component_in_its_own_unit(explanation):
    ax = plots.local(explanation.components["shap"], -1)
    assert "probability" in ax.get_xlabel()


@pytest.mark.parametrize(
    ("component", "row", "message"),
    [("permutation", 0, "is global"), ("shap", 6, "`row` must be below 6, got 6")],
)
def test_local_says_what_it_cannot_draw(explanation, component, row, message):
    with pytest.raises(InputError, match=message):
        plots.local(explanation.components[component], row)


def test_agreement_draws_the_disagreement_table(explanation):
    ax = plots.agreement(explanation)
    matrix = ax.images[0].get_array()
    pairs = explanation.disagreement()
    assert matrix[0, 1] == matrix[1, 0] == pairs["rank_correlation"][0]
    assert tick_texts(ax, "x") == ["shap", "lime", "permutation"]
    blank = plots.agreement(explanation, measure="sign_agreement")
    assert "-" in {text.get_text() for text in blank.texts}
    with pytest.raises(InputError, match="`measure` must be one of"):
        plots.agreement(explanation, measure="first")


@pytest.mark.parametrize("plot", [plots.importance, plots.agreement])
def test_plots_use_the_axes_they_are_given(explanation, plot):
    _, ax = pyplot.subplots()
    before = pyplot.get_fignums()
    assert plot(explanation, ax) is ax
    assert pyplot.get_fignums() == before


def test_plots_want_a_consensus(explanation):
    with pytest.raises(InputError, match="must be a ConsensusExplanation, got Explanation"):
        plots.importance(explanation.components["shap"])


def test_shaps_own_plots_draw_the_result(explanation):
    import shap

    shap.plots.waterfall(explanation.to_shap()[0], show=False)
    shap.plots.beeswarm(explanation.to_shap(), show=False)
    assert pyplot.get_fignums()
