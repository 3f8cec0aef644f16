"""Stability of explainers whose answers are known at every neighbour."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.faithfulness.tasks import WEIGHTS, additive, attribute, linear_task, pose
from wisca_xai import (
    ExplainerError,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
    WISCAWarning,
)
from wisca_xai.faithfulness._stability import neighbour_values, stability_of


class Doubling(ShapExplainer):
    """Attributes x to each feature: what stability measures can be worked out."""

    def _explain(self, task):
        self.seen_ = task
        return attribute(task, task.rows)


def test_stability_by_hand():
    X = np.random.default_rng(0).normal(size=(30, 3)) * [1.0, 5.0, 0.1]
    explainer = Doubling(lambda X: X.sum(axis=1), random_state=0).fit(X)
    task, order, _ = explainer._pose(X[:6], None, "predicted")
    explanation = explainer.explain(X[:6])._reordered(order)
    got = stability_of(explainer, task, explanation, n_neighbours=400, scale=0.2)
    near = explainer.seen_.rows.reshape(6, 400, 3)
    scaled = near / np.abs(near).max(axis=2, keepdims=True)
    own = task.rows / np.abs(task.rows).max(axis=1, keepdims=True)
    apart = np.sqrt(((scaled - own[:, None]) ** 2).sum(axis=2)).mean(axis=1)
    assert got == pytest.approx(apart)
    moves = (near - task.rows[:, None]).std(axis=(0, 1))
    assert moves == pytest.approx(0.2 * explainer.background_.std(axis=0), rel=0.1)
    assert explainer.seen_.outputs[:, 0] == pytest.approx(near.sum(axis=2).ravel())


def test_stability_keeps_the_class_and_what_is_no_quantity(species):
    table, y = species
    X = table.assign(whole=np.arange(150) % 3, flag=np.arange(150) % 2 == 0)
    model = LogisticRegression(max_iter=2000).fit(X, y)
    explainer = Doubling(model, random_state=0).fit(X)
    task, order, _ = explainer._pose(X[::15], y[::15], "predicted")
    explanation = explainer.explain(X[::15], y[::15])._reordered(order)
    stability_of(explainer, task, explanation, scale=3.0)
    near = explainer.seen_
    assert (near.rows[:, 4:] == task.rows.repeat(5, axis=0)[:, 4:]).all()
    assert (near.rows[:, :4] != task.rows.repeat(5, axis=0)[:, :4]).all()
    assert (near.columns == task.columns.repeat(5)).all()
    assert (near.columns != near.outputs.argmax(axis=1)).any()
    predicted = model.predict(task.response.codec.decode(near.rows))
    assert (model.classes_[near.predicted] == predicted).all()
    assert (near.y == task.y.repeat(5)).all()


def test_stability_works_with_a_panel_and_grows_with_the_distance(iris, species):
    table, y = species
    explainer, X, explanation, _ = iris
    task, order, _ = explainer._pose(X, y.loc[X.index], "predicted")
    aligned, before = explanation._reordered(order), task.response.rows
    # LIME's bins jump at their edges, however close a neighbour is: only SHAP has to be continuous.
    shap, own = ShapExplainer(explainer.estimator_).fit(table), aligned.components["shap"]
    close, far = (stability_of(shap, task, own, scale=scale) for scale in (1e-4, 0.5))
    assert 0 < close.max() < far.max() / 100
    rows = task.response.rows - before
    assert rows > 2 * 5 * len(X)  # the explainer's rows too
    whole = stability_of(explainer, task, aligned, n_neighbours=2)
    assert np.isfinite(whole).tolist() == [True] * len(X)


def test_raw_neighbour_values_are_those_of_the_moved_rows():
    """The linear effects of neighbours, in their unit, by row and neighbour."""
    task, weights, effects = linear_task(3, n=5)
    explainer = ShapExplainer(task.response.model, background_size=10)
    near = neighbour_values(explainer, task, attribute(task, effects), n_neighbours=4)
    assert near.shape == (5, 4, 3)
    means = task.background.mean(axis=0)
    rows = near / weights + means
    spread = 0.1 * task.background.std(axis=0)
    assert np.abs((rows - task.rows[:, None]) / spread).max() < 5
    noise = np.random.default_rng(task.seed_for("stability")).normal(size=near.shape)
    assert rows == pytest.approx(task.rows[:, None] + spread * noise)


def test_neighbours_are_the_same_for_all_explainers_whatever_their_seed():
    task, _, effects = linear_task(3, n=5)
    own, seen = attribute(task, effects), []
    for seed in (None, 17):
        explainer = Doubling()
        neighbour_values(explainer, replace(task, n_null_features=9), own, seed=seed)
        seen.append(explainer.seen_)
    assert (seen[0].rows == seen[1].rows).all()
    assert [near.seed for near in seen] == [task.seed, 17]
    assert [near.n_null_features for near in seen] == [0, 0]


def test_neighbours_are_charged():
    task, _, effects = linear_task(3, n=5)
    before = task.response.rows
    neighbour_values(Doubling(), task, attribute(task, effects), n_neighbours=4)
    assert task.response.rows - before == 5 * 4
    explainer, before = ShapExplainer(background_size=10), task.response.rows
    stability_of(explainer, task, attribute(task, effects), n_neighbours=4)
    rows = explainer._run(task).receipt.model_rows  # of 5 rows, not 20
    assert task.response.rows - before > 5 * 4 + rows


def test_a_global_method_has_no_neighbours(species):
    X, y = species
    explainer = PermutationExplainer(LogisticRegression(max_iter=500).fit(X, y)).fit(X)
    task, _, _ = explainer._pose(X[::30], None, "predicted")
    explanation = explainer.explain(X[::30])
    assert np.isnan(stability_of(explainer, task, explanation)).tolist() == [True] * 5
    with pytest.raises(InputError, match="need values per row, but 'permutation' is global"):
        neighbour_values(explainer, task, explanation)


class Fragile(ShapExplainer):
    """Fails on more than 20 rows."""

    name = "fragile"

    def _explain(self, task):
        if task.n_samples > 20:
            raise RuntimeError("too many rows")
        return super()._explain(task)


def fragile_panel(species, *others):
    """A panel, its task of ten rows, and what it says of them."""
    X, y = species
    model = LogisticRegression(max_iter=500).fit(X, y)
    explainer = WISCAExplainer(model, explainers=(Fragile(), *others), random_state=0).fit(X, y)
    task, order, _ = explainer._pose(X[::15], None, "predicted")
    return explainer, task, explainer.explain(X[::15])._reordered(order)


def test_a_panel_whose_local_explainers_fail_on_the_neighbours_says_why(species):
    panel = fragile_panel(species, "permutation")
    message = "of the rows' neighbours: fragile: RuntimeError: too many rows"
    with (
        pytest.warns(WISCAWarning, match="'fragile' failed"),
        pytest.raises(ExplainerError, match=message),
    ):
        stability_of(*panel)


def test_a_panel_goes_on_without_one_that_fails_on_the_neighbours(species):
    panel = fragile_panel(species, LimeExplainer(n_samples=200))
    with pytest.warns(WISCAWarning, match="'fragile' failed"):
        assert np.isfinite(stability_of(*panel)).tolist() == [True] * 10


@pytest.mark.parametrize("function", [stability_of, neighbour_values])
def test_bad_arguments_are_refused(function):
    task = pose(additive, [[1, 1, 1]], [[0, 0, 0]])
    own, explainer = attribute(task, [WEIGHTS]), Doubling()
    for scale in (0, -1.0, np.nan, np.inf):
        with pytest.raises(InputError, match=f"`scale` must be a positive number, got {scale}"):
            function(explainer, task, own, scale=scale)
    with pytest.raises(InputError, match="`n_neighbours` must be an integer of at least 1, got 0"):
        function(explainer, task, own, n_neighbours=0)
    with pytest.raises(InputError, match="target='all'"):
        function(explainer, replace(task, columns=None), own)
