"""WISCASelector: which rows the model and the explainers see."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from tests.explainers.fixed import RecordingExplainer
from tests.selection.cases import LOCAL_PANEL, RNG, Recorder, X, Y, selector
from wisca_xai import WISCAExplainer


def test_in_cross_validation_only_training_rows_are_seen():
    Recorder.fits.clear()
    RecordingExplainer.tasks.clear()
    chosen = selector(Recorder(), values=(2.0, 3.0, 1.0, 4.0), n_explained=7)
    pipe = make_pipeline(chosen, LogisticRegression())
    grid = {"wiscaselector__n_features_to_select": [1, 2]}
    cv = KFold(3)
    search = GridSearchCV(pipe, grid, cv=cv, refit=False).fit(X, Y)
    assert len(Recorder.fits) == len(RecordingExplainer.tasks) == 6
    folds = [sorted(X["a"].iloc[train]) for train, _ in cv.split(X)]
    for seen, task, fold in zip(Recorder.fits, RecordingExplainer.tasks, 2 * folds, strict=True):
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
    settings = {"explainer": LOCAL_PANEL, "n_explained": 9, "random_state": 5}
    fitted = selector(LinearRegression(), **settings).fit(X, y)
    explanation = fitted.explanation_
    assert explanation.index.is_monotonic_increasing
    assert len(set(explanation.index)) == 9
    rows = list(explanation.index)
    alone = clone(LOCAL_PANEL).set_params(estimator=LinearRegression(), random_state=5)
    expected = alone.fit(X, y).explain(X.loc[rows], y.loc[rows])  # with residuals as weights
    assert fitted.explanation_ == expected
    np.testing.assert_array_equal(explanation.weights, expected.weights)
    assert len(np.unique(explanation.weights)) == 9


def test_all_rows_are_explained_if_there_are_few():
    fitted = selector(explainer=LOCAL_PANEL, n_explained=1000).fit(X, Y)
    assert fitted.explanation_.index.tolist() == list(range(60))


def test_one_seed_gives_the_same_bytes_in_any_order_of_rows():
    model = LogisticRegression().fit(X, Y)
    order = RNG.permutation(60)
    first, again, shuffled = (
        selector(model, explainer=LOCAL_PANEL).fit(X.iloc[rows], Y[rows])
        for rows in (slice(None), slice(None), order)
    )
    bytes_of = [one.explanation_.importance.to_numpy().tobytes() for one in (first, again)]
    assert bytes_of[0] == bytes_of[1] == shuffled.explanation_.importance.to_numpy().tobytes()
    assert set(shuffled.explanation_.index) == set(first.explanation_.index)


def test_another_seed_draws_other_rows():
    one, other = (selector(explainer=LOCAL_PANEL, random_state=n).fit(X, Y) for n in (0, 1))
    assert set(other.explanation_.index) != set(one.explanation_.index)


def test_without_a_seed_every_fit_draws_anew():
    unseeded = selector(explainer=LOCAL_PANEL, random_state=None)
    one, two = (unseeded.fit(X, Y).explanation_ for _ in range(2))
    assert set(one.index) != set(two.index)
    assert one.receipt.seed != two.receipt.seed


INNER = {"random_state": 7, "n_jobs": 2, "n_refits": 3}


@pytest.mark.parametrize(
    ("own", "inner", "used"),
    [
        ({}, INNER, (7, 2, 3)),
        ({"random_state": 4, "n_jobs": 1, "n_refits": 2}, INNER, (4, 1, 2)),
        ({"n_refits": 1}, {"random_state": 0}, (0, None, 1)),
    ],
    ids=["the explainer's", "the selector's", "one each"],
)
def test_settings_of_the_selector_override_those_of_the_explainer(own, inner, used):
    RecordingExplainer.tasks.clear()
    panel = WISCAExplainer(explainers=(RecordingExplainer(values=range(8)),), **inner)
    before = repr(panel.get_params())
    settings = {"random_state": None, "n_features_to_select": 1, **own}
    selector(explainer=panel, **settings).fit(X, Y)
    first, _, *refitted = RecordingExplainer.tasks  # The second is the model again, in few rows.
    assert (first.seed, first.n_jobs, len(refitted)) == used
    assert repr(panel.get_params()) == before
