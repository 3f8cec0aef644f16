"""WISCAExplainer end to end, on the data sets and the ways of calling that users have."""

import copy
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from joblib import cpu_count, parallel_config
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import wisca_xai
from wisca_xai import (
    BaseExplainer,
    ExplainerError,
    ForestExplainer,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
    WISCAWarning,
)
from wisca_xai._panel._measure import N_NULL_FEATURES
from wisca_xai.consensus import (
    CONSENSUS,
    confidence_weight,
    min_max,
    residual_weight,
    value_groups,
    wisca,
)

N = 8  # rows to explain


def fast_panel():
    return (
        ShapExplainer(background_size=10),
        LimeExplainer(n_samples=200),
        "permutation",
        "forest",
    )


def table(name, *, as_frame=True):
    """Ten columns of a bundled data set: X, y and an unfitted model."""
    if name == "wine":
        X, y = load_wine(return_X_y=True, as_frame=True)
        y = pd.Series(np.array(["barolo", "grignolino", "barbera"])[y])
        model = make_pipeline(StandardScaler(), LogisticRegression())
    elif name == "breast_cancer":
        X, y = load_breast_cancer(return_X_y=True, as_frame=True)
        model = make_pipeline(StandardScaler(), LogisticRegression())
    else:
        X, y = load_diabetes(return_X_y=True, as_frame=True)
        model = Ridge()
    X = X.iloc[:, :10]
    return (X, y, model) if as_frame else (X.to_numpy(), y.to_numpy(), model)


@pytest.fixture(scope="module")
def wine():
    X, y, model = table("wine")
    explainer = WISCAExplainer(model.fit(X, y), explainers=fast_panel(), random_state=0).fit(X, y)
    return explainer, X, y


@pytest.mark.parametrize("with_y", [True, False], ids=["with y", "without y"])
@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "unfitted"])
@pytest.mark.parametrize("as_frame", [True, False], ids=["frame", "array"])
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes"])
def test_any_table_model_and_call(name, as_frame, fitted, with_y):
    X, y, model = table(name, as_frame=as_frame)
    if fitted:
        model.fit(X, y)
    panel = (*fast_panel(), ("loss", PermutationExplainer(scoring=None, n_repeats=1)))
    explainer = WISCAExplainer(model, explainers=panel, random_state=0).fit(X, y)
    rows = X[::40]
    explanation = explainer.explain(rows, y[::40] if with_y else None)
    assert explanation.failures == {}
    assert explanation.values.shape == rows.shape
    assert np.abs(explanation.values).max() <= 1
    assert explanation.importance.between(0, 1).all()
    unit = "target" if name == "diabetes" else "probability"
    assert explanation.components["permutation"].unit == unit
    assert explanation.components["loss"].unit == ("score" if with_y else unit)
    expected = list(load_names(name)) if as_frame else [f"x{j}" for j in range(10)]
    assert list(explanation.feature_names) == expected
    if as_frame:
        assert explanation.index.equals(rows.index)
    assert (explainer.estimator_ is model) == fitted


def load_names(name):
    return table(name)[0].columns


def test_explain_without_fit_leaves_nothing_behind():
    X, y, model = table("wine")
    explainer = WISCAExplainer(model.fit(X, y), explainers=fast_panel(), random_state=0)
    before = copy.copy(explainer.__dict__)
    explanation = explainer.explain(X[:N])
    assert explainer.__dict__ == before
    assert "reference data too" in explanation.notes[0]
    assert "reference data too" not in " ".join(explainer.fit(X).explain(X[:N]).notes)


def test_every_number_can_be_retraced(wine):
    explainer, X, y = wine
    explanation = explainer.explain(X[:N], y[:N])
    parts = explanation.components
    model = explainer.estimator_
    weights = confidence_weight(model.predict_proba(X[:N]).max(axis=1), n_classes=3)
    np.testing.assert_allclose(explanation.weights, weights, atol=1e-12)
    for name, component in parts.items():
        np.testing.assert_array_equal(explanation.scaled[name], min_max(component.values))
    local = [parts["shap"].values, parts["lime"].values]
    importances = [parts["permutation"].values, parts["forest"].values]
    assert explanation.votes == dict.fromkeys(("shap", "lime", "permutation", "forest"), 1.0)
    arguments = (local, importances, explanation.weights)
    again = wisca(*arguments, groups=value_groups(X[:N]))
    np.testing.assert_array_equal(explanation.values, again.values)
    np.testing.assert_allclose(explanation.importance, again.importance, rtol=1e-12)
    signed = wisca(*arguments, aggregation="signed")
    np.testing.assert_allclose(explanation.wisca, signed.importance, rtol=1e-9, atol=1e-15)


