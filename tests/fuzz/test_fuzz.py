"""Any table, model and options: a result that keeps the contract, or a clear error of ours."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from tests.fuzz.cases import MODELS, cases, table_of
from wisca_xai import (
    ConsensusExplanation,
    ForestExplainer,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAError,
    WISCAExplainer,
    WISCAWarning,
)

N_CASES = int(os.environ.get("FUZZ_CASES", "300"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
OURS = ("InputError", "ModelContractError", "ExplainerError")


def panel():
    return [
        ("shap", ShapExplainer(background_size=8)),
        ("occlusion", "occlusion"),
        ("lime", LimeExplainer(n_samples=60)),
        ("permutation", PermutationExplainer(n_repeats=2)),
        ("forest", ForestExplainer(n_estimators=3)),
    ]


def fitted_model(case, X, y):
    make, _ = MODELS[case.model]
    model = make()
    if not hasattr(model, "fit"):
        return model
    for part in getattr(model, "named_steps", {}).values():
        if "random_state" in part.get_params():
            part.set_params(random_state=0)
    try:
        return model.fit(X, y)
    except ValueError:  # one class, no columns of text: the model's own error, not our matter
        assume(False)


def explain(case, model, X, y):
    explainer = WISCAExplainer(model, explainers=panel(), random_state=0, **case.settings)
    rows = X.iloc[: case.n_explained]
    target = case.target
    if target == "first class":
        target = (
            getattr(model, "classes_", [0, 1])[0] if MODELS[case.model][1] != "number" else "all"
        )
    if case.fitted:
        explainer.fit(X, y if case.with_y else None)
    return explainer.explain(rows, y[: case.n_explained] if case.with_y else None, target=target)


def outputs_of(case, model, rows, found):
    """The explained outputs (n,) or (n, k), from the model itself."""
    if not hasattr(model, "predict"):
        raw = np.asarray(model(rows))
    elif hasattr(model, "predict_proba"):
        raw = model.predict_proba(rows)
    elif hasattr(model, "decision_function"):
        margin = model.decision_function(rows)
        raw = np.c_[-margin, margin] if margin.ndim == 1 else margin
    else:
        raw = model.predict(rows)
    if raw.ndim == 1 or found.values.ndim == 3:
        return raw[:, None] if found.values.ndim == 3 and raw.ndim == 1 else raw
    labels = list(getattr(model, "classes_", range(raw.shape[1])))
    return np.array([raw[i, labels.index(t)] for i, t in enumerate(found.targets)])


def check_numbers(case, found):
    for name, part in {"consensus": found, **found.components}.items():
        assert np.isfinite(part.values).all(), name
        if part.standard_errors is not None:
            assert np.isfinite(part.standard_errors).all(), name
            assert (part.standard_errors >= 0).all(), name
    assert np.abs(found.values).max(initial=0) <= 1 + 1e-9
    assert np.abs(found.importance).max() <= 1 + 1e-9
    ranking = found.ranking()
    assert sorted(ranking["feature"]) == sorted(found.feature_names)
    assert (ranking["lower"] <= ranking["upper"]).all() or ranking["lower"].isna().all()
    assert found.values.shape[:2] == (case.n_explained, len(case.columns))


def check_sums(case, model, rows, found):
    part = found.components.get("shap")
    if part is None:
        return
    outputs = outputs_of(case, model, rows, part)
    gap = np.abs(part.values.sum(axis=1) + part.base_values - outputs).max()
    assert gap <= 1e-6 * max(1.0, np.abs(outputs).max()), gap


def check_texts(found):
    for text in (repr(found), str(found.verdict()), *found.notes):
        assert all(c.isprintable() or c == "\n" for c in text)
    assert "<b>" not in found._repr_html_()
    assert found.verdict().codes


def bytes_of(found):
    parts = {"consensus": found, **found.components}
    numbers = [part.values.tobytes() for part in parts.values()]
    return [*numbers, found.importance.to_numpy().tobytes(), str(found.verdict())]


@pytest.mark.fuzz
@seed(SEED)
@settings(
    max_examples=N_CASES,
    deadline=None,
    database=None,
    print_blob=False,
    phases=[
        Phase.explicit,
        Phase.generate,
    ],  # A case is small as it is, and shrinking takes minutes.
    suppress_health_check=list(HealthCheck),
)
@given(case=cases())
def test_a_result_keeps_the_contract_or_an_error_is_ours(case, tmp_path_factory):
    X, y = table_of(case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = fitted_model(case, X, y)
    kept, before = X.copy(deep=True), np.random.get_state(legacy=False)  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WISCAWarning)  # failures are checked below
        warnings.filterwarnings("ignore", module="sklearn")
        try:
            found = explain(case, model, X, y)
        except WISCAError as error:
            refused = str(error)
        else:
            refused, again = "", explain(case, model, X, y)
    if refused:
        assert len(refused.split("\n")) <= 10
        return
    pd.testing.assert_frame_equal(X, kept)
    assert repr(np.random.get_state(legacy=False)) == repr(before)  # noqa: NPY002
    assert bytes_of(found) == bytes_of(again)
    assert {why for why in found.failures.values() if not why.startswith(OURS)} == set()
    rows = X.iloc[: case.n_explained]
    assert found.index is None or found.index.equals(rows.index)
    check_numbers(case, found)
    check_sums(case, model, rows, found)
    check_texts(found)
    path = tmp_path_factory.getbasetemp() / "case.npz"
    found.save(path)
    assert bytes_of(ConsensusExplanation.load(path)) == bytes_of(found)
