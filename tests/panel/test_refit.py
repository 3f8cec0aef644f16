"""Refits: clones of the model learn from tables with shuffled columns."""

from dataclasses import replace
from itertools import cycle
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.explainers.fixed import FaultyExplainer, FixedExplainer, RecordingExplainer
from tests.panel.refit_cases import LABELS, NOISE, PANEL, X, explain_refitted
from wisca_xai import InputError, WISCAExplainer
from wisca_xai._results._plan import MergePlan


def test_what_a_model_learned_from_noise_is_not_above_noise():
    y = LABELS
    model = DecisionTreeClassifier(max_depth=4, random_state=0)
    explanation = explain_refitted(model, y, n_refits=30)
    assert explanation.reliability.refit_p_values.min() > 0.05
    assert not explanation.ranking()["above_noise"].any()
    # The noise of explainers alone gives no doubt, because the model uses these features.
    assert explanation.reliability.null_p_values.min() <= 0.05


def test_a_strong_feature_is_above_noise():
    y = (X["b"] + 0.1 * NOISE > 0).to_numpy().astype(int)
    explanation = explain_refitted(LogisticRegression(), y, n_refits=30)
    above = explanation.ranking().set_index("feature")["above_noise"]
    assert above.to_dict() == {"a": False, "b": True, "c": False, "d": False}
    assert (
        explanation.reliability.refit_p_values[1]
        == explanation.reliability.refit_p_values.min()
        <= 0.05
    )


def test_a_regression_is_refitted_too():
    y = (3 * X["c"] + NOISE).to_numpy()
    model = make_pipeline(StandardScaler(), LinearRegression())
    explanation = explain_refitted(model, y, n_refits=30)
    above = explanation.ranking().set_index("feature")["above_noise"]
    assert above.to_dict() == {"a": False, "b": False, "c": True, "d": False}


class OrderedExplainer(FixedExplainer):
    """Gives the model `values`, and the k-th clone `values` divided by k."""

    count: ClassVar[int] = 0

    def _explain(self, task):
        cls = type(self)
        cls.count += 1
        found = super()._explain(task)
        return replace(found, values=found.values / max(1, cls.count - 2))


def test_p_values_are_counted_over_all_refits():
    OrderedExplainer.count = 0
    explanation = explain_refitted(
        LogisticRegression(),
        np.arange(120) % 2,
        X[["a"]],
        panel=(OrderedExplainer(values=(6.0,)),),
        n_refits=3,
    )
    # The clones give 6, 3 and 2, and the first of them reaches the 6 of the model.
    assert explanation.reliability.refit_p_values.tolist() == [(1 + 1) / (1 + 3)]


def shuffled_columns(task):
    """Columns of a clone's table that are not as in the first task."""
    same = task.background == RecordingExplainer.tasks[0].background
    return np.flatnonzero(~same.all(axis=0))


def posed_tasks(n_refits):
    """Tasks of the panel, of the same rows again, and of the clones."""
    y = (X["b"] > 0).to_numpy().astype(int)
    RecordingExplainer.tasks.clear()
    panel = (RecordingExplainer(values=range(4)),)
    explain_refitted(LogisticRegression(), y, panel=panel, n_refits=n_refits)
    first, own, *posed = RecordingExplainer.tasks
    return first, own, posed


@pytest.mark.parametrize("n_refits", [30, 3])
def test_columns_are_shuffled_in_place_and_stay_together(n_refits):
    first, _, posed = posed_tasks(n_refits)
    assert len({task.background.tobytes() for task in posed}) == len(posed) == n_refits
    for task in posed:
        columns = shuffled_columns(task)
        known = first.background[:, columns[0]].tolist()
        order = [known.index(value) for value in task.background[:, columns[0]]]
        assert sorted(order) == list(range(120))
        expected = first.background.copy()
        expected[:, columns] = expected[order][:, columns]
        np.testing.assert_array_equal(task.background, expected)
        np.testing.assert_array_equal(task.background_y, first.background_y)


class ReactingExplainer(RecordingExplainer):
    """Gives the model `values`, and the shuffled columns of a clone what `answer` says."""

    answer: ClassVar = None

    def _explain(self, task):
        found = super()._explain(task)
        shuffled = shuffled_columns(task)
        if not len(shuffled):
            return found
        values = np.broadcast_to(type(self).answer(set(shuffled)), task.n_features)
        return replace(found, values=values)


def explain_in_rounds(values, answer, *, n_refits=20):
    """P-values, and the columns that are shuffled in each round."""
    RecordingExplainer.tasks.clear()
    ReactingExplainer.answer = answer
    found = explain_refitted(
        LinearRegression(), X["b"], panel=(ReactingExplainer(values=values),), n_refits=n_refits
    ).reliability.refit_p_values
    shuffled = [tuple(shuffled_columns(task)) for task in RecordingExplainer.tasks[2:]]
    return found, list(dict.fromkeys(shuffled)), len(shuffled)