def test_components_are_what_the_explainers_give_alone(wine):
    explainer, X, y = wine
    explanation = explainer.explain(X[:N], y[:N])
    alone = [
        ShapExplainer(explainer.estimator, background_size=10, random_state=0),
        LimeExplainer(explainer.estimator, n_samples=200, random_state=0),
        PermutationExplainer(explainer.estimator, random_state=0),
    ]
    for single in alone:
        answer = single.fit(X, y).explain(X[:N], y[:N])
        np.testing.assert_array_equal(answer.values, explanation.components[single.name].values)
    forest = beside_dummies(ForestExplainer(explainer.estimator, random_state=0).fit(X, y), X[:N])
    np.testing.assert_array_equal(forest.values, explanation.components["forest"].values)


def beside_dummies(explainer, X):
    """What an explainer gives in a panel, where its forest sees the null features too."""
    task, _, _ = explainer._pose(X, None, "predicted")
    return explainer._run(replace(task, n_null_features=N_NULL_FEATURES))


def test_regression_rows_are_weighed_by_their_residuals():
    X, y, model = table("diabetes")
    explainer = WISCAExplainer(model, explainers=fast_panel(), random_state=0).fit(X, y)
    explanation = explainer.explain(X[:N], y[:N])
    predictions = explainer.estimator_.predict(X[:N])
    expected = residual_weight(y[:N], predictions, scale=np.std(y))
    np.testing.assert_allclose(explanation.weights, expected, atol=1e-12)
    without = explainer.explain(X[:N])
    np.testing.assert_array_equal(without.weights, np.ones(N))
    assert "residuals are not known" in " ".join(without.notes)


def test_same_seed_gives_same_bytes_for_any_n_jobs_and_order_of_explainers(wine):
    explainer, X, y = wine
    once = explainer.explain(X[:N], y[:N])
    parallel = clone(explainer).set_params(n_jobs=2, estimator=explainer.estimator).fit(X, y)
    assert parallel.explain(X[:N], y[:N]).values.tobytes() == once.values.tobytes()
    reverse = clone(explainer).set_params(
        explainers=fast_panel()[::-1], estimator=explainer.estimator
    )
    again = reverse.fit(X, y).explain(X[:N], y[:N])
    for name, component in once.components.items():
        assert again.components[name].values.tobytes() == component.values.tobytes()


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_rows_at_once_give_the_same_bytes_and_the_same_receipt(wine, backend):
    explainer, X, y = wine
    once = explainer.explain(X[:N], y[:N])
    parallel = clone(explainer).set_params(estimator=explainer.estimator).fit(X, y)
    with parallel_config(backend, n_jobs=2):
        both = parallel.explain(X[:N], y[:N])
    assert both.values.tobytes() == once.values.tobytes()
    for name, component in once.components.items():
        assert both.components[name].receipt.model_rows == component.receipt.model_rows
        assert both.components[name].receipt.model_calls == component.receipt.model_calls


@pytest.mark.parametrize("fitted", [True, False], ids=["after fit", "without fit"])
@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_same_seed_gives_same_bytes_for_shuffled_rows(name, fitted):
    X, y, model = table(name)
    order = np.random.default_rng(0).permutation(12)
    explainer = WISCAExplainer(model.fit(X, y), explainers=fast_panel(), random_state=0)
    if fitted:
        explainer.fit(X, y)
    once = explainer.explain(X[:12], y[:12])
    shuffled = explainer.explain(X[:12].iloc[order], y[:12].iloc[order])
    assert shuffled.values.tobytes() == once.values[order].tobytes()
    assert shuffled.importance.to_numpy().tobytes() == once.importance.to_numpy().tobytes()
    assert shuffled.index.equals(once.index[order])


