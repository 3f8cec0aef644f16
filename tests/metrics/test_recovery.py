"""Recovery of a known truth: by hand, slow definitions, scikit-learn and SciPy, ties, errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.metrics import oracles
from tests.metrics.oracles import is_constant, tied_numbers
from tests.strategies import CHEAP, any_numbers
from wisca_xai import InputError
from wisca_xai.metrics import average_precision, recovery, regret, roc_auc

OF_TRUTH = ["average_precision", "roc_auc", "feature_agreement"]
OF_EFFECTS = ["rank_agreement", "sign_agreement", "signed_rank_agreement", "spearman", "kendall"]
SCORES = [average_precision, roc_auc]
scores = pytest.mark.parametrize("score", SCORES, ids=lambda score: score.__name__)


@st.composite
def cases(draw, *, n=None, elements=None):
    """Importance, relevant features and effects, of one shape."""
    d = draw(st.integers(1, 5))
    shape = (d,) if n is None else (n, d)
    elements = tied_numbers() if elements is None else elements
    importance, effects = (draw(arrays(float, shape, elements=elements)) for _ in range(2))
    return importance, draw(arrays(bool, shape)), effects


def slow_recovery(importance, relevant, effects):
    """All scores of one vector, NaN where the truth is constant."""
    found = dict.fromkeys(OF_TRUTH + OF_EFFECTS, math.nan)
    k = int(relevant.sum())
    if 0 < k < len(relevant):
        found["average_precision"] = oracles.average_precision(importance, relevant)
        found["roc_auc"] = oracles.roc_auc(importance, relevant)
        found["feature_agreement"] = oracles.top_agreement(importance, relevant.astype(int), k)
    if k > 0 and not is_constant(effects):
        pair = importance, effects
        flat = is_constant(importance)
        found |= {
            "rank_agreement": oracles.top_agreement(*pair, k, by_place=True),
            "sign_agreement": oracles.top_agreement(*pair, k, signed=True),
            "signed_rank_agreement": oracles.top_agreement(*pair, k, by_place=True, signed=True),
            "spearman": 0.0 if flat else spearmanr(*np.abs(pair)).statistic,
            "kendall": 0.0 if flat else kendalltau(*np.abs(pair)).statistic,
        }
    return found


# average_precision and roc_auc


def test_scores_by_hand():
    # Relevant features at places 1 and 3: precisions 1/1 and 2/3; 1 of 2 pairs inverted.
    importance, relevant = [0.2, -0.9, 0.5, 0.1], [True, True, False, False]
    assert average_precision(importance, relevant) == pytest.approx((1 + 2 / 3) / 2)
    assert roc_auc(importance, relevant) == 3 / 4


def test_ties_score_the_mean_over_their_orders_by_hand():
    # One relevant of three tied, at place 2, 3 or 4: the precision is 1/2, 1/3 or 1/4.
    importance, relevant = [5.0, 1.0, 1.0, -1.0, 0.0], [False, True, False, False, False]
    assert average_precision(importance, relevant) == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 3)
    assert roc_auc(importance, relevant) == (0 + 1 / 2 + 1 / 2 + 1) / 4


@CHEAP
@given(case=cases())
def test_scores_are_their_slow_definitions(case):
    importance, relevant, _ = case
    if not 0 < relevant.sum() < len(relevant):
        assert math.isnan(average_precision(importance, relevant))
        assert math.isnan(roc_auc(importance, relevant))
        return
    assert average_precision(importance, relevant) == pytest.approx(
        oracles.average_precision(importance, relevant), abs=1e-11
    )
    assert roc_auc(importance, relevant) == pytest.approx(
        oracles.roc_auc(importance, relevant), abs=1e-11
    )


def test_scores_are_scikit_learns():
    rng = np.random.default_rng(0)
    for d in (2, 10, 200):
        relevant = np.arange(d) < max(d // 5, 1)
        importance = rng.permutation(np.arange(1.0, d + 1)) * rng.choice([-1, 1], size=d)
        assert average_precision(importance, relevant) == pytest.approx(
            average_precision_score(relevant, abs(importance))
        )
        tied = importance // 3  # scikit-learn's area counts a tie as a half, too
        assert roc_auc(tied, relevant) == pytest.approx(roc_auc_score(relevant, abs(tied)))


@scores
def test_a_perfect_order_scores_1(score):
    relevant = [True, True, False, False]
    assert score([4.0, -3.0, 2.0, 1.0], relevant) == 1


def test_the_area_of_a_reversed_order_is_0_and_of_a_constant_one_half():
    relevant = [True, True, False, False]
    assert roc_auc([1.0, 2.0, -3.0, 4.0], relevant) == 0
    assert roc_auc([1.0, -1.0, 1.0, 1.0], relevant) == 1 / 2


@scores
@CHEAP
@given(case=cases(n=4))
def test_rows_score_the_mean_of_those_whose_truth_varies(score, case):
    importance, relevant, _ = case
    each = [score(a, truth) for a, truth in zip(importance, relevant, strict=True)]
    kept = [value for value in each if not math.isnan(value)]
    found = score(importance, relevant)
    assert type(found) is float
    assert found == pytest.approx(np.mean(kept), abs=1e-11) if kept else math.isnan(found)


@scores
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_nothing_to_score_is_nan(score, shape):
    assert math.isnan(score(np.empty(shape), np.empty(shape, dtype=bool)))


@scores
def test_truth_of_zeros_and_ones_is_taken_as_boolean(score):
    assert score([3.0, 1.0, 2.0], [0, 0, 1]) == score([3.0, 1.0, 2.0], [False, False, True])


# recovery


def test_recovery_by_hand():
    # Order of the importance 1, 0, 2, 3, of the effects 0, 1, 3, 2; columns 0 and 2 keep the sign.
    found = recovery([3.0, 4.0, -2.0, 1.0], [True, True, False, False], [9.0, -5.0, -0.1, -0.2])
    assert found == {
        "average_precision": 1.0,
        "roc_auc": 1.0,
        "feature_agreement": 1.0,
        "rank_agreement": 0.0,
        "sign_agreement": 0.5,
        "signed_rank_agreement": 0.0,
        "spearman": pytest.approx(1 - 6 * 4 / 60),  # four differences of 1
        "kendall": pytest.approx((4 - 2) / 6),  # two of six pairs are inverted
    }


def test_without_effects_only_the_relevant_features_are_scored():
    assert list(recovery([3.0, 1.0], [True, False])) == OF_TRUTH
    assert list(recovery([3.0, 1.0], [True, False], [1.0, 0.0])) == OF_TRUTH + OF_EFFECTS


@CHEAP
@given(case=cases())
def test_recovery_is_its_slow_definition(case):
    assert recovery(*case) == pytest.approx(slow_recovery(*case), abs=1e-11, nan_ok=True)


@CHEAP
@given(case=cases(n=4))
def test_recovery_of_rows_is_the_mean_of_the_defined_rows(case):
    each = [slow_recovery(*row) for row in zip(*case, strict=True)]
    for name, value in recovery(*case).items():
        kept = [row[name] for row in each if not math.isnan(row[name])]
        expected = np.mean(kept) if kept else math.nan
        assert value == pytest.approx(expected, abs=1e-11, nan_ok=True), name
        assert type(value) is float


@CHEAP
@given(case=cases(n=3))
def test_a_truth_for_all_rows_is_that_of_each(case):
    importance, relevant, effects = case
    np.testing.assert_equal(
        recovery(importance, relevant[0], effects[0]),
        recovery(importance, np.tile(relevant[0], (3, 1)), np.tile(effects[0], (3, 1))),
    )


def test_a_constant_importance_scores_as_random():
    found = recovery(np.zeros(4), [True, False, False, False], [2.0, 0.5, -0.4, 0.0])
    assert found["roc_auc"] == 1 / 2
    assert found["feature_agreement"] == found["rank_agreement"] == 1 / 4
    assert found["average_precision"] == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert found["spearman"] == found["kendall"] == found["sign_agreement"] == 0


def test_a_silent_row_lowers_the_mean_of_the_rows():
    rows, relevant, effects = [[2.0, 1.0], [0.0, 0.0]], [True, False], [5.0, 0.0]
    found = recovery(rows, relevant, effects)
    assert found["spearman"] == found["sign_agreement"] == 1 / 2
    assert found["feature_agreement"] == 3 / 4


def test_effects_are_scored_where_all_features_are_relevant():
    found = recovery([3.0, -2.0, 1.0], [True, True, True], [6.0, -5.0, -4.0])
    assert math.isnan(found["roc_auc"])
    assert found["rank_agreement"] == found["spearman"] == found["kendall"] == 1
    assert found["sign_agreement"] == pytest.approx(2 / 3)


@CHEAP
@given(case=cases(n=2, elements=any_numbers()), data=st.data())
def test_the_order_of_the_columns_does_not_matter(case, data):
    importance, relevant, effects = case
    columns = data.draw(st.permutations(range(importance.shape[1])))
    found = recovery(*case)
    np.testing.assert_equal(recovery(*(array[:, columns] for array in case)), found)
    np.testing.assert_equal(recovery(-importance, relevant, -effects), found)
    assert all(-1 <= value <= 1 for value in found.values() if not math.isnan(value))


@CHEAP
@given(case=cases(n=2))
def test_the_true_effects_recover_themselves(case):
    _, relevant, effects = case
    effects = np.where(relevant, effects, 0.0)
    for name in OF_EFFECTS:
        value = recovery(effects, relevant, effects)[name]
        assert math.isnan(value) or value == 1


# regret


def test_regret_is_the_distance_to_the_best():
    assert regret(0.5, [0.25, 0.75, 0.5]) == 0.25
    assert regret(1.0, np.array([0.25, 0.75])) == -0.25
    assert type(regret(1.0, [1.0])) is float


def test_undefined_scores_are_left_out_of_the_best():
    assert regret(0.5, [math.nan, 0.75]) == 0.25
    assert math.isnan(regret(0.5, [math.nan]))
    assert math.isnan(regret(math.nan, [0.75]))


@pytest.mark.parametrize(
    ("bad", "shape"), [([], r"\(0,\)"), (0.5, r"\(\)"), ([[0.5]], r"\(1, 1\)")]
)
def test_regret_needs_one_score_per_explainer(bad, shape):
    with pytest.raises(InputError, match=rf"one score per explainer, got shape {shape}"):
        regret(0.5, bad)


@pytest.mark.parametrize(("consensus", "each"), [(math.inf, [1.0]), (1.0, [0.5, -math.inf])])
def test_regret_refuses_infinite_scores(consensus, each):
    with pytest.raises(InputError, match=r"Scores must be finite or NaN, got"):
        regret(consensus, each)


# Errors and inputs

RECOVERERS = pytest.mark.parametrize("score", [*SCORES, recovery], ids=lambda f: f.__name__)


@RECOVERERS
@pytest.mark.parametrize("truth", [[True], [[True, False]], [True, False, True], True])
def test_a_truth_of_another_shape_is_refused(score, truth):
    with pytest.raises(InputError, match=r"`relevant` must have the shape of `importance`, \(2,\)"):
        score([1.0, 2.0], truth)


@RECOVERERS
@pytest.mark.parametrize("truth", [[0.5, 1.0], [-1, 1], [0, 2]])
def test_a_truth_that_is_not_boolean_is_refused(score, truth):
    with pytest.raises(InputError, match=r"`relevant` must be boolean, .* as `effects`"):
        score([1.0, 2.0], truth)


@RECOVERERS
def test_importance_of_another_dimension_or_not_finite_is_refused(score):
    with pytest.raises(InputError, match=r"`importance` must have shape .*, got shape \(1, 1, 1\)"):
        score([[[1.0]]], [[[True]]])
    with pytest.raises(InputError, match=r"`importance` must be finite, got nan at index \(0,\)"):
        score([math.nan, 1.0], [True, False])


def test_effects_are_checked_too():
    rows = [[1.0, 2.0], [2.0, 1.0], [3.0, 0.0]]
    match = r"`effects` must have the shape of `importance`, \(3, 2\) or \(2,\), got \(3,\)"
    with pytest.raises(InputError, match=match):
        recovery(rows, [True, False], [1.0, 2.0, 3.0])
    with pytest.raises(InputError, match=r"`effects` must be finite, got inf at index \(1,\)"):
        recovery(rows, [True, False], [1.0, math.inf])


def test_inputs_are_only_read():
    inputs = np.array([[3.0, -1.0]]), np.array([[True, False]]), np.array([[2.0, 0.0]])
    for array in inputs:
        array.flags.writeable = False
    recovery(*inputs)
    np.testing.assert_array_equal(inputs[0], [[3.0, -1.0]])