def test_p_values_are_shares_of_all_shuffled_columns_and_adjusted():
    # The largest feature has the p-value 4 / 77, which is just too much for a second round.
    found, *_ = explain_in_rounds(
        (9.0, 5.0, 3.0, 2.0), lambda shuffled: np.array([8.0, 4.0, 2.5, 1.0]), n_refits=19
    )
    raw = (1 + 19 * np.array([0, 1, 2, 3])) / (1 + 19 * 4)
    np.testing.assert_allclose(found, false_discovery_control(raw), rtol=1e-12)


def test_weaker_features_are_compared_with_clones_that_know_the_stronger_ones():
    found, rounds, n_clones = explain_in_rounds(
        (9.0, 5.0, 0.0, 0.0), lambda shuffled: 6.0 if 0 in shuffled else 1.0
    )
    assert rounds == [(0, 1, 2, 3), (1, 2, 3), (2, 3)]
    assert n_clones == 3 * 20
    assert (found <= 0.05).tolist() == [True, True, False, False]


def test_a_feature_that_stays_must_exceed_what_is_shuffled_beside_it():
    # Clones that learn nothing, as a tuned lasso, give all columns 0.
    found, rounds, n_clones = explain_in_rounds(
        (9.0, 0.5, 0.0, 0.0), lambda shuffled: 0.0 if 0 in shuffled else 1.0
    )
    assert rounds == [(0, 1, 2, 3), (2, 3)]
    assert n_clones == 2 * 20
    assert (found <= 0.05).tolist() == [True, False, False, False]


@pytest.mark.parametrize(("own", "is_found"), [(6.0, False), (4.0, True)])
def test_a_feature_must_exceed_its_own_shuffled_columns(own, is_found):
    # One of all 80 shuffled columns reaches the last feature. It is one of the feature's own 20.
    copies = cycle([own, *[1.0] * 19])
    found, *_ = explain_in_rounds(
        (9.0, 9.0, 9.0, 5.0), lambda shuffled: np.array([1.0, 1.0, 1.0, next(copies)])
    )
    assert (found <= 0.05).tolist() == [True, True, True, is_found]


@pytest.mark.parametrize(("values", "answer"), [((5.0, 5.0, 5.0, 5.0), 1.0), ((1.0,) * 4, 5.0)])
def test_one_round_is_enough_if_all_or_no_features_are_found(values, answer):
    found, rounds, n_clones = explain_in_rounds(values, lambda shuffled: answer)
    assert (rounds, n_clones) == ([(0, 1, 2, 3)], 20)
    assert found.tolist() == ([1 / 21] * 4 if answer == 1.0 else [1.0] * 4)


def test_clones_learn_from_their_tables():
    first, own, posed = posed_tasks(3)
    assert own.response.model is first.response.model
    assert len({task.seed for task in (first, own, *posed)}) == 5
    # A shared cache would give a forest the outputs of another model.
    assert len({id(task.evaluated) for task in (first, own, *posed)}) == 5
    for task in posed:
        decode, model = task.response.codec.decode, task.response.model
        expected = clone(model).fit(decode(task.background), task.background_y)
        np.testing.assert_array_equal(model.coef_, expected.coef_)
        np.testing.assert_array_equal(task.outputs, expected.predict_proba(decode(task.rows)))
        assert task.n_null_features == 0


def test_at_most_50_rows_are_explained_and_learned_rows_are_shuffled_too():
    y = (X["b"] > 0).to_numpy().astype(int)
    new = X[:10] + 100.0
    RecordingExplainer.tasks.clear()
    explainer = WISCAExplainer(
        LogisticRegression(),
        explainers=(RecordingExplainer(values=range(4)),),
        n_refits=4,
        random_state=0,
    )
    explainer.fit(X, y).explain(pd.concat([X[:60], new]))
    first, own, *posed = RecordingExplainer.tasks
    assert own.rows.shape == (50, 4)
    assert {tuple(row) for row in own.rows} < {tuple(row) for row in first.rows}
    at = {tuple(row): place for place, row in enumerate(first.background.tolist())}
    is_new = own.rows.min(axis=1) > 50
    assert 0 < is_new.sum() <= 10
    for task in posed:
        np.testing.assert_array_equal(task.rows[is_new], own.rows[is_new])
        places = [at[tuple(row)] for row in own.rows[~is_new].tolist()]
        np.testing.assert_array_equal(task.rows[~is_new], task.background[places])


def test_the_model_of_the_user_stays_as_it_is():
    y = (X["b"] > 0).to_numpy().astype(int)
    model = LogisticRegression().fit(X, y)
    kept = model.coef_.copy()
    explain_refitted(model, y)
    np.testing.assert_array_equal(model.coef_, kept)


def test_one_seed_gives_the_same_bytes_and_another_others():
    y = (X["b"] + X["c"] * NOISE > 0).to_numpy().astype(int)
    one, two, other = (
        explain_refitted(DecisionTreeClassifier(max_depth=3, random_state=0), y, random_state=seed)
        for seed in (1, 1, 2)
    )
    assert one.reliability.refit_p_values.tobytes() == two.reliability.refit_p_values.tobytes()
    assert (one.reliability.refit_p_values != other.reliability.refit_p_values).any()


