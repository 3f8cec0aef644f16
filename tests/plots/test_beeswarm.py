"""plots.beeswarm: the attribution of every row, and points that do not overlap."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from matplotlib import pyplot
from matplotlib.colors import to_hex

from tests.results.explanation_cases import (
    LOCAL,
    NAMES,
    ROWS,
    make_all,
    make_consensus,
    make_global,
    make_local,
)
from wisca_xai import InputError, plots
from wisca_xai.plots._axes import GREY
from wisca_xai.plots._swarm import diameters_of, spread

mpl.use("agg")

DATA = pd.DataFrame(
    {"age": [1.0, 2.0, np.nan, 4.0], "size": ["s", "m", "l", "s"], "member": [4.0, 3.0, 2.0, 1.0]},
    index=ROWS,
)


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def points_of(ax):
    """Points of each line, by the name of its feature."""
    names = [label.get_text() for label in ax.get_yticklabels()]
    return dict(zip(names, ax.collections, strict=True))


def test_points_are_the_attributions_of_the_most_important_features():
    explanation = make_local()
    ax = plots.beeswarm(explanation, max_features=2)
    order = np.argsort(-explanation.mean_magnitude())[:2]
    points = points_of(ax)
    assert list(points) == [NAMES[j] for j in order]
    for line, j in zip((1, 0), order, strict=True):
        x, y = points[NAMES[j]].get_offsets().T
        np.testing.assert_array_equal(x, LOCAL[:, j])
        assert np.abs(y - line).max() < 0.5


def test_colors_are_ranks_and_grey_is_for_text_and_missing_values():
    points = points_of(plots.beeswarm(make_local(data=DATA)))
    colors = {name: [to_hex(c) for c in part.get_facecolors()] for name, part in points.items()}
    assert set(colors["size"]) == {GREY}
    assert colors["age"].index(GREY) == 2
    assert colors["age"].count(GREY) == 1
    assert colors["member"][0] == colors["age"][3]  # Both are the highest value.
    assert len(set(colors["member"])) == 4


def test_without_data_points_have_one_color_and_the_label_says_why():
    ax = plots.beeswarm(make_consensus())
    assert "keep_data=True" in ax.get_xlabel().replace("\n", " ")
    assert len(ax.figure.axes) == 1  # no color bar
    assert len({to_hex(c) for part in ax.collections for c in part.get_facecolors()}) == 1


def test_rows_of_two_classes_are_turned_to_the_one_that_is_asked_for():
    own = points_of(plots.beeswarm(make_local()))
    turned = points_of(plots.beeswarm(make_local(), target="yes"))
    sign = np.array([1, -1, -1, 1])  # yes, no, no, yes
    for name, part in own.items():
        x = turned[name].get_offsets()[:, 0]
        np.testing.assert_array_equal(x, sign * part.get_offsets()[:, 0])


def test_a_global_result_and_an_unknown_class_are_refused():
    with pytest.raises(InputError, match="beeswarm needs values per row, but 'permutation'"):
        plots.beeswarm(make_global())
    with pytest.raises(InputError, match=r"explained classes \['no', 'yes'\], got None"):
        plots.beeswarm(make_all())
    with pytest.raises(InputError, match="got 'maybe'"):
        plots.beeswarm(make_local(), target="maybe")
    with pytest.raises(InputError, match="needs all rows to explain class 'c'"):
        plots.beeswarm(make_local(targets=np.array(["a", "b", "c", "a"])), target="c")


@given(arrays.arrays(np.float64, st.integers(0, 40), elements=st.floats(0, 300)))
def test_points_that_fit_do_not_overlap_and_stay_in_their_line(places):
    room = 30.0
    diameter = diameters_of([places], room)[0]
    offsets = spread(places, diameter, room)
    assert (np.abs(offsets) + diameter / 2 <= room / 2 + 1e-9).all()
    np.testing.assert_array_equal(offsets, spread(places, diameter, room))
    if diameter > 1.0:  # the smallest one, with which some may overlap
        points = np.column_stack([places, offsets])
        distances = np.linalg.norm(points[:, None] - points[None], axis=2)
        distances[np.diag_indices(len(points))] = np.inf
        assert (distances >= diameter * (1 - 1e-6)).all()