def test_numpys_global_random_state_is_untouched(wine):
    explainer, X, y = wine
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    clone(explainer).set_params(random_state=None, estimator=explainer.estimator).fit(X, y).explain(
        X[:3], y[:3]
    )
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_columns_are_matched_by_name(wine):
    explainer, X, y = wine
    straight = explainer.explain(X[:N], y[:N])
    mixed = X[:N].iloc[:, ::-1].assign(extra=1.0)
    by_name = explainer.explain(mixed, y[:N])
    assert by_name.values.tobytes() == straight.values.tobytes()
    assert "columns unknown to the model were left out: extra" in " ".join(by_name.notes)
    with pytest.raises(InputError, match=r"X lacks the columns \['ash'\]"):
        explainer.explain(X[:N].drop(columns="ash"))


def test_the_users_table_is_never_changed(wine):
    explainer, X, y = wine
    rows, kept = X[:N].copy(), X[:N].copy()
    explainer.explain(rows, y[:N])
    pd.testing.assert_frame_equal(rows, kept)


class Broken(BaseExplainer):
    name, scope = "broken", "local"

    def __init__(self, estimator=None, *, response_method="auto", random_state=None):
        self.estimator = estimator
        self.response_method = response_method
        self.random_state = random_state

    def _explain(self, task):
        raise RuntimeError("no answer today")


class Nonsense(Broken):
    name = "nonsense"

    def _explain(self, task):
        values = np.full(task.rows.shape, np.nan)
        return task.explanation(values, method="nonsense", family="loss", unit="1", signed=True)


@pytest.mark.parametrize(
    ("culprit", "reason"),
    [(Broken(), "RuntimeError: no answer today"), (Nonsense(), "values that are NaN")],
    ids=["raises", "gives NaN"],
)
def test_an_explainer_that_fails_is_recorded_and_left_out(culprit, reason):
    X, y, model = table("wine")
    explainer = WISCAExplainer(
        model.fit(X, y), explainers=(culprit, "permutation", *fast_panel()[:2]), random_state=0
    ).fit(X, y)
    with pytest.warns(WISCAWarning, match=f"{culprit.name!r} failed and takes no part"):
        explanation = explainer.explain(X[:N], y[:N])
    assert reason in explanation.failures[culprit.name]
    assert set(explanation.components) == {"permutation", "shap", "lime"}
    assert np.isfinite(explanation.values).all()


def test_all_explainers_failing_is_an_error():
    X, y, model = table("wine")
    explainer = WISCAExplainer(model.fit(X, y), explainers=(Broken(), Nonsense())).fit(X, y)
    with pytest.raises(ExplainerError, match="All 2 explainers failed") as caught:
        explainer.explain(X[:N])
    assert "no answer today" in str(caught.value)


def test_only_global_explainers_give_a_global_consensus(wine):
    explainer, X, y = wine
    only = WISCAExplainer(
        explainer.estimator, explainers=("permutation", "forest"), random_state=0
    ).fit(X, y)
    explanation = only.explain(X[:N], y[:N])
    assert explanation.scope == "global"
    np.testing.assert_array_equal(explanation.values, explanation.importance)
    with pytest.raises(InputError, match="transform needs a local explainer"):
        only.transform(X[:N])


def test_a_single_explainer_is_its_own_consensus(wine):
    explainer, X, y = wine
    single = WISCAExplainer(
        explainer.estimator, explainers=ShapExplainer(background_size=10), random_state=0
    ).fit(X, y)
    explanation = single.explain(X[:N])
    scaled = min_max(explanation.components["shap"].values)
    np.testing.assert_allclose(
        explanation.values, explanation.weights[:, None] * scaled, atol=1e-15
    )
    assert len(explanation.agreement()) == 0


def test_all_classes_and_a_named_class(wine):
    _, X, y = wine
    # equal votes: LIME's fidelity is that of all classes together, or of the one that is named
    explainer = WISCAExplainer(
        wine[0].estimator, explainers=fast_panel(), weighting="equal", random_state=0
    ).fit(X, y)
    every = explainer.explain(X[:N], y[:N], target="all")
    assert every.values.shape == (N, 10, 3)
    assert every.targets.tolist() == ["barbera", "barolo", "grignolino"]
    named = explainer.explain(X[:N], y[:N], target="barolo")
    assert named.targets.tolist() == ["barolo"] * N
    np.testing.assert_allclose(named.values, every.values[:, :, 1], atol=1e-12)
    assert every.to_frame().shape == (N, 30)
    assert np.isfinite(every.agreement()["rank_correlation"]).all()
    with pytest.raises(InputError, match="one of the model's classes"):
        explainer.explain(X[:N], target="merlot")


