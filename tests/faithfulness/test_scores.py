"""All scores of an explanation equal the functions that they come from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from tests.faithfulness.tasks import (
    Counted,
    additive,
    attribute,
    deletion_of,
    gap_of,
    insertion_of,
    linear_task,
    pose,
)
from wisca_xai import InputError, PermutationExplainer, ShapExplainer
from wisca_xai import faithfulness as folder
from wisca_xai.faithfulness import faithfulness_report
from wisca_xai.faithfulness._infidelity import infidelity_of
from wisca_xai.faithfulness._scores import skills_of
from wisca_xai.faithfulness._stability import stability_of
from wisca_xai.metrics import complexity


def test_true_importance_beats_random_and_reversed():
    task, _, shapley = linear_task()
    true, wrong = attribute(task, shapley), attribute(task, 1 / shapley)
    scores = skills_of(task, {"true": true, "wrong": wrong})
    assert scores["true"] > 0.2
    assert scores["wrong"] == pytest.approx(-scores["true"])


def test_skill_of_random_rankings_is_about_0():
    task, _, shapley = linear_task(n=60)
    random = {str(i): np.random.default_rng(i).normal(size=shapley.shape) for i in range(20)}
    scores = skills_of(task, {name: attribute(task, v) for name, v in random.items()})
    assert abs(np.mean(list(scores.values()))) < 0.02
    assert max(map(abs, scores.values())) < 0.2


def test_skill_by_hand():
    """Two features that add 3 and 1; the random mean of a deletion lies between both orders."""
    task = pose(lambda X: X @ [3.0, 1.0], [[1, 1]], [[0, 0]])
    best, worst = (1.5 + 3.5) / 2 / 4, (0.5 + 2.5) / 2 / 4
    score = skills_of(task, {"best": attribute(task, [[3.0, 1.0]])})["best"]
    # (best + insertion - 1) / (2 m), where m is the mean of ten draws of best and worst.
    insertion = 1 - worst
    means = [(k * best + (10 - k) * worst) / 10 for k in range(11)]
    assert min(abs(score - (best + insertion - 1) / 2 / m) for m in means) < 1e-12


def test_a_constant_model_has_defined_scores():
    explainer = ShapExplainer(lambda X: np.full(len(X), 0.3), random_state=0)
    X = np.random.default_rng(0).normal(size=(20, 3))
    scores = faithfulness_report(explainer.fit(X), explainer.explain(X), X, random_state=0).loc[
        "shap"
    ]
    assert np.isnan(scores["complexity"])  # shares of nothing
    assert (scores.drop("complexity") == 0).all()


def test_a_consensus_and_its_components_are_scored(iris):
    _, _, explanation, scores = iris
    assert scores.index.tolist() == ["shap", "lime", "permutation", "forest", "wisca"]
    assert scores.index.name == "method"
    assert scores.columns.tolist() == [
        *("deletion", "insertion", "infidelity", "gap_important", "gap_unimportant", "complexity"),
        *("deletion_random_mean", "insertion_random_mean"),
        *("deletion_better_than_random", "insertion_better_than_random", "score"),
    ]
    assert (scores["score"] > 0).all()
    assert scores["infidelity"].isna().tolist() == [False, False, True, True, False]
    shares = complexity(explanation.components["shap"].values)
    assert scores.loc["shap", "complexity"] == pytest.approx(shares.mean())


def test_columns_follow_from_the_functions(iris):
    """Every number of SHAP's row, from the task itself."""
    explainer, X, explanation, scores = iris
    task, order, _ = explainer._pose(X, None, "predicted")
    task = replace(task, seed=1, evaluated={})
    mine = explanation.components["shap"]._reordered(order)
    row = scores.loc["shap"]
    gaps = gap_of(task, mine.values)
    assert row["deletion"] == pytest.approx(deletion_of(task, mine.values).area.mean())
    assert row["insertion"] == pytest.approx(insertion_of(task, mine.values).area.mean())
    assert row["infidelity"] == pytest.approx(infidelity_of(task, mine.values).mean())
    assert row["gap_important"] == pytest.approx(gaps[0].mean())
    assert row["gap_unimportant"] == pytest.approx(gaps[1].mean())
    assert row["score"] == pytest.approx(skills_of(task, {"shap": mine})["shap"])
    random = row["deletion_random_mean"]
    assert row["insertion_random_mean"] == pytest.approx(1 - random)
    assert row["score"] == pytest.approx((row["deletion"] + row["insertion"] - 1) / 2 / random)


def test_unsigned_values_have_no_infidelity(iris):
    explainer, X, explanation, _ = iris
    values = np.abs(explanation.components["shap"].values)
    unsigned = replace(explanation.components["shap"], values=values, signed=False)
    row = faithfulness_report(explainer, unsigned, X, random_state=1).loc["shap"]
    assert np.isnan(row["infidelity"])


def test_rows_of_zeros_have_no_complexity(iris):
    explainer, X, explanation, _ = iris
    values = np.abs(explanation.components["shap"].values)
    values[0] = 0
    with_zeros = replace(explanation.components["shap"], values=values, signed=False)
    row = faithfulness_report(explainer, with_zeros, X, random_state=1).loc["shap"]
    assert row["complexity"] == pytest.approx(complexity(values[1:]).mean())


