"""Tables of many features: what grows with the square of their number is bounded, or refused."""

import re
import tracemalloc

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.fault_cases import case, fault
from wisca_xai import InputError, WISCAExplainer, _coalitions, _trust, merge_explanations
from wisca_xai._coalitions import Walks
from wisca_xai._trust import correlated_features
from wisca_xai.consensus import _kemeny, _partial_order, kemeny_young, partial_order

MB = 2**20


@pytest.fixture
def peak():
    """Memory in MB that was in use at once since the test began, less what was before."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] / MB
    tracemalloc.stop()


# -- orders of features --------------------------------------------------------------------------


@fault(6, "orders of many features")
def test_orders_of_many_features_take_memory_for_themselves_alone(peak):
    walks = Walks.draw(20_000, 3, 2, seed=0)
    assert peak() < 10  # a matrix of the features would take 3000
    np.testing.assert_array_equal(np.sort(walks.orders, axis=1), [range(20_000)] * 6)
    assert walks.starts.tolist() == [0, 1, 2, 0, 1, 2]
    assert len({order.tobytes() for order in walks.orders}) == 6
    again, other = Walks.draw(20_000, 3, 2, seed=0), Walks.draw(20_000, 3, 2, seed=1)
    assert again.orders.tobytes() == walks.orders.tobytes() != other.orders.tobytes()


@fault(6, "orders of up to 1000 features")
def test_orders_of_up_to_1000_features_come_in_orthogonal_blocks(monkeypatch):
    few, many = Walks.draw(1000, 2, 1, seed=0), Walks.draw(1001, 2, 1, seed=0)
    monkeypatch.setattr(_coalitions, "MAX_ORTHOGONAL", 10**6)
    assert Walks.draw(1000, 2, 1, seed=0).orders.tobytes() == few.orders.tobytes()
    assert Walks.draw(1001, 2, 1, seed=0).orders.tobytes() != many.orders.tobytes()


# -- correlated features -------------------------------------------------------------------------


def correlated_table(n_features, pairs):
    X = np.random.default_rng(0).normal(size=(30, n_features))
    for one, other in pairs:
        X[:, other] = -np.exp(X[:, one])
    return X, [f"x{j}" for j in range(n_features)]


@fault(6, "correlations of many features")
def test_of_many_features_the_most_important_are_compared_with_all_others(monkeypatch):
    monkeypatch.setattr(_trust, "MAX_PAIRED", 8)
    monkeypatch.setattr(_trust, "N_FIRST", 2)
    # 11 and 17 lie in other blocks than their partners; 5 and 6 are not important
    X, names = correlated_table(20, [(3, 11), (11, 17), (2, 14), (5, 6)])
    importance = np.zeros(20)
    importance[[11, 14]] = 0.5, -1.0
    found = correlated_features(X, names, importance)
    assert found == (("x2", "x14"), ("x3", "x11", "x17"))
    monkeypatch.setattr(_trust, "MAX_PAIRED", 20)
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
    monkeypatch.setattr(_trust, "MAX_PAIRED", 3)
    monkeypatch.setattr(_trust, "N_FIRST", 1)
    X, _ = correlated_table(6, [(1, 3), (0, 2)])
    of_one = WISCAExplainer(lambda Z: Z[:, 1], explainers=["shap"], random_state=0)
    assert of_one.fit(X).explain(X[:3]).trust.correlated == (("x1", "x3"),)
    told = np.eye(6)[3]
    merged = merge_explanations({"one": told, "other": told}, X=X)
    assert merged.trust.correlated == (("x1", "x3"),)


@pytest.mark.parametrize("n", [case(6, "4 rows", 4), case(6, "5 rows", 5)])
def test_a_correlation_of_0_8_is_one_however_it_is_rounded(n):
    generator = np.random.default_rng(0)
    X = np.array([generator.permutation(n) for _ in range(40)], dtype=float).T
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
            "compares all pairs of features, at most of 3, got 4. Order some of them",
        ),
        case(
            6,
            "Kemeny",
            kemeny_young,
            _kemeny,
            "MAX_CANDIDATES",
            "compares all pairs of features, at most of 3 that differ in some method, got 4. Use",
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
