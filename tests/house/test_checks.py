"""Checks at the entrance: what is refused, and with which words."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from wisca_xai import InputError
from wisca_xai._checks import (
    check_choice,
    check_count,
    check_finite,
    check_not_sparse,
    check_target_column,
    check_unique_names,
)
from wisca_xai._random import canonical_order, seed_entropy


def test_sparse_tables_are_refused_with_the_size_of_a_dense_copy():
    X = sparse.csr_matrix((1000, 250_000))
    with pytest.raises(InputError, match=r"X\.toarray\(\) \(needs 2 GB\)"):
        check_not_sparse(X)


def test_dense_tables_pass_the_sparse_check():
    assert check_not_sparse(np.eye(2)) is None
    assert check_not_sparse([[1, 2]]) is None


def test_duplicate_names_are_listed_once_each():
    frame = pd.DataFrame(np.zeros((1, 5)), columns=["b", "a", "b", "b", "a"])
    with pytest.raises(InputError, match=r"must be unique, got \['a', 'b'\] more than once"):
        check_unique_names(frame)


def test_names_that_are_the_same_as_text_are_duplicates():
    with pytest.raises(InputError, match=r"must be unique, got \['nan'\] more than once"):
        check_unique_names([1.0, float("nan"), float("nan")])


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        pytest.param([1, 0], np.array([1, 0]), id="list"),
        pytest.param(np.array(["a", "b"]), np.array(["a", "b"]), id="strings"),
        pytest.param(pd.Series([True, False], index=[7, 9]), np.array([True, False]), id="series"),
        pytest.param(pd.Series([1, 2], dtype="Int64"), np.array([1, 2]), id="nullable"),
        pytest.param(pd.Series(["a", "b"], dtype="category"), np.array(["a", "b"]), id="category"),
    ],
)
def test_target_column_becomes_a_vector(y, expected):
    vector = check_target_column(y, np.zeros((2, 1)))
    assert isinstance(vector, np.ndarray)
    assert vector.shape == (2,)
    assert vector.tolist() == expected.tolist()


def test_no_target_column_stays_none():
    assert check_target_column(None, np.zeros((2, 1))) is None


def test_target_column_of_shape_n_1_warns_as_in_scikit_learn():
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        vector = check_target_column(np.zeros((3, 1)), np.zeros((3, 1)))
    assert vector.shape == (3,)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        pytest.param([1, 2, 3], "one entry per row of `X`.*inconsistent numbers", id="length"),
        pytest.param(np.zeros((2, 2)), "1d array|one column|1-dimensional", id="two columns"),
        pytest.param([1.0, np.nan], "y contains NaN: 1 of 2 entries", id="NaN"),
        pytest.param(np.array(["a", None], dtype=object), "y contains NaN: 1 of 2", id="None"),
        pytest.param(pd.Series([1, None], dtype="Int64"), "y contains NaN: 1 of 2", id="NA"),
    ],
)
def test_broken_target_columns_are_refused(y, message):
    with pytest.raises(InputError, match=message):
        check_target_column(y, np.zeros((2, 1)))


def test_finite_values_come_back_as_float64():
    values = check_finite("weights", [1, 2], ndim=1)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, [1.0, 2.0])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param([[1.0]], r"`weights` must be 1-dimensional, got shape \(1, 1\)", id="shape"),
        pytest.param([0.0, np.nan], r"must be finite, got nan at index \(1,\)", id="nan"),
        pytest.param([-np.inf, 0.0], r"must be finite, got -inf at index \(0,\)", id="inf"),
    ],
)
def test_values_that_are_not_finite_are_located(values, message):
    with pytest.raises(InputError, match=message):
        check_finite("weights", values, ndim=1)


def test_unknown_choice_lists_the_choices_and_suggests_the_nearest():
    with pytest.raises(InputError, match=r"\['lime', 'shap'\] or a pair, got 'sharp'.*'shap'\?"):
        check_choice("explainers", "sharp", ("shap", "lime"), also=" or a pair")


def test_unknown_choice_without_a_near_one_suggests_nothing():
    with pytest.raises(InputError, match=r"got 7\.$"):
        check_choice("explainers", 7, ("shap", "lime"))


def test_known_choice_passes():
    assert check_choice("explainers", "lime", ("shap", "lime")) is None


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)], ids=["int", "int64", "uint8"])
def test_counts_become_python_integers(value):
    count = check_count("n", value)
    assert count == 3
    assert type(count) is int


@pytest.mark.parametrize(
    "value", [0, -1, 2.0, "2", None, True], ids=["0", "-1", "2.0", "text", "None", "bool"]
)
def test_what_is_no_count_is_refused(value):
    with pytest.raises(InputError, match="`n` must be an integer of at least 1, got"):
        check_count("n", value)


def test_integer_seed_is_its_own_entropy():
    assert seed_entropy(42) == 42
    assert seed_entropy(np.int64(0)) == 0


def test_no_seed_gives_fresh_entropy():
    assert len({seed_entropy(None) for _ in range(5)}) == 5


@pytest.mark.parametrize(
    "make", [np.random.RandomState, np.random.default_rng], ids=["RandomState", "Generator"]
)
def test_a_generator_is_advanced_and_repeatable(make):
    one, two = make(3), make(3)
    first = [seed_entropy(one), seed_entropy(one)]
    assert first == [seed_entropy(two), seed_entropy(two)]
    assert first[0] != first[1]


@pytest.mark.parametrize("seed", [-1, 1.5, "7"], ids=["negative", "float", "text"])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(InputError, match="`random_state` must be an integer of at least 0"):
        seed_entropy(seed)


def test_no_seed_leaves_the_global_generator_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    seed_entropy(None)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_canonical_order_sorts_by_the_first_column_first():
    matrix = np.array([[1.0, 0.0], [0.0, 9.0], [0.0, 1.0], [np.nan, 0.0]])
    assert canonical_order(matrix).tolist() == [2, 1, 0, 3]


def test_equal_rows_are_ordered_by_their_target():
    matrix = np.zeros((3, 2))
    assert canonical_order(matrix, np.array(["c", "a", "b"])).tolist() == [1, 2, 0]


@given(
    hnp.arrays(
        np.float64, st.tuples(st.integers(1, 8), st.integers(1, 3)), elements=st.floats(0, 2)
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_canonical_order_does_not_depend_on_how_rows_came(matrix, random):
    shuffle = list(range(len(matrix)))
    random.shuffle(shuffle)
    shuffled = matrix[shuffle]
    np.testing.assert_array_equal(
        matrix[canonical_order(matrix)], shuffled[canonical_order(shuffled)]
    )
    assert sorted(canonical_order(matrix)) == list(range(len(matrix)))