@pytest.mark.parametrize("consensus", CONSENSUS)
def test_every_registered_consensus_runs(wine, consensus):
    explainer, X, y = wine
    other = WISCAExplainer(
        explainer.estimator, explainers=fast_panel(), consensus=consensus, random_state=0
    )
    explanation = other.fit(X, y).explain(X[:4], y[:4])
    assert explanation.consensus == consensus
    assert np.abs(explanation.values).max() <= 1
    assert explanation.ranking()["rank"].is_monotonic_increasing


def test_transform_is_the_local_consensus(wine):
    explainer, X, y = wine
    values = explainer.transform(X[:N])
    family = clone(explainer).set_params(estimator=explainer.estimator, weighting="family")
    np.testing.assert_array_equal(values, family.fit(X, y).explain(X[:N], y[:N]).values)
    np.testing.assert_allclose(values[2:3], explainer.transform(X[2:3]), rtol=0, atol=1e-12)
    framed = clone(explainer).set_params(estimator=explainer.estimator).fit(X, y)
    framed.set_output(transform="pandas")
    frame = framed.transform(X[:N])
    assert list(frame.columns) == list(X.columns)
    assert frame.index.equals(X[:N].index)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        WISCAExplainer(explainer.estimator).transform(X)


def test_a_frozen_estimator_is_used_as_it_is():
    X, y, model = table("wine")
    frozen = FrozenEstimator(model.fit(X, y))
    explainer = clone(WISCAExplainer(frozen, explainers=fast_panel(), random_state=0))
    explanation = explainer.fit(X).explain(X[:4])  # a clone of it needs no y
    plain = WISCAExplainer(model, explainers=fast_panel(), random_state=0).fit(X).explain(X[:4])
    np.testing.assert_array_equal(explanation.values, plain.values)


@pytest.mark.parametrize(
    ("model", "unit"),
    [(Perceptron(random_state=0), "margin"), (IsolationForest(random_state=0), "margin")],
    ids=["no probabilities", "outlier detector"],
)
def test_models_without_probabilities(model, unit):
    X, y, _ = table("wine")
    explainer = WISCAExplainer(model.fit(X.to_numpy(), y), explainers=fast_panel(), random_state=0)
    explanation = explainer.fit(X).explain(X[:4])
    assert explanation.components["shap"].unit == unit
    np.testing.assert_array_equal(explanation.weights, np.ones(4))
    assert "all rows weigh the same" in " ".join(explanation.notes)


def test_a_callable_is_explained_like_its_model():
    X, y, model = table("wine", as_frame=False)
    model.fit(X, y)
    by_model = WISCAExplainer(model, explainers=fast_panel(), random_state=0).fit(X)
    by_function = WISCAExplainer(model.predict_proba, explainers=fast_panel(), random_state=0)
    one, two = by_model.explain(X[:4]), by_function.fit(X).explain(X[:4])
    np.testing.assert_array_equal(one.values, two.values)
    assert two.targets.tolist() == [model.classes_.tolist().index(label) for label in one.targets]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"explainers": ("sharp",)}, r"got 'sharp'\. Did you mean 'shap'\?"),
        ({"explainers": ()}, "at least one explainer"),
        ({"explainers": ("shap", ShapExplainer())}, "got 'shap' twice"),
        ({"explainers": (3,)}, r"\(name, explainer\) pairs, got 3"),
        ({"explainers": (ShapExplainer(LinearRegression()),)}, "must leave `estimator`"),
        ({"explainers": (LimeExplainer(n_samples=0),)}, "`n_samples` must be an integer of at"),
        ({"background_size": 0}, "`background_size` must be an integer of at least 1, got 0"),
        ({"consensus": "wisco"}, "Did you mean 'wisca'"),
        ({"response_method": "score"}, "`response_method` must be one of"),
        ({"response_method": "decision_function"}, r"must be one of \['predict'\] for Ridge"),
        ({"estimator": None}, "needs a model"),
        ({"random_state": -1}, "`random_state` must be an integer of at least 0"),
    ],
)
def test_bad_parameters_say_what_is_right(params, message):
    X, y, model = table("diabetes")
    explainer = WISCAExplainer(model.fit(X, y), explainers=fast_panel()).set_params(**params)
    with pytest.raises(InputError, match=message):
        explainer.fit(X, y).explain(X[:3])


