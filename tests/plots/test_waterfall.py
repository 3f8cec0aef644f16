"""plots.waterfall: bars add up from the base value to the output."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from tests.results.explanation_cases import (
    CUBE,
    LOCAL,
    NAMES,
    ROWS,
    make_all,
    make_consensus,
    make_global,
    make_local,
)
from wisca_xai import InputError, plots

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def bars_of(ax):
    """Start and width of each bar, from the bottom."""
    bars = sorted(ax.patches, key=lambda bar: bar.get_y())
    return [bar.get_x() for bar in bars], [bar.get_width() for bar in bars]


@pytest.mark.parametrize("max_features", [1, 3])
def test_each_bar_begins_where_the_one_below_ends(max_features):
    starts, widths = bars_of(plots.waterfall(make_local(), 1, max_features=max_features))
    ends = np.add(starts, widths)
    assert starts[0] == pytest.approx(0.2)  # the base value
    np.testing.assert_allclose(starts[1:], ends[:-1])
    assert ends[-1] == pytest.approx(0.2 + LOCAL[1].sum())


def test_the_other_features_are_one_bar_at_the_bottom():
    ax = plots.waterfall(make_local(), 1, max_features=1)
    order = np.argsort(-np.abs(LOCAL[1]))
    _, widths = bars_of(ax)
    np.testing.assert_allclose(widths, [LOCAL[1, order[1:]].sum(), LOCAL[1, order[0]]])
    texts = [label.get_text() for label in ax.get_yticklabels()]
    assert texts == [NAMES[order[0]], "2 other features"]


def test_a_consensus_shows_its_first_additive_explainer_and_says_so():
    ax = plots.waterfall(make_consensus(), 0)
    assert ax.get_title("left").startswith("First additive explainer: shap, row a, class yes")
    assert sorted(bars_of(ax)[1]) == pytest.approx(sorted(LOCAL[0]))


def test_one_class_of_all_is_shown_from_its_base_value():
    ax = plots.waterfall(make_all(), 2, target="yes")
    starts, widths = bars_of(ax)
    assert starts[0] == pytest.approx(0.5)
    assert sum(widths) == pytest.approx(CUBE[2, :, 1].sum())


def test_the_other_one_of_two_classes_has_signs_and_base_value_turned():
    ax = plots.waterfall(make_local(), 1, target="yes")  # Row b explains "no".
    starts, widths = bars_of(ax)
    assert starts[0] == pytest.approx(1 - 0.2)
    assert sum(widths) == pytest.approx(-LOCAL[1].sum())
    assert "class yes" in ax.get_title("left")


def test_values_stand_beside_the_names():
    cells = [[1821.0, True, "red"], [42613.5, None, "blue"]] * 2
    data = pd.DataFrame(cells, columns=list(NAMES), index=ROWS)
    found = {
        label.get_text()
        for row in (0, 1)
        for label in plots.waterfall(make_local(data=data), row).get_yticklabels()
    }
    shown = {"age = 1821", "size = True", "member = red"}
    assert found == shown | {"age = 42614", "size = missing", "member = blue"}


@pytest.mark.parametrize(
    "explanation",
    [
        make_local(base_values=None),
        make_local(family="occlusion"),
        make_global(),
        make_consensus(components={"permutation": make_global()}),
    ],
    ids=["no base values", "not Shapley values", "global", "consensus"],
)
def test_what_does_not_add_up_is_refused_with_advice(explanation):
    with pytest.raises(InputError, match=r"of the family 'shapley'.* Got '.*ShapExplainer"):
        plots.waterfall(explanation, 0)
