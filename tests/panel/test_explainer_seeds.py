"""WISCAExplainer gives the same bytes for one seed, in any order and any number of jobs."""

import numpy as np
import pandas as pd
import pytest
from joblib import cpu_count, parallel_config
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier

from tests.panel.tables import N, fast_panel, table
from wisca_xai import InputError, WISCAExplainer, WISCAWarning


def test_n_jobs_and_the_order_of_explainers_change_no_byte(wine):
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


@pytest.mark.parametrize("jobs_of_model", [1, 2])
def test_rows_in_threads_are_the_same_whatever_jobs_the_model_has(jobs_of_model):
    X, y, _ = table("wine")
    model = RandomForestClassifier(10, random_state=0, n_jobs=jobs_of_model).fit(X, y)

    def explain(n_jobs):
        explainer = WISCAExplainer(model, explainers=fast_panel(), n_jobs=n_jobs, random_state=0)
        return explainer.fit(X, y).explain(X[:4], y[:4]).values.tobytes()

    alone = explain(1)
    if jobs_of_model * 2 > cpu_count():
        with pytest.warns(WISCAWarning, match="2 blocks of rows at once, each with 2 jobs"):
            assert explain(2) == alone
    else:
        assert explain(2) == alone
