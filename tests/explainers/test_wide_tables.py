"""Tables of many features: what grows with the square of their number is bounded, or refused."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from tests.explainers.wide_cases import BACKGROUND, PASS, ROWS, TABLE, Counted, D, N, walking
from tests.faults.fault_cases import case, fault
from wisca_xai import (
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
    merge_explanations,
)
from wisca_xai._panel import _measure
from wisca_xai._panel._measure import correlated_features
from wisca_xai.consensus import _kemeny, _partial_order, kemeny_young, partial_order
from wisca_xai.explainers import _budget
from wisca_xai.explainers._budget import check_budget
from wisca_xai.explainers.shapley import _coalitions
from wisca_xai.explainers.shapley._coalitions import Walks

WIDER = np.hstack([TABLE, TABLE[::-1]])


# -- orders of features --------------------------------------------------------------------------


@fault(6, "orders of many features")
def test_orders_of_many_features_take_memory_for_themselves_alone(peak):
    walks = Walks.draw(20_000, 3, 6, seed=0)
    assert peak() < 10  # a matrix of the features would take 3000
    np.testing.assert_array_equal(np.sort(walks.orders, axis=1), [range(20_000)] * 6)
    assert walks.starts.tolist() == [0, 1, 2, 0, 1, 2]
    assert len({order.tobytes() for order in walks.orders}) == 6
    again, other = Walks.draw(20_000, 3, 6, seed=0), Walks.draw(20_000, 3, 6, seed=1)
    assert again.orders.tobytes() == walks.orders.tobytes() != other.orders.tobytes()


@fault(6, "orders of up to 1000 features")
def test_orders_of_up_to_1000_features_come_in_orthogonal_blocks(monkeypatch):
    asked_for = []
    helmert = _coalitions.helmert

    def smaller(n_features):  # which saves the time of a large matrix
        asked_for.append(n_features)
        return helmert(3)

    monkeypatch.setattr(_coalitions, "helmert", smaller)
    for n_features in (2, 999, 1000, 1001, 5000):
        Walks.draw(n_features, 2, 2, seed=0)
    assert asked_for == [2, 999, 1000]


# -- correlated features -------------------------------------------------------------------------


def correlated_table(n_features, pairs):
    X = np.random.default_rng(0).normal(size=(30, n_features))
    for one, other in pairs:
        X[:, other] = -np.exp(X[:, one])
    return X, [f"x{j}" for j in range(n_features)]


@fault(6, "correlations of many features")
def test_of_many_features_the_most_important_are_compared_with_all_others(monkeypatch):
    monkeypatch.setattr(_measure, "MAX_PAIRED", 8)
    monkeypatch.setattr(_measure, "N_FIRST", 2)
    # 11 and 17 lie in other blocks than their partners; 5 and 6 are not important.
    X, names = correlated_table(20, [(3, 11), (11, 17), (2, 14), (5, 6)])
    importance = np.zeros(20)
    importance[[11, 14]] = 0.5, -1.0
    found = correlated_features(X, names, importance)
    assert found == (("x2", "x14"), ("x3", "x11", "x17"))
    monkeypatch.setattr(_measure, "MAX_PAIRED", 20)
    assert correlated_features(X, names, importance) == (
        ("x2", "x14"),
        ("x3", "x11", "x17"),
        ("x5", "x6"),
    )


@fault(6, "memory for correlations")
def test_correlations_of_many_features_take_memory_in_proportion_to_them(peak):
    X, names = correlated_table(30_000, [(7, 29_999)])
    importance = np.arange(30_000) == 7
    found = correlated_features(X, names, importance.astype(float))
    assert peak() < 50  # all pairs would take 7000
    assert ("x7", "x29999") in found


@fault(6, "the consensus hands on its importance")
def test_the_importance_decides_which_correlations_are_known(monkeypatch):
    monkeypatch.setattr(_measure, "MAX_PAIRED", 3)
    monkeypatch.setattr(_measure, "N_FIRST", 1)
    X, _ = correlated_table(6, [(1, 3), (0, 2)])
    of_one = WISCAExplainer(lambda Z: Z[:, 1], explainers=["shap"], random_state=0)
    assert of_one.fit(X).explain(X[:3]).reliability.correlated == (("x1", "x3"),)
    importance = np.eye(6)[3]
    merged = merge_explanations({"one": importance, "other": importance}, X=X)
    assert merged.reliability.correlated == (("x1", "x3"),)


@pytest.mark.parametrize("n", [case(6, "4 rows", 4), case(6, "5 rows", 5)])
def test_a_correlation_of_0_8_is_one_however_it_is_rounded(n):
    generator = np.random.default_rng(0)
    X = np.array([generator.permutation(n) for _ in range(40)], dtype=float).T
    X = np.tile(X, (10, 1))  # the same correlations
    exact = np.abs(spearmanr(X).statistic)
    assert (np.abs(exact - 0.8) < 1e-9).sum() > 10
    for j in range(1, 40):
        found = correlated_features(X[:, [0, j]], ["a", "b"], np.ones(2))
        assert found == ((("a", "b"),) if exact[0, j] > 0.8 - 1e-9 else ())


# -- pairs of features ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "module", "constant", "message"),
    [
        case(
            6,
            "partial order",
            partial_order,
            _partial_order,
            "MAX_FEATURES",
            "compares all pairs of features: there may be at most 3 features, got 4. Select",
        ),
        case(
            6,
            "Kemeny",
            kemeny_young,
            _kemeny,
            "MAX_CANDIDATES",
            "at most 3 features may differ in some method, got 4. Use 'borda'",
        ),
    ],
)
def test_all_pairs_of_many_features_are_refused(function, module, constant, message, monkeypatch):
    vectors = [[4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 4.0, 3.0]]
    monkeypatch.setattr(module, constant, 4)
    function(None, vectors)
    monkeypatch.setattr(module, constant, 3)
    with pytest.raises(InputError, match=re.escape(message)):
        function(None, vectors)
    if function is kemeny_young:  # features that tie in every method are one
        assert len(function(None, [[4.0, 1.0, 1.0, 0.0]]).importance) == 4


def asked(explainer, X=TABLE, rows=ROWS):
    """Model rows that an explainer evaluates beyond the explained rows, which are asked twice."""
    model = Counted()
    explainer.set_params(estimator=model, random_state=0).fit(X).explain(rows)
    return model.rows - 2 * len(rows)


LIBRARY = "use engine='fast' and method='permutation' with a `max_evals`."
REFUSED = [
    case(6, "walks", walking(), PASS, "set `max_evals`, from 16 on"),
    case(6, "walks by name", walking(method="permutation"), PASS, "set `max_evals`, from 16 on"),
    case(6, "walks with a tolerance", walking(tol=100.0), 2 * PASS, "set `max_evals`, from 16 on"),
    case(6, "the library", walking(engine="shap"), 2**D * BACKGROUND, LIBRARY),
    case(6, "kernel", walking(method="kernel"), (2**D - 2) * BACKGROUND, LIBRARY),
    case(6, "permutation", PermutationExplainer(n_repeats=2), 2 * D, "or lower `n_repeats`."),
]


@pytest.mark.parametrize(("explainer", "rows_each", "advice"), REFUSED)
def test_what_exceeds_the_budget_is_refused_before_the_model_is_asked(
    explainer, rows_each, advice, monkeypatch
):
    numbers = rows_each * N * D
    monkeypatch.setattr(_budget, "MAX_NUMBERS", numbers)
    asked(explainer)
    monkeypatch.setattr(_budget, "MAX_NUMBERS", numbers - 1)
    message = (
        f"would ask the model for {rows_each * N:,} rows ({rows_each:,} for each of 3 explained "
        f"rows) of 8 features: {numbers:.2g} numbers"
    )
    with pytest.raises(InputError, match=f"{re.escape(message)}.*{re.escape(advice)}"):
        asked(explainer)
    assert explainer.estimator.rows == 2 * N


@pytest.mark.parametrize(
    ("explainer", "X", "rows_each", "tolerance"),
    [
        case(6, "walks", walking(), TABLE, PASS, 0),
        case(6, "two passes", walking(tol=100.0), TABLE, 2 * PASS, 0),
        case(6, "permutation", PermutationExplainer(n_repeats=2), TABLE, 2 * D, 0),
        case(6, "library", walking(engine="shap"), WIDER, 10 * 33 * BACKGROUND, 0.05),
        case(6, "few features", walking(engine="shap"), TABLE, 2**D * BACKGROUND, 0.05),
        case(6, "kernel", walking(method="kernel"), WIDER, 2080 * BACKGROUND, 0.05),
    ],
)
def test_the_estimate_is_what_is_asked_for(explainer, X, rows_each, tolerance, monkeypatch):
    estimates = []
    for module in ("shapley._explainer", "_permutation"):
        monkeypatch.setattr(
            f"wisca_xai.explainers.{module}.check_budget",
            lambda name, task, rows, advice: estimates.append(rows),
        )
    found = asked(explainer, X, X[:N])
    assert set(estimates) == {rows_each}
    of_background = len(X) if explainer.name == "shap" and not tolerance else 0
    assert found - of_background == pytest.approx(rows_each * N, rel=tolerance)


@fault(6, "ordinary tables")
def test_the_budget_is_enough_for_ordinary_tables_only():
    ordinary = SimpleNamespace(n_samples=100_000, n_features=100, limits=_budget.usual_limits())
    for rows_each in (2 * 99 * 100, 5 * 100):  # walks from 100 background rows, five shuffles
        check_budget("It", ordinary, rows_each, "")
    wide = SimpleNamespace(n_samples=1, n_features=100_000, limits=_budget.usual_limits())
    with pytest.raises(
        InputError, match=r"4e\+11 numbers, 3,200 GB. The limit is 1e\+10 numbers, 80 GB for each"
    ):
        check_budget("It", wide, 2 * 99_999 * 20, "")
    many = SimpleNamespace(n_samples=10**6, n_features=100, limits=_budget.usual_limits())
    with pytest.raises(InputError, match=r"The limit is 3e\+11 numbers, 2,400 GB. Select .* fewer"):
        check_budget("It", many, 2 * 99 * 100, "")


@fault(6, "max_evals")
def test_max_evals_overrides_the_budget(monkeypatch):
    monkeypatch.setattr(_budget, "MAX_NUMBERS", 1)
    assert asked(walking(max_evals=42)) == 42 * N + len(TABLE)


@fault(6, "a max_evals below one pair of orders")
def test_max_evals_of_less_than_a_pair_of_orders_is_refused():
    with pytest.raises(InputError, match=r"at least 16, got 15. It is 2 \* n_features: a pair of"):
        asked(walking(max_evals=15))


@pytest.mark.parametrize(
    "model",
    [
        case(6, "linear", LinearRegression()),
        case(6, "trees", RandomForestRegressor(3, random_state=0)),
    ],
)
def test_closed_forms_cost_next_to_nothing_and_are_not_refused(model, monkeypatch):
    monkeypatch.setattr(_budget, "MAX_NUMBERS", 1)
    model.fit(TABLE, TABLE.sum(axis=1))
    explanation = ShapExplainer(model, random_state=0).fit(TABLE).explain(ROWS)
    assert explanation.standard_errors is None
    with pytest.raises(InputError, match="ShapExplainer would ask the model for"):
        ShapExplainer(model, method="permutation").fit(TABLE).explain(ROWS)


@fault(6, "LIME")
def test_lime_refuses_large_systems_before_the_model_is_asked(monkeypatch):
    lime = LimeExplainer(n_samples=50)
    monkeypatch.setattr(_budget, "MAX_EQUATIONS", D)
    asked(lime)
    monkeypatch.setattr(_budget, "MAX_EQUATIONS", D - 1)
    message = "around every row, at most for 7 features, got 8: the matrix alone takes 5.12e-07 GB"
    with pytest.raises(InputError, match=re.escape(message)):
        asked(lime)
    assert lime.estimator.rows == 2 * N
    assert asked(lime.set_params(engine="lime")) > 0
