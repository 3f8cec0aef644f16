"""WISCASelector: which features it keeps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from tests.selection.cases import RNG, X, Y, names, selector
from tests.strategies import CHEAP, vectors
from wisca_xai import InputError, WISCAWarning
from wisca_xai.datasets import make_dataset
from wisca_xai.selection import _n_kept


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        *[(1, "d"), (2, "bd"), (np.int64(3), "abd"), (4, "abcd")],
        *[(1.0, "abcd"), (0.5, "bd"), (0.74, "bd"), (np.float32(0.75), "abd"), (0.01, "d")],
    ],
)
def test_a_number_or_share_keeps_the_first_of_the_ranking(asked, kept):
    fitted = selector(values=(2.0, 3.0, 1.0, 4.0), n_features_to_select=asked).fit(X, Y)
    assert names(fitted) == list(kept)
    assert fitted.support_.tolist() == [name in kept for name in "abcd"]
    others = [name for name in "dbac" if name not in kept]
    ranks = {name: 2 + i for i, name in enumerate(others)} | dict.fromkeys(kept, 1)
    assert fitted.ranking_.tolist() == [ranks[name] for name in "abcd"]
    assert fitted.explanation_.ranking()["feature"].tolist() == list("dbac")


@CHEAP
@given(values=vectors(), data=st.data())
def test_the_kept_have_the_largest_importances_and_ties_go_by_column(values, data):
    n_features = len(values)
    k = data.draw(st.integers(1, n_features))
    table = RNG.normal(size=(8, n_features))
    by_count = selector(values=np.abs(values), n_features_to_select=k)
    by_count.fit(table, np.arange(8) % 2)
    assert by_count.support_.sum() == k
    importance = by_count.explanation_.importance.tolist()
    best = sorted(range(n_features), key=lambda j: (-importance[j], j))[:k]
    assert by_count.get_support(indices=True).tolist() == sorted(best)
    assert {f"x{j}" for j in best} == set(by_count.explanation_.ranking()["feature"][:k])


def test_the_share_k_of_n_keeps_k():
    """Also 15/22 of 22, whose product is below 15 in floating point."""
    for n_features in range(1, 61):
        shares = [k / n_features for k in range(1, n_features + 1)]
        kept = [_n_kept(share, n_features) for share in shares]
        assert kept == list(range(1, n_features + 1))


def test_above_noise_means_above_all_twenty_null_features():
    # The p-values are 1/21, 1/21, 2/21 (one null feature is equal) and 21/21.
    noise = [5.0] + 19 * [1.0]
    fitted = selector(values=(7.0, 6.0, 5.0, 0.5), null_values=noise).fit(X, Y)
    np.testing.assert_allclose(
        fitted.explanation_.reliability.null_p_values, np.array([1, 1, 2, 21]) / 21
    )
    assert names(fitted) == ["a", "b"]
    assert fitted.explanation_.ranking()["above_noise"].tolist() == [True, True, False, False]


def test_without_any_feature_above_noise_the_first_is_kept_with_a_warning():
    unsure = selector(values=(1.0, 2.0, 4.0, 4.0), null_values=20 * [5.0])
    with pytest.warns(WISCAWarning, match="No feature is above noise: .* kept, 'c'"):
        assert names(unsure.fit(X, Y)) == ["c"]


def test_of_pure_noise_one_feature_is_kept():
    y = RNG.integers(2, size=60)
    model = DecisionTreeClassifier(max_depth=4, random_state=0)
    with pytest.warns(WISCAWarning, match="No feature is above noise"):
        fitted = selector(model, n_refits=30).fit(X, y)
    assert names(fitted) == [fitted.explanation_.ranking()["feature"][0]]
    # The model does use the columns, so without refits they are above the noise of explainers.
    assert selector(model).fit(X, y).support_.sum() > 1


def test_above_noise_needs_an_explainer_that_measures_its_noise():
    unmeasured = selector(values=(1.0, 2.0, 3.0, 4.0))
    with pytest.raises(InputError, match=r"needs an explainer that measures .* got \['fixed'\]"):
        unmeasured.fit(X, Y)
    assert names(unmeasured.set_params(n_features_to_select=1).fit(X, Y)) == ["d"]


@pytest.mark.parametrize(
    ("name", "model", "settings"),
    [
        ("linear", LinearRegression(), {"n_refits": 30}),
        ("friedman1", RandomForestRegressor(20, random_state=0), {"n_refits": 30}),
        ("conjunction", DecisionTreeClassifier(random_state=0), {"n_features_to_select": 2}),
    ],
)
def test_the_relevant_features_are_found(name, model, settings):
    data = make_dataset(name, n_samples=None if name == "conjunction" else 300, random_state=0)
    fitted = selector(model, **{"n_explained": 200, **settings}).fit(data.X, data.y)
    assert fitted.support_.tolist() == data.relevant_features.tolist()


def test_a_knn_does_not_lose_by_fewer_features():
    data = make_dataset("friedman1", n_samples=200, random_state=0)
    chosen = selector(RandomForestRegressor(20, random_state=0), n_features_to_select=0.5)
    cv = KFold(3, shuffle=True, random_state=0)
    wrongly = selector(LinearRegression(), values=range(10), n_features_to_select=5)
    alone, after, wrong = (
        cross_val_score(model, data.X, data.y, cv=cv).mean()
        for model in (
            KNeighborsRegressor(),
            make_pipeline(chosen, KNeighborsRegressor()),
            make_pipeline(wrongly, KNeighborsRegressor()),
        )
    )
    assert after > alone - 0.02
    assert wrong < alone - 0.1  # the last five features say nothing: the check can fail
