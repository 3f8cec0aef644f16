"""Tables of many features: what grows with the square of their number is bounded, or refused."""

import re
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, Ridge

from tests.faults.fault_cases import case, fault
from wisca_xai import (
    ExplainerError,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
    WISCAWarning,
    merge_explanations,
)
from wisca_xai._panel import _measure
from wisca_xai._panel._measure import correlated_features
from wisca_xai.consensus import _kemeny, _partial_order, kemeny_young, partial_order
from wisca_xai.explainers import _budget
from wisca_xai.explainers._budget import check_budget
from wisca_xai.explainers.shapley import _coalitions
from wisca_xai.explainers.shapley._coalitions import Walks
from wisca_xai.faithfulness._stability import stability_of

MB = 2**20
D, N, BACKGROUND = 8, 3, 30
TABLE = np.random.default_rng(0).normal(size=(30, D))
WIDER = np.hstack([TABLE, TABLE[::-1]])
ROWS = TABLE[:N]


@pytest.fixture
def peak():
    """Memory in MB that was in use at once since the test began, less what was before."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1] / MB
    tracemalloc.stop()


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
    # 11 and 17 lie in other blocks than their partners; 5 and 6 are not important
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
    told = np.eye(6)[3]
    merged = merge_explanations({"one": told, "other": told}, X=X)
    assert merged.reliability.correlated == (("x1", "x3"),)


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


# -- what the model would be asked for -----------------------------------------------------------


class Counted:
    """A function of all columns that counts the rows that it is asked for."""

    def __init__(self):
        self.rows = 0

    def __call__(self, Z):
        self.rows += len(Z)
        return np.tanh(Z).sum(axis=1) + Z[:, 0] * Z[:, -1]


def asked(explainer, X=TABLE, rows=ROWS):
    """Model rows that an explainer asks for beside those to explain."""
    model = Counted()
    explainer.set_params(estimator=model, random_state=0).fit(X).explain(rows)
    return model.rows - len(rows)


def walking(**settings):
    return ShapExplainer(background_size=BACKGROUND, **settings)


PASS = 2 * (D - 1) * BACKGROUND  # model rows per explained row
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
    assert explainer.estimator.rows == N


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
        InputError, match=r"4e\+11 numbers, 3,200 GB. The limit is 3e\+11 numbers, 2,4"
    ):
        check_budget("It", wide, 2 * 99_999 * 20, "")


@fault(6, "max_evals")
def test_max_evals_overrides_the_budget(monkeypatch):
    monkeypatch.setattr(_budget, "MAX_NUMBERS", 1)
    assert asked(walking(max_evals=28)) == 28 * N + len(TABLE)
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
    assert lime.estimator.rows == N
    assert asked(lime.set_params(engine="lime")) > 0


# -- in a panel ----------------------------------------------------------------------------------


@fault(6, "a panel")
def test_a_panel_goes_on_without_those_that_refuse(monkeypatch):
    monkeypatch.setattr(_budget, "MAX_NUMBERS", 1)
    monkeypatch.setattr(_budget, "MAX_EQUATIONS", 1)
    panel = WISCAExplainer(Counted(), random_state=0)
    panel.set_params(shap__background_size=BACKGROUND).fit(TABLE)
    with pytest.warns(WISCAWarning, match="takes no part in the consensus: InputError"):
        explanation = panel.explain(ROWS)
    assert list(explanation.components) == ["forest"]
    assert list(explanation.failures) == ["shap", "lime", "permutation"]
    assert "1,260 rows (420 for each of 3" in explanation.failures["shap"]
    assert "select features first" in explanation.failures["lime"].lower()
    assert "120 rows (40 for each of 3" in explanation.failures["permutation"]
    model = Counted()
    panel = WISCAExplainer(model, explainers=("shap", "lime", "permutation")).fit(TABLE)
    with pytest.raises(ExplainerError, match=r"All 3 explainers failed:\n  shap: InputError: Sha"):
        panel.explain(ROWS)
    assert model.rows == 2 * N  # the rows, twice


@pytest.mark.parametrize("weighting", [case(6, "topsis", "topsis"), case(6, "optimal", "optimal")])
def test_neighbours_of_rows_that_passed_are_not_refused(weighting, monkeypatch):
    """They are five times as many, and would end the panel after its work was done."""
    monkeypatch.setattr(_budget, "MAX_NUMBERS", PASS * N * D)
    monkeypatch.setattr(_budget, "MAX_EQUATIONS", D)
    explainers = [walking(), LimeExplainer(n_samples=50)]
    panel = WISCAExplainer(Counted(), explainers=explainers, weighting=weighting, random_state=0)
    assert panel.fit(TABLE).explain(ROWS).failures == {}
    shap = walking(estimator=Counted(), random_state=0).fit(TABLE)
    task, order, _ = shap._pose(ROWS, None, "predicted")
    assert len(stability_of(shap, task, shap.explain(ROWS)._reordered(order))) == N


@fault(6, "refits")
def test_tables_with_their_shuffled_copies_are_not_refused(monkeypatch):
    """They have twice the features: what refuses them would be missing without a word."""
    asked_for = []
    monkeypatch.setattr(_budget, "MAX_NUMBERS", PASS * N * D)
    monkeypatch.setattr(_budget, "MAX_EQUATIONS", D)
    for explainer in (ShapExplainer, LimeExplainer):
        run = explainer._explain

        def noting(self, task, run=run):
            answer = run(self, task)
            asked_for.append((self.name, task.n_features))
            return answer

        monkeypatch.setattr(explainer, "_explain", noting)
    explainers = [walking(method="permutation"), LimeExplainer(n_samples=50)]
    panel = WISCAExplainer(Ridge(), explainers=explainers, n_refits=1, random_state=0)
    panel.fit(TABLE, TABLE[:, 0]).explain(ROWS)
    assert asked_for == [("shap", D), ("lime", D), ("shap", 2 * D), ("lime", 2 * D)]


@pytest.mark.parametrize(
    "background_size", [case(6, "all background rows", 4), case(6, "some of them", 2)]
)
def test_walks_of_many_features_are_asked_for_in_parts(background_size, peak):
    d = 3000
    X = np.random.default_rng(0).normal(size=(4, d))
    settings = {"background_size": background_size, "max_evals": 2 * d, "random_state": 0}
    explainer = ShapExplainer(lambda Z: Z[:, 0] * Z[:, 1] + Z[:, 2], **settings)
    found = explainer.fit(X).explain(X[:1])
    assert peak() < 100  # all steps of a pair would take 140 for themselves, and as much again
    assert found.receipt.model_rows == 1 + len(X) + 2 * 2 * (d - 1)
    assert found.values[0, 2] == pytest.approx(X[0, 2] - X[:, 2].mean(), abs=3)
    if background_size == 4:
        assert set(np.flatnonzero(found.values)) <= {0, 1, 2}
    assert found.values.sum() == pytest.approx(X[0, 0] * X[0, 1] + X[0, 2] - found.base_values[0])


# -- the real thing ------------------------------------------------------------------------------


@fault(6, "100 000 features")
def test_a_hundred_thousand_features_are_explained(peak):
    d = 100_000
    X = np.random.default_rng(0).normal(size=(20, d))
    weights = np.zeros(d)
    weights[7] = 5.0
    model = LinearRegression(fit_intercept=False)
    model.coef_, model.intercept_, model.n_features_in_ = weights, 0.0, d
    explanation = ShapExplainer(model, random_state=0).fit(X).explain(X[:2])
    expected = 5 * (X[:2, 7] - X[:, 7].mean())
    np.testing.assert_allclose(explanation.values[:, 7], expected, atol=1e-12)
    assert np.count_nonzero(explanation.values) == 2
    message = "7,999,920 rows (3,999,960 for each of 2 explained rows) of 100,000 features: 8e+11"
    with pytest.raises(InputError, match=re.escape(message)):
        ShapExplainer(model.predict).fit(X).explain(X[:2])
    with pytest.raises(
        InputError, match=r"10,000,000 rows .* 1e\+12 numbers, 8,000 GB. The limit is"
    ):
        PermutationExplainer(model).fit(X).explain(X)
    with pytest.raises(InputError, match="got 100,000: the matrix alone takes 80 GB"):
        LimeExplainer(model).fit(X).explain(X[:2])
    assert peak() < 1000
