"""Refits: clones of the model learn from the table and a shuffled copy of it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from tests.explainers.fixed import FaultyExplainer, FixedExplainer, RecordingExplainer
from wisca_xai import InputError, LimeExplainer, WISCAExplainer
from wisca_xai._results._plan import MergePlan
from wisca_xai._table import TableCodec

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(120, 4)), columns=list("abcd"))
PANEL = ("permutation", LimeExplainer(n_samples=200))


def explain_refitted(model, y, table=X, *, panel=PANEL, n=20, **settings):
    settings = {"n_refits": 5, "random_state": 0, **settings}
    explainer = WISCAExplainer(model, explainers=panel, **settings).fit(table, y)
    return explainer.explain(table[:n], y[:n])


def test_what_a_model_learned_from_noise_is_not_above_noise():
    y = RNG.integers(2, size=120)
    model = DecisionTreeClassifier(max_depth=4, random_state=0)
    explanation = explain_refitted(model, y, n_refits=30)
    assert explanation.reliability.refit_p_values.min() > 0.05
    assert not explanation.ranking()["above_noise"].any()
    # The noise of explainers alone gives no doubt, because the model uses these features.
    assert explanation.reliability.null_p_values.min() <= 0.05


def test_a_strong_feature_is_above_noise():
    y = (X["b"] + 0.1 * RNG.normal(size=120) > 0).to_numpy().astype(int)
    explanation = explain_refitted(LogisticRegression(), y, n_refits=30)
    above = explanation.ranking().set_index("feature")["above_noise"]
    assert above.to_dict() == {"a": False, "b": True, "c": False, "d": False}
    assert (
        explanation.reliability.refit_p_values[1]
        == explanation.reliability.refit_p_values.min()
        <= 0.05
    )


def test_a_regression_is_refitted_too():
    y = (3 * X["c"] + RNG.normal(size=120)).to_numpy()
    model = make_pipeline(StandardScaler(), LinearRegression())
    explanation = explain_refitted(model, y, n_refits=30)
    above = explanation.ranking().set_index("feature")["above_noise"]
    assert above.to_dict() == {"a": False, "b": False, "c": True, "d": False}


def test_p_values_are_counted_over_all_refits_and_adjusted():
    explainer = FixedExplainer(values=(9.0, 5.0, 3.0, 2.0, 1.0, 8.0, 3.0, 0.0))
    found = explain_refitted(
        LogisticRegression(), np.arange(120) % 2, panel=(explainer,)
    ).reliability.refit_p_values
    # Of 5 times 4 shuffled columns, 0, 5, 10 (one of them equal) and 10 reach the features.
    raw = np.array([1, 6, 11, 11]) / 21
    adjusted = [min(raw[0] * 4, raw[1] * 2, raw[2] * 4 / 3, raw[3])]
    adjusted += [min(raw[1] * 2, raw[2] * 4 / 3, raw[3]), min(raw[2] * 4 / 3, raw[3]), raw[3]]
    np.testing.assert_allclose(found, adjusted, rtol=1e-12)


@pytest.mark.parametrize(("n_refits", "n"), [(30, 30), (3, 3)])
def test_a_clone_learns_from_the_table_and_its_shuffled_copy(n_refits, n):
    y = (X["b"] > 0).to_numpy().astype(int)
    RecordingExplainer.tasks.clear()
    explain_refitted(
        LogisticRegression(),
        y,
        panel=(RecordingExplainer(values=range(8)),),
        n_refits=n_refits,
        n=70,
    )
    first, *posed = RecordingExplainer.tasks
    assert len(posed) == n
    assert len({task.seed for task in posed}) == n
    by_value = {tuple(row): label for row, label in zip(X.to_numpy(), y, strict=True)}
    for task in posed:
        real, shuffled = np.split(task.background, 2, axis=1)
        np.testing.assert_array_equal(real, first.background)
        labels = [by_value[tuple(row)] for row in real]
        assert labels == task.background_y.tolist()
        assert not (real == shuffled).all(axis=1).all()
        order = [task.background[:, :4].tolist().index(row) for row in shuffled.tolist()]
        assert sorted(order) == list(range(120))  # whole rows, so that columns relate as before
        assert task.rows.shape == (50, 8)  # of 70 rows
        assert {tuple(row) for row in task.rows[:, :4]} <= {tuple(row) for row in first.rows}
        assert len({tuple(row) for row in task.rows[:, :4]}) == 50
        np.testing.assert_array_equal(task.y, [by_value[tuple(row)] for row in task.rows[:, :4]])
        model = task.response.model
        assert model is not first.response.model
        assert model.n_features_in_ == 8
        frame = task.response.codec.decode(task.rows)
        np.testing.assert_array_equal(task.outputs, model.predict_proba(frame))
        assert task.n_null_features == 0
        # A shared cache would give a forest the outputs of another model.
        assert task.evaluated is not first.evaluated
    copies = {task.background[:, 4:].tobytes() for task in posed}
    assert len(copies) == n


def test_the_model_of_the_user_stays_as_it_is():
    y = (X["b"] > 0).to_numpy().astype(int)
    model = LogisticRegression().fit(X, y)
    kept = model.coef_.copy()
    explain_refitted(model, y)
    np.testing.assert_array_equal(model.coef_, kept)


def test_a_named_class_and_all_classes_are_refitted():
    table, y = load_iris(return_X_y=True, as_frame=True)
    for target in (1, "all"):
        explainer = WISCAExplainer(
            LogisticRegression(max_iter=2000), explainers=PANEL, n_refits=3, random_state=0
        )
        explanation = explainer.fit(table, y).explain(table[::10], target=target)
        assert explanation.reliability.refit_p_values.shape == (4,)
        assert explanation.reliability.refit_p_values.min() < 0.5


def test_one_seed_gives_the_same_bytes_and_another_others():
    y = (X["b"] + X["c"] * RNG.normal(size=120) > 0).to_numpy().astype(int)
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


def transformed(*, inside):
    parts = ColumnTransformer([("scaled", StandardScaler(), ["a", "b", "c", "d"])])
    return make_pipeline(parts, LogisticRegression()) if inside else parts


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
        (lambda y: transformed(inside=True), True, "a ColumnTransformer does not know"),
    ],
    ids=["no y", "function", "frozen", "column transformer"],
)
def test_models_that_cannot_be_refitted_are_refused_before_any_work(make, with_y, message):
    y = (X["b"] > 0).to_numpy().astype(int)
    explainer = WISCAExplainer(make(y), explainers=(FaultyExplainer(must_not_run),), n_refits=30)
    explainer.fit(X, y if with_y else None)
    with pytest.raises(InputError, match=message):
        explainer.explain(X[:5])


@pytest.mark.parametrize("n_refits", [-1, 2.5, "yes", None, True])
def test_n_refits_is_a_count(n_refits):
    explainer = WISCAExplainer(LogisticRegression(), explainers=PANEL, n_refits=n_refits)
    with pytest.raises(InputError, match="`n_refits` must be an integer of at least 0"):
        explainer.fit(X, np.arange(120) % 2)


class Picky(ClassifierMixin, BaseEstimator):
    """A model that wants the dtypes and names of its table to be sound."""

    def fit(self, table, y):
        assert table.columns.is_unique
        assert list(map(str, table.dtypes)) == ["bool", "int64", "float64"] * (table.shape[1] // 3)
        self.classes_ = np.unique(y)
        self.names_ = list(table.columns)
        return self

    def predict_proba(self, table):
        assert list(table.columns) == self.names_
        share = 0.25 + 0.5 * table.iloc[:, 0].to_numpy(dtype=float)
        return np.column_stack([1 - share, share])


@pytest.mark.parametrize(
    "names",
    [
        ["x", "y", "z"],
        ["x", "x shuffled", "z"],
        ["x", "x shuffled", "x shuffled'"],
        [2, 1, 0],
        [("a", 1), ("a", 2), ("b", 1)],
        ["x", 0, 1.5],
    ],
    ids=str,
)
def test_doubled_columns_have_their_own_names_and_their_dtypes(names):
    table = pd.DataFrame(
        {0: RNG.random(30) < 0.5, 1: RNG.integers(5, size=30), 2: RNG.normal(size=30)}
    )
    table.columns = pd.Index(names, tupleize_cols=False)
    codec = TableCodec.of(table)
    doubled = codec.doubled()
    assert len(set(doubled.labels)) == len(set(doubled.feature_names)) == 6
    assert doubled.dtypes == codec.dtypes * 2
    assert doubled.categorical == (0, 3)
    matrix = np.hstack([codec.encode(table)] * 2)
    np.testing.assert_array_equal(doubled.encode(doubled.decode(matrix)), matrix)
    if all(isinstance(name, str) for name in names):
        assert list(doubled.labels[:3]) == names


def test_a_refitted_model_sees_a_sound_table():
    table = pd.DataFrame(
        {
            "flag": np.arange(40) % 2 == 0,
            "flag shuffled": np.arange(40) % 5,
            "size": RNG.normal(size=40),
        }
    )
    y = table["flag"].to_numpy()
    found = explain_refitted(Picky(), y, table, n_refits=3).reliability.refit_p_values
    assert found[0] == found.min()


def test_arrays_are_refitted_as_arrays():
    y = (X["a"] > 0).to_numpy().astype(int)
    explanation = explain_refitted(LogisticRegression(), y, X.to_numpy(), n_refits=8)
    assert explanation.reliability.refit_p_values[0] <= 0.2


@pytest.fixture
def merged(monkeypatch):
    """Weights and groups of every merge."""
    seen, merge = [], MergePlan.merge

    def record(self, components):
        seen.append((self.row_weights, self.groups))
        return merge(self, components)

    monkeypatch.setattr(MergePlan, "merge", record)
    return seen


def test_refits_group_rows_as_the_explanation_does(merged):
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(60, 3)), generator.integers(2, size=60)
    model = LogisticRegression().fit(X, y)
    WISCAExplainer(model, explainers=("permutation",), n_refits=2, random_state=0).fit(
        X, y
    ).explain(X)
    of_refits = [groups for _, groups in merged if groups is not None and groups.shape[1] == 6]
    assert len(of_refits) == 2
    assert all(set(np.unique(groups)) == set(range(5)) for groups in of_refits)


def test_rows_weigh_by_the_confidence_of_the_clone(merged):
    y = RNG.integers(2, size=120)
    RecordingExplainer.tasks.clear()
    explain_refitted(
        LogisticRegression(), y, panel=(RecordingExplainer(values=range(8)),), n_refits=2
    )
    posed = RecordingExplainer.tasks[1:]
    for task in posed:
        expected = (2 * task.outputs.max(axis=1) - 1) ** 2
        assert any(np.allclose(weights, expected, rtol=1e-12) for weights, _ in merged)
    assert np.abs(posed[0].outputs - posed[1].outputs).max() > 1e-3


@pytest.mark.parametrize(("n_refits", "is_said"), [(2, True), (4, True), (5, False), (0, False)])
def test_too_few_refits_to_call_any_feature_are_said(n_refits, is_said):
    y = (X["b"] > 0).to_numpy().astype(int)
    notes = explain_refitted(LogisticRegression(), y, n_refits=n_refits).notes
    found = [note for note in notes if "too few to call any of 4 features above noise" in note]
    assert bool(found) == is_said