def test_refits_change_nothing_else():
    y = (X["b"] > 0).to_numpy().astype(int)
    model = LogisticRegression().fit(X, y)
    one, two = (explain_refitted(model, y, n_refits=n_refits) for n_refits in (3, 0))
    assert two.reliability.refit_p_values is None
    assert one.values.tobytes() == two.values.tobytes()
    assert one.reliability.null_p_values.tobytes() == two.reliability.null_p_values.tobytes()
    assert (
        one.reliability.resamples.importance.tobytes()
        == two.reliability.resamples.importance.tobytes()
    )


def must_not_run(task):
    pytest.fail("the panel ran before the check")


@pytest.mark.parametrize(
    ("make", "with_y", "message"),
    [
        (lambda y: LogisticRegression().fit(X, y), False, r"`n_refits` needs y. Call fit\(X, y\)"),
        (
            lambda y: LogisticRegression().fit(X, y).predict_proba,
            True,
            "can be refitted, got method",
        ),
        (
            lambda y: FrozenEstimator(LogisticRegression().fit(X, y)),
            True,
            "can be refitted, got FrozenEstimator",
        ),
        (
            lambda y: make_pipeline(FrozenEstimator(StandardScaler().fit(X)), LogisticRegression()),
            True,
            "can be refitted, got Pipeline",
        ),
    ],
    ids=["no y", "function", "frozen", "frozen part"],
)
@pytest.mark.parametrize("is_late", [False, True])
def test_models_that_cannot_be_refitted_are_refused(make, with_y, message, is_late):
    y = (X["b"] > 0).to_numpy().astype(int)
    explainer = WISCAExplainer(
        make(y), explainers=(FaultyExplainer(must_not_run),), n_refits=0 if is_late else 30
    )
    if is_late:
        explainer.fit(X, y if with_y else None).set_params(n_refits=30)
    with pytest.raises(InputError, match=message):
        explainer.explain(X[:5]) if is_late else explainer.fit(X, y if with_y else None)


@pytest.mark.parametrize("n_refits", [-1, 2.5, "yes", None, True])
def test_n_refits_is_a_count(n_refits):
    explainer = WISCAExplainer(LogisticRegression(), explainers=PANEL, n_refits=n_refits)
    with pytest.raises(InputError, match="`n_refits` must be an integer of at least 0"):
        explainer.fit(X, np.arange(120) % 2)


class FailsInThirdFit(LogisticRegression):
    """A model whose third fit, which is the second refit, raises."""

    fits: ClassVar[int] = 0

    def fit(self, table, y):
        FailsInThirdFit.fits += 1
        if FailsInThirdFit.fits == 3:
            raise ValueError("singular matrix")
        return super().fit(table, y)


def test_an_error_of_a_refit_names_it():
    FailsInThirdFit.fits = 0
    y = (X["b"] > 0).to_numpy().astype(int)
    with pytest.raises(ValueError, match=r"singular matrix\nraised by refit 2 of 5, .*"):
        explain_refitted(FailsInThirdFit(), y)


@pytest.mark.parametrize(("others", "n_asked"), [((), 2 + 5), (("permutation",), 2)])
def test_explainers_without_a_scale_do_not_explain_clones_if_others_do(others, n_asked):
    y = (3 * X["c"] + NOISE).to_numpy()
    RecordingExplainer.tasks.clear()
    explain_refitted(LinearRegression(), y, panel=(RecordingExplainer(), *others))
    assert len(RecordingExplainer.tasks) == n_asked


def test_transform_runs_no_refits():
    y = (X["b"] > 0).to_numpy().astype(int)
    explainer = WISCAExplainer(FailsInThirdFit(), explainers=PANEL, n_refits=5, random_state=0)
    FailsInThirdFit.fits = 0
    explainer.fit(X, y).transform(X[:5])
    assert FailsInThirdFit.fits == 1


def test_rows_count_equally_for_every_explainer(monkeypatch):
    seen, merge = [], MergePlan.merge_side_by_side

    def record(self, *components):
        seen.append((self.row_weights, self.by_row))
        return merge(self, *components)

    monkeypatch.setattr(MergePlan, "merge_side_by_side", record)
    y = (X["b"] > 0).to_numpy().astype(int)
    explain_refitted(LogisticRegression(), y, n_refits=2)
    assert len(seen) == 2
    assert [(weights.tolist(), by_row) for weights, by_row in seen] == [([1.0] * 20, False)] * 2


@pytest.mark.parametrize(("n_refits", "is_said"), [(5, True), (18, True), (19, False), (0, False)])
def test_too_few_refits_to_call_any_feature_are_said(n_refits, is_said):
    y = (X["b"] > 0).to_numpy().astype(int)
    notes = explain_refitted(LogisticRegression(), y, n_refits=n_refits).notes
    found = [note for note in notes if "too few to call any feature above noise" in note]
    assert bool(found) == is_said
