"""Faithfulness is of the rows that were explained, in the order in which they came."""

import numpy as np
import pytest

from wisca_xai import InputError, ShapExplainer
from wisca_xai.faithfulness import (
    deletion_curve,
    faithfulness_report,
    infidelity,
    insertion_curve,
    local_stability,
    prediction_gap,
)

X = np.random.default_rng(0).normal(size=(20, 3))
EXPLAINER = ShapExplainer(lambda rows: rows @ [4.0, 2.0, 1.0] * rows[:, 0], random_state=0).fit(X)
WHOLE = EXPLAINER.explain(X[:12])
FUNCTIONS = (
    deletion_curve,
    insertion_curve,
    prediction_gap,
    infidelity,
    local_stability,
    faithfulness_report,
)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("rows", [X[:12][::-1], X[8:20]], ids=["turned", "other"])
def test_other_rows_are_refused(function, rows):
    with pytest.raises(InputError, match="`X` must hold the rows that were explained, in the same"):
        function(EXPLAINER, WHOLE, rows)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_selection_goes_with_its_own_rows(function):
    part = WHOLE[[7, 3]]
    assert function(EXPLAINER, part, part.data, random_state=0) is not None


def test_results_are_in_the_order_of_the_rows():
    order = np.random.default_rng(1).permutation(12)
    shuffled = EXPLAINER.explain(X[:12][order])
    one = deletion_curve(EXPLAINER, WHOLE, X[:12], random_state=0).area
    two = deletion_curve(EXPLAINER, shuffled, X[:12][order], random_state=0).area
    np.testing.assert_array_equal(one[order], two)
    one, two = (prediction_gap(EXPLAINER, e, e.data, random_state=0) for e in (WHOLE, shuffled))
    np.testing.assert_array_equal(one[0][order], two[0])


def test_infidelity_of_an_unsigned_explanation_is_unknown():
    from dataclasses import replace

    unsigned = replace(WHOLE, signed=False)
    assert np.isnan(infidelity(EXPLAINER, unsigned, X[:12])).all()


def test_a_model_in_place_of_the_explainer_is_refused():
    with pytest.raises(InputError, match=r"must be the fitted explainer .* got function"):
        faithfulness_report(lambda rows: rows, WHOLE, X[:12])
