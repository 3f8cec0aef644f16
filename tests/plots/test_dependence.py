"""plots.dependence: values of a feature against its attributions."""

from decimal import Decimal

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from tests.results.explanation_cases import (
    LOCAL,
    NAMES,
    ROWS,
    make_consensus,
    make_global,
    make_local,
)
from wisca_xai import InputError, plots

mpl.use("agg")

DATA = pd.DataFrame(
    {
        "age": [30.0, np.nan, 50.0, 60.0],
        "size": ["s", "$m$", "s", "l"],
        "member": [True, False, True, True],
    },
    index=ROWS,
)


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def points_of(ax):
    return np.asarray(ax.collections[0].get_offsets())


def test_a_number_is_a_scatter_and_missing_values_are_counted():
    ax = plots.dependence(make_local(data=DATA), "age")
    kept = [0, 2, 3]
    np.testing.assert_array_equal(points_of(ax), np.c_[DATA["age"].iloc[kept], LOCAL[kept, 0]])
    assert "1 row is not shown" in ax.get_xlabel().replace("\n", " ")


def test_infinite_numbers_are_counted_and_decimals_are_numbers():
    ages = [np.inf, -np.inf, 1.0, 2.0]
    ax = plots.dependence(make_local(data=DATA.assign(age=ages)), "age")
    assert "2 rows are not shown" in ax.get_xlabel().replace("\n", " ")
    decimals = [Decimal("1.5"), Decimal("10"), Decimal("2"), None]
    ax = plots.dependence(
        make_local(data=DATA.assign(age=pd.Series(decimals, index=DATA.index, dtype=object))), "age"
    )
    np.testing.assert_array_equal(points_of(ax)[:, 0], [1.5, 10.0, 2.0])


@pytest.mark.parametrize(
    ("feature", "strips", "places"),
    [("size", ["s", "$m$", "l"], [0, 1, 0, 2]), ("member", ["True", "False"], [0, 1, 0, 0])],
)
def test_categories_have_strips_the_most_frequent_first(feature, strips, places):
    ax = plots.dependence(make_local(data=DATA), feature)
    shown = [label.get_text() for label in ax.get_xticklabels()]
    assert sorted(shown[:1]) == strips[:1]
    assert sorted(shown) == sorted(strips)
    x, y = points_of(ax).T
    found = [shown[i] for i in np.round(x).astype(int)]
    assert found == [str(cell) for cell in DATA[feature]]
    np.testing.assert_array_equal(y, LOCAL[:, NAMES.index(feature)])
    assert [place == 0 for place in np.round(x)] == [place == 0 for place in places]


def test_rare_categories_share_the_last_strip():
    n = 30
    data = pd.DataFrame({"c": [f"k{i:02d}" for i in range(n)]})
    one = make_local(
        values=np.arange(float(n))[:, None],
        feature_names=("c",),
        standard_errors=None,
        base_values=None,
        targets=None,
        index=data.index,
        diagnostics={},
        data=data,
    )
    ax = plots.dependence(one, "c")
    assert [label.get_text() for label in ax.get_xticklabels()][-1].split() == ["19", "others"]
    assert len(points_of(ax)) == n


def test_long_categories_that_begin_and_end_alike_stay_apart():
    cells = [f"{'the same beginning ' * 3}{i}{' and the same end' * 3}" for i in (1, 1, 2, 2)]
    ax = plots.dependence(make_local(data=DATA.assign(size=cells)), "size")
    assert len({label.get_text() for label in ax.get_xticklabels()}) == 2
    assert len(set(np.round(points_of(ax)[:, 0]))) == 2


def test_dates_are_drawn_in_their_order():
    dates = pd.to_datetime(["2024-03-01", "2024-01-01", "2024-02-01", "2024-04-01"])
    ax = plots.dependence(make_local(data=DATA.assign(age=dates)), "age")
    assert points_of(ax)[:, 0].argsort().tolist() == [1, 2, 0, 3]


def test_opacity_is_the_weight_of_the_row_in_a_consensus_only():
    consensus = make_consensus(data=DATA.fillna(0))
    alphas = plots.dependence(consensus, "age").collections[0].get_facecolors()[:, 3]
    np.testing.assert_allclose(alphas, 0.15 + 0.85 * consensus.weights)
    shap = plots.dependence(consensus, "age", component="shap")
    np.testing.assert_array_equal(shap.collections[0].get_facecolors()[:, 3], 1)
    np.testing.assert_array_equal(points_of(shap)[:, 1], LOCAL[:, 0])
    assert shap.get_title("left").startswith("shap")


@pytest.mark.parametrize(
    ("explanation", "options", "message"),
    [
        (make_local(), {}, r"no `data`\. Explain with keep_data=True"),
        (make_local(data=DATA), {"feature": "agee"}, "Did you mean 'age'"),
        (make_local(data=DATA), {"component": "shap"}, "`component` is for a consensus"),
        (make_consensus(data=DATA), {"component": "lime"}, "`component` must be one of"),
        (make_consensus(data=DATA), {"component": "permutation"}, "needs values per row"),
        (make_global(), {}, "needs values per row"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_advice(explanation, options, message):
    with pytest.raises(InputError, match=message):
        plots.dependence(explanation, **{"feature": "age", **options})
