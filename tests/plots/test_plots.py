"""Plots draw what the result holds, on the Axes that they are given, and nothing else."""

import dataclasses

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from sklearn.linear_model import LogisticRegression

from wisca_xai import (
    InputError,
    LimeExplainer,
    ShapExplainer,
    WISCAExplainer,
    merge_explanations,
    plots,
)

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
    assert set(legend) == {"consensus", "95% interval", "shap", "lime", "permutation"}
    texts = {text.replace("\n", "").rstrip(" ↑↓") for text in tick_texts(ax)}
    assert {"plain", r"$\frac{$", r"b\u202eidi"} < texts
    marks = {collection.get_label(): collection.get_offsets() for collection in ax.collections}
    for name in ("shap", "lime", "permutation"):  # on the scale of the bars
        assert marks[name][:, 0].sum() == pytest.approx(1)


def test_units_and_names_of_functions_are_no_formulas(explanation):
    odd = dataclasses.replace(explanation, consensus=r"$\frac{$", unit=r"$\frac{$")
    for plot in (plots.importance, lambda some: plots.attributions(some, 0)):
        plot(odd).figure.canvas.draw()


def test_importance_shows_as_many_features_as_asked(explanation):
    assert len(plots.importance(explanation, max_features=2).patches) == 2
    with pytest.raises(InputError, match="`max_features` must be an integer of at least 1"):
        plots.importance(explanation, max_features=0)


def test_local_draws_one_row(explanation):
    ax = plots.attributions(explanation, 2)
    widths = np.array([bar.get_width() for bar in ax.patches])
    expected = explanation.values[2][np.argsort(-np.abs(explanation.values[2]), kind="stable")]
    np.testing.assert_allclose(widths, expected)
    assert "class" in ax.get_title(loc="left")
    tick_texts(ax)


def test_local_draws_a_component_in_its_own_unit(explanation):
    ax = plots.attributions(explanation.components["shap"], -1)
    assert "probability" in ax.get_xlabel()


@pytest.mark.parametrize(
    ("component", "row", "message"),
    [
        ("permutation", 0, "is global"),
        ("shap", 6, "position of one row, an int below 6, got 6"),
        ("shap", "a", "got 'a'"),
    ],
)
def test_local_says_what_it_cannot_draw(explanation, component, row, message):
    with pytest.raises(InputError, match=message):
        plots.attributions(explanation.components[component], row)


def test_agreement_draws_the_disagreement_table(explanation):
    ax = plots.agreement(explanation)
    matrix = ax.images[0].get_array()
    pairs = explanation.agreement()
    assert matrix[0, 1] == matrix[1, 0] == pairs["agreement"][0]
    assert tick_texts(ax, "x") == ["shap", "lime", "permutation"]
    blank = plots.agreement(explanation, measure="sign_agreement")
    assert "-" in {text.get_text() for text in blank.texts}
    with pytest.raises(InputError, match="`measure` must be one of"):
        plots.agreement(explanation, measure="first")


@pytest.mark.parametrize("plot", [plots.importance, plots.agreement, plots.partial_order])
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


def test_partial_order_draws_the_features_and_the_order(explanation):
    ax = plots.partial_order(explanation)
    names = explanation.ranking()["feature"].tolist()
    order = explanation.partial_order(names)
    ax.figure.canvas.draw()  # names that were parsed as formulas would fail here
    shown = ["plain", r"$\frac{$", r"b\u202eidi", "longlonglong…onglonglong"]
    assert sorted(text.get_text() for text in ax.texts) == sorted(shown)
    assert not any(text.get_parse_math() for text in ax.texts)
    places = [text.get_position() for text in ax.texts]
    assert len(set(places)) == 4
    assert [-y for _, y in places] == order.levels().tolist()
    drawn = [line.get_xydata()[[0, -1]] for line in ax.get_lines()]
    np.testing.assert_allclose(drawn, [(places[i], places[j]) for i, j in order.edges()])
    assert drawn


NINE = [f"name of feature {i}" for i in range(9)]


def ranked(*rankings):
    """The consensus of methods that rank features, best first."""
    scores = {name: dict(zip(r, range(len(r), 0, -1), strict=True)) for name, r in rankings}
    return merge_explanations({name: pd.Series(score) for name, score in scores.items()})


def shuffled(seed, n_features, noise):
    """Two methods that mostly agree; names of very different length."""
    generator = np.random.default_rng(seed)
    names = np.array([f"f{i}" + " long" * (i % 5) for i in range(n_features)])
    moved = np.arange(n_features) + generator.normal(0, noise, (2, n_features))
    return ranked(*zip(("one", "two"), names[moved.argsort(axis=1)].tolist(), strict=True))