def test_missing_values_are_refused_in_the_models_own_words():
    X, y, model = table("wine")
    explainer = WISCAExplainer(model.fit(X, y), explainers=fast_panel()).fit(X, y)
    holed = X[:3].copy()
    holed.iloc[1, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN") as caught:
        explainer.explain(holed)
    assert "{'ash': 1}" in caught.value.__notes__[-1]


def test_the_receipt_adds_up(wine):
    explainer, X, y = wine
    receipt = explainer.explain(X[:N], y[:N]).receipt
    parts = [c.receipt for c in explainer.explain(X[:N], y[:N]).components.values()]
    assert receipt.model_rows == 2 * N + sum(part.model_rows for part in parts)  # rows asked twice
    assert receipt.model_calls == 2 + sum(part.model_calls for part in parts)
    assert 0 < receipt.model_seconds < receipt.seconds
    assert receipt.seed == 0
    assert receipt.settings["response_method"] == "predict_proba"
    assert parts[0].versions["shap"]


def test_ranking_orders_by_magnitude_and_marks_ties():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
    model = LinearRegression().fit(X, X["b"] * -2.0)
    explanation = WISCAExplainer(model, explainers=fast_panel(), random_state=0).fit(X).explain(X)
    ranking = explanation.ranking()
    named = ["feature", "importance", "lower", "upper", "wisca", "p_positive"]
    named += ["rank", "best_rank", "worst_rank", "p_top", "above_noise"]
    assert list(ranking.columns) == named
    assert ranking["feature"][0] == "b"
    assert explanation.ranks().loc["b"].tolist() == [1, 1, 1, 1]
    constant = WISCAExplainer(lambda Z: np.ones(len(Z)), explainers=("shap",)).fit(X).explain(X[:2])
    assert constant.ranking()["rank"].tolist() == [1, 1, 1]
    assert constant.ranking()["feature"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("engines", [("fast", "fast"), ("shap", "lime")], ids=["fast", "libraries"])
def test_rounding_errors_of_a_constant_model_are_not_blown_up(engines):
    X = np.random.default_rng(0).normal(size=(60, 12))
    panel = (
        ShapExplainer(engine=engines[0], background_size=30),
        LimeExplainer(engine=engines[1], n_samples=200),
    )
    model = WISCAExplainer(lambda Z: np.full(len(Z), 0.1), explainers=panel, random_state=0)
    explanation = model.fit(X).explain(X[:3])
    for component in explanation.components.values():
        np.testing.assert_array_equal(component.values, np.zeros((3, 12)))
    np.testing.assert_array_equal(explanation.importance, np.zeros(12))
    assert "shap tells no feature from another" in " ".join(explanation.notes)
    assert explanation.agreement()["feature_agreement"].isna().all()


def test_one_feature_has_no_correlation_but_works():
    X = pd.DataFrame({"a": np.arange(20.0)})
    explainer = WISCAExplainer(LinearRegression().fit(X, X["a"]), explainers=fast_panel())
    explanation = explainer.fit(X).explain(X[:3])
    assert explanation.agreement()["rank_correlation"].isna().all()


def test_explaining_warns_of_nothing_when_all_is_well(wine):
    explainer, X, y = wine
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explainer.explain(X[:3], y[:3])


def test_panel_default_is_documented():
    assert WISCAExplainer().explainers == ("shap", "lime", "permutation", "forest")
    assert wisca_xai.__version__.count(".") == 2


@pytest.mark.parametrize("jobs_of_model", [1, 2])
def test_rows_in_threads_are_the_same_whatever_jobs_the_model_has(jobs_of_model):
    X, y, _ = table("wine")
    model = RandomForestClassifier(10, random_state=0, n_jobs=jobs_of_model).fit(X, y)

    def explain(n_jobs):
        explainer = WISCAExplainer(model, explainers=fast_panel(), n_jobs=n_jobs, random_state=0)
        return explainer.fit(X, y).explain(X[:4], y[:4]).values.tobytes()

    alone = explain(1)
    if jobs_of_model * 2 > cpu_count():
        with pytest.warns(WISCAWarning, match="2 rows at once, each with 2 jobs"):
            assert explain(2) == alone
    else:
        assert explain(2) == alone
