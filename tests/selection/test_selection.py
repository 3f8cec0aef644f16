"""WISCASelector: what it keeps, what it may see, and that it is a scikit-learn selector."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from tests.strategies import CHEAP, vectors
from wisca_xai import BaseExplainer, InputError, ShapExplainer, WISCAExplainer, WISCAWarning
from wisca_xai.datasets import make_dataset
from wisca_xai.selection import WISCASelector, _n_kept

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(60, 4)), columns=list("abcd"))
Y = (X["b"] + 0.5 * X["d"] > 0).to_numpy().astype(int)
CHEAP_PANEL = WISCAExplainer(explainers=("permutation",))
LOCAL_PANEL = WISCAExplainer(explainers=(ShapExplainer(background_size=5), "permutation"))


class Told(BaseExplainer):
    """Gives to features and null_values what it is told, and remembers what it was asked."""

    name, scope = "told", "global"
    asked: list = []  # noqa: RUF012

    def __init__(
        self,
        estimator=None,
        *,
        values=(),
        null_values=None,
        response_method="auto",
        random_state=None,
    ):
        self.estimator = estimator
        self.values = values
        self.null_values = null_values
        self.response_method = response_method
        self.random_state = random_state

    def _explain(self, task):
        Told.asked.append(task)
        values = np.array(self.values, dtype=float)[: task.n_features]
        null_values = None if self.null_values is None else np.array(self.null_values, dtype=float)
        words = {"method": "told", "family": "loss", "unit": "1", "signed": False}
        return task.explanation(values, null_values=null_values, **words)


def selector(model=None, *, values=None, null_values=None, **settings):
    """A selector whose panel gives `values`, or the cheapest that there is."""
    panel = CHEAP_PANEL
    if values is not None:
        panel = WISCAExplainer(explainers=(Told(values=values, null_values=null_values),))
    settings = {"explainer": panel, "n_explained": 10, "random_state": 0, **settings}
    return WISCASelector(LogisticRegression() if model is None else model, **settings)


def names(fitted):
    return fitted.get_feature_names_out().tolist()


# What is kept


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
    assert fitted.ranking_["feature"].tolist() == list("dbac")


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
    assert {f"x{j}" for j in best} == set(by_count.ranking_["feature"][:k])


def test_the_share_k_of_n_keeps_k():
    """Also 15/22 of 22, whose product is below 15 in floating point."""
    for n_features in range(1, 61):
        shares = [k / n_features for k in range(1, n_features + 1)]
        kept = [_n_kept(share, n_features) for share in shares]
        assert kept == list(range(1, n_features + 1))


def test_above_noise_means_above_all_twenty_dummies():
    # p-values of the features: 1/21, 1/21, 2/21 (one null is equal), 21/21
    noise = [5.0] + 19 * [1.0]
    fitted = selector(values=(7.0, 6.0, 5.0, 0.5), null_values=noise).fit(X, Y)
    np.testing.assert_allclose(
        fitted.explanation_.reliability.null_p_values, np.array([1, 1, 2, 21]) / 21
    )
    assert names(fitted) == ["a", "b"]
    assert fitted.ranking_["above_noise"].tolist() == [True, True, False, False]


def test_without_any_feature_above_noise_the_first_is_kept_with_a_warning():
    unsure = selector(values=(1.0, 2.0, 4.0, 4.0), null_values=20 * [5.0])
    with pytest.warns(WISCAWarning, match="No feature stands above noise: .* kept, 'c'"):
        assert names(unsure.fit(X, Y)) == ["c"]


def test_of_mere_noise_one_feature_is_kept():
    y = RNG.integers(2, size=60)
    model = DecisionTreeClassifier(max_depth=4, random_state=0)
    with pytest.warns(WISCAWarning, match="No feature stands above noise"):
        fitted = selector(model, refit=True).fit(X, y)
    assert names(fitted) == [fitted.ranking_["feature"][0]]
    # the model does use the columns, so that without refits the noise of explainers is no doubt
    assert selector(model).fit(X, y).support_.sum() > 1


def test_noise_that_nobody_measured_is_an_error():
    unmeasured = selector(values=(1.0, 2.0, 3.0, 4.0))
    with pytest.raises(InputError, match=r"needs an explainer that measures .* got \['told'\]"):
        unmeasured.fit(X, Y)
    assert names(unmeasured.set_params(n_features_to_select=1).fit(X, Y)) == ["d"]


@pytest.mark.parametrize(
    ("name", "model", "settings"),
    [
        ("linear", LinearRegression(), {"refit": True}),
        ("friedman1", RandomForestRegressor(20, random_state=0), {"refit": True}),
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


# What the model and the explainers see


class Recorder(ClassifierMixin, BaseEstimator):
    """Remembers the rows that it was fitted to, by their first column."""

    fits: list = []  # noqa: RUF012

    def fit(self, X, y):
        Recorder.fits.append(sorted(X["a"]))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        share = 1 / (1 + np.exp(-X["b"].to_numpy()))
        return np.column_stack([1 - share, share])


def test_in_cross_validation_only_training_rows_are_seen():
    Recorder.fits.clear()
    Told.asked.clear()
    chosen = selector(Recorder(), values=(2.0, 3.0, 1.0, 4.0), n_explained=7)
    pipe = make_pipeline(chosen, LogisticRegression())
    grid = {"wiscaselector__n_features_to_select": [1, 2]}
    cv = KFold(3)
    search = GridSearchCV(pipe, grid, cv=cv, refit=False).fit(X, Y)
    assert len(Recorder.fits) == len(Told.asked) == 6
    folds = [sorted(X["a"].iloc[train]) for train, _ in cv.split(X)]
    for seen, task, fold in zip(Recorder.fits, Told.asked, 2 * folds, strict=True):
        assert seen == fold
        assert sorted(task.background[:, 0]) == fold
        assert set(task.rows[:, 0]) < set(fold)
        assert len(set(task.rows[:, 0])) == 7
    scores = search.cv_results_["mean_test_score"]
    tables = (X[["d"]], X[["b", "d"]])
    expected = [cross_val_score(LogisticRegression(), table, Y, cv=cv).mean() for table in tables]
    np.testing.assert_allclose(scores, expected)


def test_the_drawn_rows_are_explained_as_by_the_explainer_alone():
    y = 3 * X["c"] + RNG.normal(size=60)
    told = {"explainer": LOCAL_PANEL, "n_explained": 9, "random_state": 5}
    fitted = selector(LinearRegression(), **told).fit(X, y)
    explanation = fitted.explanation_
    assert explanation.index.is_monotonic_increasing
    assert len(set(explanation.index)) == 9
    rows = list(explanation.index)
    alone = clone(LOCAL_PANEL).set_params(estimator=LinearRegression(), random_state=5)
    expected = alone.fit(X, y).explain(X.loc[rows], y.loc[rows])  # with residuals as weights
    pd.testing.assert_frame_equal(fitted.ranking_, expected.ranking())
    np.testing.assert_array_equal(explanation.weights, expected.weights)
    assert len(np.unique(explanation.weights)) == 9


def test_all_rows_are_explained_if_there_are_few():
    fitted = selector(explainer=LOCAL_PANEL, n_explained=1000).fit(X, Y)
    assert fitted.explanation_.index.tolist() == list(range(60))


def test_one_seed_gives_the_same_bytes_in_any_row_order_and_another_others():
    model = LogisticRegression().fit(X, Y)
    order = RNG.permutation(60)
    first, again, shuffled, other = (
        selector(model, explainer=LOCAL_PANEL, random_state=seed).fit(X.iloc[rows], Y[rows])
        for seed, rows in ((0, slice(None)), (0, slice(None)), (0, order), (1, slice(None)))
    )
    bytes_of = [one.explanation_.importance.to_numpy().tobytes() for one in (first, again)]
    assert bytes_of[0] == bytes_of[1] == shuffled.explanation_.importance.to_numpy().tobytes()
    assert set(shuffled.explanation_.index) == set(first.explanation_.index)
    assert set(other.explanation_.index) != set(first.explanation_.index)


def test_without_a_seed_every_fit_draws_anew():
    unseeded = selector(explainer=LOCAL_PANEL, random_state=None)
    one, two = (unseeded.fit(X, Y).explanation_ for _ in range(2))
    assert set(one.index) != set(two.index)
    assert one.receipt.seed != two.receipt.seed


INNER = {"random_state": 7, "n_jobs": 2, "refit": 3}


@pytest.mark.parametrize(
    ("own", "inner", "used"),
    [
        ({}, INNER, (7, 2, 3)),
        ({"random_state": 4, "n_jobs": 1, "refit": 2}, INNER, (4, 1, 2)),
        ({"refit": 1}, {"random_state": 0}, (0, None, 1)),
    ],
    ids=["the explainer's", "the selector's", "one each"],
)
def test_settings_of_the_selector_stand_above_those_of_the_explainer(own, inner, used):
    Told.asked.clear()
    panel = WISCAExplainer(explainers=(Told(values=range(8)),), **inner)
    before = repr(panel.get_params())
    settings = {"random_state": None, "n_features_to_select": 1, **own}
    selector(explainer=panel, **settings).fit(X, Y)
    first, *refitted = Told.asked
    assert (first.seed, first.n_jobs, len(refitted)) == used
    assert repr(panel.get_params()) == before


# The model


def test_an_unfitted_model_is_cloned_and_fitted():
    model = LogisticRegression(C=0.5)
    fitted = selector(model).fit(X, Y)
    assert not hasattr(model, "coef_")
    np.testing.assert_array_equal(fitted.estimator_.coef_, clone(model).fit(X, Y).coef_)


@pytest.mark.parametrize("with_y", [True, False])
@pytest.mark.parametrize(
    "form", [lambda m: m, FrozenEstimator, lambda m: m.predict_proba], ids=["fit", "frozen", "call"]
)
def test_a_fitted_model_is_used_as_it_is(form, with_y):
    model = form(LogisticRegression().fit(X, X["c"] > 0))
    fitted = selector(model, n_features_to_select=1).fit(X, Y if with_y else None)
    assert fitted.estimator_ is model
    assert names(fitted) == ["c"]  # though y follows from b and d


def test_a_clone_of_the_selector_forgets_a_fit_unless_it_is_frozen():
    model = LogisticRegression().fit(X, X["c"] > 0)
    chosen = selector(model, n_features_to_select=1)
    assert names(clone(chosen).fit(X, Y)) == ["b"]
    assert names(clone(chosen.set_params(estimator=FrozenEstimator(model))).fit(X, Y)) == ["c"]


def test_columns_of_a_fitted_model_are_matched_by_name():
    model = LogisticRegression().fit(X[list("dbca")], Y)
    fitted = selector(model, values=(4.0, 3.0, 2.0, 1.0), n_features_to_select=1).fit(X, Y)
    assert fitted.feature_names_in_.tolist() == list("abcd")
    one, two = (selector(model, explainer=LOCAL_PANEL).fit(X[list(f)], Y) for f in ("abcd", "dbca"))
    assert one.explanation_.index.equals(two.explanation_.index)
    assert names(fitted) == ["d"]
    pd.testing.assert_frame_equal(fitted.set_output(transform="pandas").transform(X), X[["d"]])


@pytest.mark.parametrize("known", ["abc", "abcde"])
def test_a_fitted_model_must_know_the_columns(known):
    model = LogisticRegression().fit(X.assign(e=1.0)[list(known)], Y)
    message = r"has the columns \['d'\] that" if known == "abc" else r"lacks the columns \['e'\]"
    with pytest.raises(InputError, match=message):
        selector(model).fit(X, Y)


def test_a_model_that_needs_no_y_gets_none():
    fitted = selector(IsolationForest(n_estimators=5, random_state=0)).fit(X)
    assert fitted.explanation_.components["permutation"].unit == "margin"


# A scikit-learn selector


def test_tables_go_there_and_back():
    fitted = selector(values=(4.0, 1.0, 2.0, 3.0), n_features_to_select=2).fit(X, Y)
    assert fitted.n_features_in_ == 4
    kept = fitted.transform(X)
    np.testing.assert_array_equal(kept, X[["a", "d"]].to_numpy())
    np.testing.assert_array_equal(fitted.inverse_transform(kept), X.assign(b=0.0, c=0.0))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), kept)
    array = selector(values=(4.0, 1.0, 2.0, 3.0), n_features_to_select=2).fit(X.to_numpy(), Y)
    assert names(array) == ["x0", "x3"]
    assert not hasattr(array, "feature_names_in_")


def test_missing_values_pass_if_the_model_bears_them():
    table = X.mask(X < -1)
    chosen = selector(HistGradientBoostingClassifier(max_iter=3), n_features_to_select=3)
    assert chosen.fit_transform(table, Y).shape == (60, 3)
    with pytest.raises(ValueError, match="contains NaN"):
        selector().fit(table, Y)


def test_inputs_stay_as_they_are():
    table, y, panel = X.copy(), Y.copy(), WISCAExplainer(explainers=("permutation",))
    settings = {"random_state": 1, "n_jobs": 1, "refit": 1, "n_features_to_select": 1}
    selector(explainer=panel, **settings).fit(table, y)
    pd.testing.assert_frame_equal(table, X)
    np.testing.assert_array_equal(y, Y)
    assert panel.get_params() == WISCAExplainer(explainers=("permutation",)).get_params()


# Metadata

WEIGHTS = np.where(X["c"] > 0, 1.0, 0.01)


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_weights_reach_the_fit_of_the_model(in_pipeline):
    with config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        chosen = selector(model)
        outer = make_pipeline(chosen, MinMaxScaler()) if in_pipeline else chosen
        outer.fit(X, Y, sample_weight=WEIGHTS)
        expected = clone(model).fit(X, Y, sample_weight=WEIGHTS).coef_
        unweighted = clone(model).fit(X, Y).coef_
        np.testing.assert_array_equal(chosen.estimator_.coef_, expected)
        assert not np.allclose(expected, unweighted)


def test_weights_that_cannot_be_used_are_refused():
    with config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        for settings in ({"refit": 1}, {"explainer": clone(CHEAP_PANEL).set_params(refit=1)}):
            with pytest.raises(InputError, match=r"_weight'\] cannot .* `refit` fits clones"):
                selector(model, **settings).fit(X, Y, sample_weight=WEIGHTS)
        with pytest.raises(InputError, match="cannot be used: the model is fitted already"):
            selector(model.fit(X, Y)).fit(X, Y, sample_weight=WEIGHTS)


def test_weights_that_nobody_asked_for_are_refused():
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match=r"sample_weight.* not explicitly set as requested or not"),
    ):
        selector().fit(X, Y, sample_weight=WEIGHTS)


# Errors


@pytest.mark.parametrize("asked", [0, -1, 5, 0.0, 1.01, -0.5, np.nan, True, "all", None, [1]])
def test_an_impossible_number_is_refused_before_the_model_is_fitted(asked):
    Recorder.fits.clear()
    message = (
        r"`n_features_to_select` must be 'above_noise', an integer from 1 to .* = 4 or a float"
    )
    with pytest.raises(InputError, match=message):
        selector(Recorder(), n_features_to_select=asked).fit(X, Y)
    assert Recorder.fits == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"explainer": "shap"}, "must be a WISCAExplainer or None, got 'shap'"),
        ({"explainer": ShapExplainer()}, r"WISCAExplainer or None, got ShapExplainer\(\)"),
        ({"explainer": WISCAExplainer}, "WISCAExplainer or None, got WISCAExplainer"),
        (
            {"explainer": WISCAExplainer(LogisticRegression())},
            "`explainer` must have estimator=None, got LogisticRegression",
        ),
        ({"explainer": WISCAExplainer(explainers=("shapp",))}, "Did you mean 'shap'"),
        ({"estimator": None}, "WISCASelector needs a model, got estimator=None"),
        ({"n_explained": 0}, "`n_explained` must be an integer of at least 1, got 0"),
        ({"n_explained": None}, "`n_explained` must be an integer of at least 1, got None"),
        ({"refit": 0.5}, "`refit` must be an integer of at least 1"),
        ({"refit": 0}, "`refit` must be an integer of at least 1"),
        ({"random_state": -1}, "`random_state` must be an integer of at least 0"),
    ],
)
def test_wrong_settings_are_refused_before_the_model_is_fitted(settings, message):
    Recorder.fits.clear()
    with pytest.raises(InputError, match=message):
        selector(Recorder()).set_params(**settings).fit(X, Y)
    assert Recorder.fits == []


def test_an_unfitted_model_needs_y():
    with pytest.raises(InputError, match="LogisticRegression requires y to be passed, but"):
        selector().fit(X)
    models = (LogisticRegression(), LogisticRegression().fit(X, Y), LogisticRegression().predict)
    assert [get_tags(selector(m)).target_tags.required for m in models] == [True, False, False]


def test_unfit_tables_are_refused():
    Recorder.fits.clear()
    with pytest.raises(InputError, match=r"Column names must be unique, got \['a'\]"):
        selector().fit(X.set_axis(list("abca"), axis=1), Y)
    for y in (Y[:-1], np.column_stack([Y, Y])):
        with pytest.raises(InputError, match="`y` must have one entry per row"):
            selector(Recorder()).fit(X, y)
    assert Recorder.fits == []
    with pytest.raises(InputError, match="Sparse input is not supported"):
        selector().fit(csr_array(X.to_numpy()), Y)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        selector().transform(X.to_numpy())