@pytest.mark.parametrize("on", ["a figure of its own", "half a figure"])
@pytest.mark.parametrize(
    "order",
    [
        # Middle and right reach last past lower.
        ranked(
            ("one", ["left", "lower", "middle", "right", "last"]),
            ("two", ["middle", "right", "left", "lower", "last"]),
        ),
        ranked(("one", NINE), ("two", NINE[::-1])),
        shuffled(0, 15, 3.0),
        shuffled(1, 15, 6.0),
        shuffled(2, 12, 2.0),
    ],
    ids=["by hand", "all on one level", "some", "many", "few"],
)
def test_no_line_of_a_partial_order_runs_behind_a_feature(order, on):
    _, half = pyplot.subplots(1, 2, figsize=(12, 9))
    ax = plots.partial_order(order, half[0] if on == "half a figure" else None)
    ax.figure.canvas.draw()
    boxes = [text.get_bbox_patch().get_window_extent() for text in ax.texts]
    frame = ax.get_window_extent()
    for i, box in enumerate(boxes):
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        assert not any(box.overlaps(other) for other in boxes[:i])
    edges = order.partial_order(order.ranking()["feature"].head(15)).edges()
    passed = []
    for line, ends in zip(ax.get_lines(), edges, strict=True):
        points = ax.transData.transform(line.get_xydata())
        for i, box in enumerate(boxes):
            above, below = points > [box.x0, box.y0], points < [box.x1, box.y1]
            assert (above & below).all(axis=1).any() == (i in ends)
        x, y = line.get_xydata().T
        lowest, *between, highest = range(round(y[-1]), round(y[0]) + 1)
        for level in (lowest, *between, highest):
            assert np.ptp(x[np.abs(y - level) < 0.19]) < 1e-9  # upright beside boxes
        passed += [(level, round(x[y == level][0], 6)) for level in between]
    assert len(set(passed)) == len(passed)  # no two lines as one


def test_partial_order_shows_as_many_features_as_asked(explanation):
    ax = plots.partial_order(explanation, max_features=2)
    assert len(ax.texts) == 2
    with pytest.raises(InputError, match="`max_features` must be an integer of at least 1"):
        plots.partial_order(explanation, max_features=0)
    with pytest.raises(InputError, match="must be a ConsensusExplanation"):
        plots.partial_order(explanation.components["shap"])


@pytest.fixture
def cells():
    """Three cells: $x$ wins the first, shap the others."""
    rows = []
    for seed, (best, other) in enumerate([("$x$", "shap"), ("shap", "$x$"), ("shap", "$x$")]):
        rows += [
            ("explainer", best, 0.0, 1, seed),
            ("explainer", other, 0.25, 2, seed),
            ("consensus", "wisca", 0.125 * seed, 1 + (seed > 0), seed),
            ("consensus", "mean", 0.5, 3, seed),
            ("chance", "random", 0.75, 3, seed),
        ]
    return pd.DataFrame(rows, columns=["kind", "method", "regret", "rank", "seed"])


def test_regret_draws_a_box_per_method_the_smallest_mean_on_top(cells):
    ax = plots.regret(cells)
    ax.figure.canvas.draw()
    # Means: shap 1/12, wisca 1/8, $x$ 1/6, mean 1/2; what is neither is left out.
    by_height = dict(zip(ax.get_yticks(), tick_texts(ax), strict=True))
    assert [by_height[y] for y in sorted(by_height, reverse=True)] == [
        "shap",
        "wisca",
        "$x$",
        "mean",
    ]
    means = [line for line in ax.get_lines() if line.get_marker() == "^"]
    found = sorted((line.get_ydata()[0], line.get_xdata()[0]) for line in means)
    np.testing.assert_allclose([x for _, x in found], [1 / 2, 1 / 6, 1 / 8, 1 / 12])


def test_ranks_draw_the_shares_of_the_cells(cells):
    ax = plots.explainer_ranks(cells)
    names = tick_texts(ax)
    assert names == ["wisca", "$x$", "shap"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["rank 1", "rank 2"]
    assert len(ax.patches) == 6  # three methods by two ranks
    widths = np.array([bar.get_width() for bar in ax.patches]).reshape(2, 3)
    np.testing.assert_allclose(widths, [[1 / 3, 1 / 3, 2 / 3], [2 / 3, 2 / 3, 1 / 3]])
    lefts = np.array([bar.get_x() for bar in ax.patches]).reshape(2, 3)
    np.testing.assert_allclose(lefts, [np.zeros(3), widths[0]])


def test_ranks_are_drawn_of_the_consensus_that_is_asked_for(cells):
    other = plots.explainer_ranks(cells, consensus="mean")
    assert tick_texts(other) == ["mean", "$x$", "shap"]
    assert [text.get_text() for text in other.get_legend().get_texts()][-1] == "rank 3"
    ends = np.array([bar.get_x() + bar.get_width() for bar in other.patches]).reshape(3, 3)
    np.testing.assert_allclose(ends, [[0, 1 / 3, 2 / 3], [0, 1, 1], [1, 1, 1]])


@pytest.mark.parametrize("plot", [plots.regret, plots.explainer_ranks])
def test_plots_of_a_study_use_the_axes_they_are_given(cells, plot):
    _, ax = pyplot.subplots()
    before = pyplot.get_fignums()
    assert plot(cells, ax) is ax
    assert pyplot.get_fignums() == before
    assert isinstance(plot(cells), pyplot.Axes)
