"""Classes of bound methods, functions and boosters, and outputs in odd forms."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.svm import LinearSVC

from wisca_xai import (
    InputError,
    LimeExplainer,
    ModelContractError,
    OcclusionExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(160, 4))
Y = np.where(2 * X[:, 0] + X[:, 1] > 0, "well", "ill")
MODEL = LogisticRegression().fit(X, Y)


def sums(found):
    return found.base_values + found.values.sum(axis=1)


@pytest.mark.parametrize("target", ["ill", "well"])
def test_a_bound_method_has_the_classes_of_its_model(target):
    found = ShapExplainer(MODEL.predict_proba, random_state=0).fit(X).explain(X[:5], target=target)
    column = MODEL.classes_.tolist().index(target)
    np.testing.assert_allclose(sums(found), MODEL.predict_proba(X[:5])[:, column])


@pytest.mark.parametrize("scoring", ["accuracy", "f1_macro", "roc_auc", "neg_log_loss"])
def test_scores_of_a_bound_method_are_those_of_its_model(scoring):
    found = [
        PermutationExplainer(model, scoring=scoring, random_state=0).fit(X, Y).explain(X, Y).values
        for model in (MODEL, MODEL.predict_proba)
    ]
    np.testing.assert_allclose(found[1], found[0], atol=1e-12)
    assert found[0][0] > 0.1


def test_a_function_is_scored_by_the_positions_of_its_outputs():
    positions = (Y == "well").astype(int)
    function = lambda Z: MODEL.predict_proba(Z)  # noqa: E731
    for scoring in ("accuracy", "roc_auc"):
        found = PermutationExplainer(function, scoring=scoring, random_state=0)
        values = found.fit(X, positions).explain(X, positions).values
        model = LogisticRegression().fit(X, positions)
        of_model = PermutationExplainer(model, scoring=scoring, random_state=0)
        np.testing.assert_allclose(values, of_model.fit(X, positions).explain(X, positions).values)
    for labels in (Y, positions + 1):
        with pytest.raises(InputError, match="positions of the function's outputs"):
            WISCAExplainer(function, random_state=0).fit(X).explain(X[:5], labels[:5])


@pytest.mark.parametrize("labels", [(Y == "well").astype(int), np.full(160, "neither")])
def test_labels_that_are_no_classes_are_refused(labels):
    explainer = WISCAExplainer(MODEL, random_state=0).fit(X)
    with pytest.raises(InputError, match=r"classes of the model, .'ill', 'well'."):
        explainer.explain(X[:20], labels[:20])
    some = np.where(np.arange(20) == 3, "neither", Y[:20])
    assert explainer.explain(X[:20], some).failures == {}


@pytest.mark.parametrize("kind", ["buffer", "buffer of many columns"])
def test_a_model_may_write_each_batch_into_the_same_array(kind):
    room = np.zeros(10**5)
    n_features, n_rows = (600, 4) if kind.endswith("columns") else (4, 20_000)

    def plain(Z):
        return 2 * Z[:, 0] + Z[:, 1] * Z[:, 2]

    def into_room(Z):
        room[: len(Z)] = plain(Z)
        return room[: len(Z)]

    table = RNG.normal(size=(n_rows, n_features))
    make = LimeExplainer if n_features > 4 else OcclusionExplainer
    found = [make(f, random_state=0).fit(table[:50]).explain(table) for f in (into_room, plain)]
    np.testing.assert_array_equal(found[0].values, found[1].values)


def test_masked_outputs_are_no_numbers():
    def masked(Z):
        return np.ma.array(np.where(Z[:, 2] > 1, -9999.0, Z[:, 0]), mask=Z[:, 2] > 1)

    with pytest.raises(ModelContractError, match=r"must return finite numbers, got .nan"):
        ShapExplainer(masked, random_state=0).fit(X).explain(X)
    whole = ShapExplainer(lambda Z: np.ma.array(Z[:, 0]), random_state=0).fit(X).explain(X[:3])
    np.testing.assert_allclose(sums(whole), X[:3, 0])


class Named(ClassifierMixin, BaseEstimator):
    """Its probabilities are a frame with named columns in another order than its classes."""

    def fit(self, X, y):
        self.model_ = LogisticRegression().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        found = self.model_.predict_proba(X)
        return pd.DataFrame(found[:, ::-1], columns=self.classes_[::-1])


@pytest.mark.parametrize("labels", [Y, (Y == "well").astype(int)])
def test_columns_of_a_frame_are_found_by_their_names(labels):
    model = Named().fit(X, labels)
    for target in model.classes_.tolist():
        found = ShapExplainer(model, random_state=0).fit(X).explain(X[:4], target=target)
        np.testing.assert_allclose(sums(found), model.predict_proba(X[:4])[target])


class Listed(ClassifierMixin, BaseEstimator):
    """Its classes are a list."""

    def fit(self, X, y):
        self.model_ = LogisticRegression().fit(X, y)
        self.classes_ = self.model_.classes_.tolist()
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


def test_classes_may_be_a_list():
    found = ShapExplainer(Listed().fit(X, Y), random_state=0).fit(X).explain(X[:4], target="well")
    np.testing.assert_allclose(sums(found), MODEL.predict_proba(X[:4])[:, 1])


@pytest.mark.parametrize("make", [SGDClassifier, LinearSVC])
def test_sparse_coefficients_are_read(make):
    model = make(random_state=0).fit(X, np.digitize(X[:, 0], [-1, 1]))
    dense = ShapExplainer(model, random_state=0).fit(X).explain(X[:5], target="all").values
    found = ShapExplainer(model.sparsify(), random_state=0).fit(X).explain(X[:5], target="all")
    np.testing.assert_allclose(found.values, dense, atol=1e-12)
    assert found.standard_errors is None


def test_softmax_of_a_booster_is_explained_as_probabilities():
    xgboost = pytest.importorskip("xgboost")
    y = np.digitize(2 * X[:, 0] + X[:, 1], [-1, 1])
    options = {"num_class": 3, "max_depth": 2, "seed": 0}
    boosters = [
        xgboost.train({**options, "objective": f"multi:{name}"}, xgboost.DMatrix(X, y), 5)
        for name in ("softmax", "softprob")
    ]
    found = [ShapExplainer(one, random_state=0).fit(X).explain(X[:5], target=1) for one in boosters]
    assert found[0].unit == "probability"
    shares = boosters[1].predict(xgboost.DMatrix(X[:5]))
    np.testing.assert_allclose(found[0].values, found[1].values, atol=1e-6)
    np.testing.assert_allclose(sums(found[0]), shares[:, 1], rtol=1e-6)


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_a_booster_is_scored_by_name(library):
    module, y = pytest.importorskip(library), 2 * X[:, 0] + X[:, 1]
    if library == "xgboost":
        model = module.train({"max_depth": 2}, module.DMatrix(X, y), 5)
    else:
        model = module.train({"verbose": -1}, module.Dataset(X, y), 5)
    values = (
        PermutationExplainer(model, scoring="r2", random_state=0).fit(X, y).explain(X, y).values
    )
    assert values[0] > values[1] > 0.05 > abs(values[3])


def test_scorers_that_cannot_be_used_are_refused_with_advice():
    for scoring, words in (
        (accuracy_score, "got the metric accuracy_score. Pass sklearn.metrics.make_scorer"),
        (["accuracy", "r2"], "must be one scorer, got 2 in a list"),
        ({"a": "accuracy"}, "must be one scorer, got 1 in a dict"),
    ):
        with pytest.raises(InputError, match=words):
            PermutationExplainer(MODEL, scoring=scoring).fit(X, Y).explain(X, Y)
    scorer = make_scorer(accuracy_score)
    found = PermutationExplainer(MODEL, scoring=scorer, random_state=0).fit(X, Y).explain(X, Y)
    assert found.values[0] > 0.1


def test_a_row_too_few_is_not_called_several_outputs():
    with pytest.raises(ModelContractError, match=r"got \(19,\)\.$"):
        ShapExplainer(lambda Z: Z[:-1, 0]).fit(X[:20]).explain(X[:20])


def test_columns_that_never_belong_to_the_predicted_class_are_noted():
    class Swapped(Listed):
        def predict_proba(self, X):
            return super().predict_proba(X)[:, ::-1]

    rare = np.where(X[:, 0] > 1.7, "rare", "usual")
    model = Swapped().fit(X, rare)
    usual = X[model.predict(X) == "usual"]
    found = ShapExplainer(model, random_state=0).fit(usual[:80]).explain(usual[80:83])
    assert any("in another order than its classes" in note for note in found.notes)
