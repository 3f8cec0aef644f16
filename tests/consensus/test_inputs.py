"""One signature for all consensus functions, and the checks of custom ones."""

import inspect
from functools import partial

import numpy as np
import pytest

from wisca_xai import InputError
from wisca_xai.consensus import (
    CONSENSUS,
    Consensus,
    check_consensus,
    check_consensus_function,
    wisca,
)

SHARED = {
    "local": inspect.Parameter.empty,
    "importances": None,
    "weights": None,
    "aggregation": "magnitude",
    "method_weights": None,
    "row_votes": None,
}


# -- the signature -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONSENSUS)
def test_all_functions_have_the_same_signature(name):
    parameters = list(inspect.signature(CONSENSUS[name]).parameters.values())
    shared = SHARED if name != "wisca_signed" else {**SHARED, "aggregation": "signed"}
    assert {p.name: p.default for p in parameters[:6]} == shared
    assert [p.kind for p in parameters[:3]] == [inspect.Parameter.POSITIONAL_OR_KEYWORD] * 3
    # All the others, and options of the function itself, are keywords with a default.
    assert {p.kind for p in parameters[3:]} == {inspect.Parameter.KEYWORD_ONLY}
    assert all(p.default is not p.empty for p in parameters[6:])
    check_consensus_function(CONSENSUS[name])


class Callable:
    def __call__(self, local, importances, weights, *, method_weights, row_votes):
        return wisca(
            local, importances, weights, method_weights=method_weights, row_votes=row_votes
        )


class Unreadable:
    __signature__ = "not a signature"

    def __call__(self, *arguments):
        return None


@pytest.mark.parametrize(
    "function",
    [
        lambda local, importances, weights, *, method_weights, row_votes: None,
        lambda local, importances, weights, method_weights=None, row_votes=None: None,
        lambda local, importances, weights, **options: None,
        lambda *arguments, **options: None,
        partial(wisca, aggregation="signed"),
        partial(lambda top, *rest, **options: None, 3),
        Callable(),
        Unreadable(),
    ],
    ids=["keywords", "defaults", "options", "any", "partial", "position", "object", "unreadable"],
)
def test_custom_functions_that_can_be_called(function):
    check_consensus_function(function)


def only_local(local):
    """A consensus function that has no parameters for importances and weights."""


def without_votes(local, importances: object, weights=None, *, row_votes=None) -> None:
    """A consensus function without `method_weights`."""


def without_row_votes(local, importances, weights, method_weights=None):
    """A consensus function without `row_votes`."""


def with_a_need(local, importances, weights, threshold, **options):
    """A consensus function with a parameter that nobody fills in."""


class Needy:
    def __call__(self, local, importances):
        """A callable object without weights."""


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (only_local, r"only_local\(local\)\.$"),
        (
            without_votes,
            r"without_votes\(local, importances, weights=None, \*, row_votes=None\)\.$",
        ),
        (
            without_row_votes,
            r"without_row_votes\(local, importances, weights, method_weights=None\)\.$",
        ),
        (with_a_need, r"with_a_need\(local, importances, weights, threshold, \*\*options\)\.$"),
        (
            partial(without_row_votes, None),
            r"without_row_votes\(importances, weights, method_weights",
        ),
        (Needy(), r"Needy\(local, importances\)\.$"),
    ],
)
def test_custom_functions_that_cannot_be_called(function, got):
    message = (
        r"`consensus` must be called as function\(local, importances, weights, \*, "
        r"method_weights, row_votes\), or take \*\*options, got "
    )
    with pytest.raises(InputError, match=message + got):
        check_consensus_function(function)


def test_a_name_is_not_a_function():
    with pytest.raises(InputError, match=r"`consensus` must be callable as function.*got 'wisca'"):
        check_consensus_function("wisca")


# -- the result ----------------------------------------------------------------------------------

VALUES = np.array([[1.0, -0.5], [0.0, 0.25], [-1.0, 0.0]])
IMPORTANCE = np.array([1.0, 0.0])


def test_a_consensus_passes_unchanged():
    found = check_consensus(Consensus(VALUES, IMPORTANCE), 3, 2)
    assert found.values.tobytes() == VALUES.tobytes()
    assert found.importance.tobytes() == IMPORTANCE.tobytes()
    alone = check_consensus(Consensus(IMPORTANCE, IMPORTANCE), None, 2)
    assert alone.values.tobytes() == IMPORTANCE.tobytes()


def test_numbers_may_be_of_other_types_and_off_by_rounding():
    found = check_consensus(Consensus([[1, 0]], np.float32([1, 0])), 1, 2)
    assert found.values.tolist() == [[1.0, 0.0]]
    assert found.importance.dtype == np.float64
    above = np.array([1 + 1e-10, -1 - 1e-10])
    assert check_consensus(Consensus(above[None], above), 1, 2).importance[0] == 1 + 1e-10


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, r"`consensus` must return a wisca_xai\.consensus\.Consensus, got NoneType\."),
        ((VALUES, IMPORTANCE), r"must return a wisca_xai\.consensus\.Consensus, got tuple\."),
        (VALUES, r"must return a wisca_xai\.consensus\.Consensus, got ndarray\."),
        (
            Consensus(IMPORTANCE, IMPORTANCE),
            r"`values` of a consensus must have shape \(3, 2\), got \(2,\)\.",
        ),
        (
            Consensus(VALUES, np.zeros(3)),
            r"`importance` of a consensus must have shape \(2,\), got \(3,\)\.",
        ),
        (Consensus(VALUES, None), r"`importance` of a consensus must have shape \(2,\), got \(\)"),
        (
            Consensus(VALUES, ["high", "low"]),
            r"`importance` of a consensus must be an array of numbers: could not convert",
        ),
        (
            Consensus(np.where(VALUES > 0, np.nan, VALUES), IMPORTANCE),
            r"`values` of a consensus must be finite, got 2 entries that are NaN or infinite\.",
        ),
        (
            Consensus(VALUES, np.array([np.inf, 0.0])),
            r"`importance` of a consensus must be finite, got 1 entries",
        ),
        (
            Consensus(VALUES * 3, IMPORTANCE),
            r"`values` of a consensus must lie in \[-1, 1\], got values from -3\.0 to 3\.0\. Scale",
        ),
        (
            Consensus(VALUES, np.array([1 + 1e-8, 0.0])),
            r"`importance` of a consensus must lie in \[-1, 1\], got values from 0\.0 to 1\.0",
        ),
    ],
    ids=[
        "none",
        "tuple",
        "array",
        "values of one row",
        "importance of another table",
        "no importance",
        "text",
        "NaN values",
        "infinite importance",
        "values out of range",
        "importance out of range",
    ],
)
def test_what_is_not_a_consensus(result, message):
    with pytest.raises(InputError, match=message):
        check_consensus(result, 3, 2)


def test_only_global_methods_give_one_vector():
    with pytest.raises(InputError, match=r"`values` of a consensus must have shape \(2,\), got"):
        check_consensus(Consensus(VALUES, IMPORTANCE), None, 2)
