"""plots.attributions: which class the bars are of."""

import matplotlib as mpl
import pytest
from matplotlib import pyplot

from tests.results.explanation_cases import CUBE, make_all, make_local
from wisca_xai import InputError, plots

mpl.use("agg")


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def test_the_bars_are_those_of_the_chosen_class():
    ax = plots.attributions(make_all(), 1, target="yes")
    widths = [bar.get_width() for bar in ax.patches]
    assert sorted(widths) == sorted(CUBE[1, :, 1])


def test_the_title_names_the_chosen_class():
    title = plots.attributions(make_all(), 1, target="no").get_title("left")
    assert title.split("\n")[0].endswith("class no")


def test_a_class_that_was_not_explained_is_refused():
    with pytest.raises(InputError, match=r"explained classes \['no', 'yes'\], got 'maybe'"):
        plots.attributions(make_all(), 0, target="maybe")


def test_the_title_of_a_regression_names_no_class():
    regression = make_local(targets=None, unit="target")
    assert plots.attributions(regression, 0).get_title("left").split("\n")[0] == "shap, row a"