def test_scores_do_not_depend_on_the_order_of_rows(iris):
    explainer, X, explanation, scores = iris
    order = np.random.default_rng(0).permutation(len(X))
    shuffled = faithfulness_report(
        explainer, explanation._reordered(order), X.iloc[order], random_state=1
    )
    pd.testing.assert_frame_equal(shuffled, scores, check_exact=True)


def test_scores_depend_on_the_seed_but_not_on_batches_or_columns(iris):
    explainer, X, explanation, scores = iris
    again = faithfulness_report(explainer, explanation, X[X.columns[::-1]], random_state=1)
    pd.testing.assert_frame_equal(again, scores, check_exact=True)
    with sklearn.config_context(working_memory=0.05):
        batches = faithfulness_report(explainer, explanation, X, random_state=1)
    pd.testing.assert_frame_equal(batches, scores)
    other = faithfulness_report(explainer, explanation, X, random_state=2)
    assert not np.allclose(other["deletion"], scores["deletion"])


def test_the_explained_class_is_that_of_the_explanation(iris, species):
    explainer, X, _, predicted = iris
    shap = ShapExplainer(explainer.estimator_).fit(species[0])
    of_class = shap.explain(X, target=1)
    scores = faithfulness_report(shap, of_class, X, random_state=1).loc["shap"]
    task, order, _ = shap._pose(X, None, 1)
    task = replace(task, seed=1, evaluated={})
    gap = gap_of(task, of_class.values[order])[0].mean()
    assert scores["gap_important"] == pytest.approx(gap)
    assert abs(gap - predicted.loc["shap", "gap_important"]) > 1e-3


def global_of_regression():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = Ridge(alpha=0.01).fit(X, y)
    explainer = PermutationExplainer(model, random_state=0).fit(X)
    return explainer, explainer.explain(X[:40], y[:40]), X


def test_global_methods_of_a_regression_are_scored():
    explainer, explanation, X = global_of_regression()
    scores = faithfulness_report(explainer, explanation, X[:40], random_state=0)
    assert scores.index.tolist() == ["permutation"]
    assert scores.loc["permutation", "score"] > 0.1
    assert scores.loc["permutation", "deletion_better_than_random"] == 1
    assert np.isnan(scores.loc["permutation", "infidelity"])


def test_global_methods_have_no_stability():
    explainer, explanation, X = global_of_regression()
    task, _, _ = explainer._pose(X[:40], None, "predicted")
    assert np.isnan(stability_of(explainer, task, explanation)).all()


def test_noise_below_0_of_an_importance_ranks_last():
    task = pose(additive, [[1, 1, 1]], [[0, 0, 0]])
    noisy = attribute(task, [0.5, 0.3, -9.0], signed=False)
    clean = attribute(task, [0.5, 0.3, 0.0], signed=False)
    scores = skills_of(task, {"noisy": noisy, "clean": clean})
    assert scores["noisy"] == scores["clean"] > 0


def test_model_rows_are_as_documented():
    """Three features: 2 inner states of a curve, 7 masks; every background row counts once."""
    n, b = 7, 4
    X = np.random.default_rng(0).normal(size=(n, 3))
    model = Counted(lambda X: X.sum(axis=1))
    explainer = ShapExplainer(model, random_state=0).fit(X)
    explanation = explainer.explain(X)
    model.rows = model.calls = 0
    faithfulness_report(explainer, explanation, X, n_random=3, n_background=b, random_state=0)
    assert model.rows == n + n * b * (2 * 2 + 2 + 3 * 2 + 7) + len(X)
    assert model.calls == 1 + (2 + 1 + 3 + 1) + 1  # rows; curves, gap, random, masks; background


def test_explanations_that_do_not_fit_are_refused(iris, species):
    explainer, X, explanation, _ = iris
    shap = ShapExplainer(explainer.estimator_).fit(species[0])
    with pytest.raises(InputError, match="target='all'"):
        faithfulness_report(shap, shap.explain(X, target="all"), X)
    with pytest.raises(InputError, match="of the 12 rows of X, in their order"):
        faithfulness_report(explainer, explanation, X[::-1])
    with pytest.raises(InputError, match="of the 5 rows of X, in their order, got 12 other rows"):
        faithfulness_report(explainer, explanation, X[:5])
    renamed = replace(explanation.components["shap"], feature_names=tuple("abcd"))
    with pytest.raises(InputError, match="must be of the features of X, got"):
        faithfulness_report(explainer, renamed, X)
    with pytest.raises(InputError, match="must be what explain returned, got int"):
        faithfulness_report(explainer, 3, X)
    with pytest.raises(NotFittedError, match="not fitted"):
        faithfulness_report(ShapExplainer(explainer.estimator_), explanation, X)


def test_public_names_are_there():
    assert all(getattr(folder, name).__doc__ for name in folder.__all__)
    assert folder.complexity is complexity


def test_counts_are_checked(iris):
    explainer, X, explanation, _ = iris
    with pytest.raises(InputError, match="`n_random` must be an integer of at least 1, got 0"):
        faithfulness_report(explainer, explanation, X, n_random=0)
    with pytest.raises(InputError, match="`n_background` must be an integer of at least 1, got 0"):
        faithfulness_report(explainer, explanation, X, n_background=0)
