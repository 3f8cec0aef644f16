"""scikit-learn's generators: the same data, and a truth that holds in them."""

import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets

from wisca_xai import InputError
from wisca_xai.datasets import make_friedman, make_informative, make_sparse_uncorrelated

# make_friedman


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_int_gives_the_data_of_scikit_learn(number):
    data = make_friedman(number, 50, noise=0.5, random_state=7)
    make = getattr(sklearn_datasets, f"make_friedman{number}")
    X, y = make(50, noise=0.5, random_state=7)
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(data.y, y)
    assert list(data.X) == [f"x{j + 1}" for j in range(X.shape[1])]


def test_friedman_formulas():
    data = make_friedman(1, random_state=0)
    x1, x2, x3, x4, x5 = (data.X[f"x{j}"] for j in range(1, 6))
    expected = 10 * np.sin(np.pi * x1 * x2) + 20 * (x3 - 0.5) ** 2 + 10 * x4 + 5 * x5
    np.testing.assert_allclose(data.y, expected, rtol=1e-12)
    x1, x2, x3, x4 = (make_friedman(2, random_state=0).X[f"x{j}"] for j in range(1, 5))
    reactance = x2 * x3 - 1 / (x2 * x4)
    np.testing.assert_allclose(make_friedman(2, random_state=0).y, np.hypot(x1, reactance))
    np.testing.assert_allclose(make_friedman(3, random_state=0).y, np.arctan(reactance / x1))


def test_noise_of_friedman_is_in_the_unit_of_y():
    noisy, clean = (make_friedman(1, 20000, noise=s, random_state=0) for s in (3.0, 0.0))
    np.testing.assert_array_equal(noisy.X, clean.X)
    assert (noisy.y - clean.y).std() == pytest.approx(3, abs=0.06)
    assert "standard deviation 3;" in noisy.description


def test_relevant_features_of_friedman():
    assert make_friedman(1, 9, random_state=0).relevant.tolist() == [True] * 5 + [False] * 5
    assert make_friedman(1, 9, 5, random_state=0).relevant.tolist() == [True] * 5
    assert make_friedman(3, 9, 4, random_state=0).relevant.tolist() == [True] * 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"number": 4}, "`number` must be from 1 to 3, got 4"),
        ({"number": 0}, "`number` must be an integer of at least 1"),
        ({"number": 1, "n_features": 4}, "`n_features` must be an integer of at least 5"),
        ({"number": 2, "n_features": 5}, "`n_features` must be 4 for Friedman's problem 2, got 5"),
        ({"number": 3, "n_features": 3}, "`n_features` must be an integer of at least 4"),
        ({"number": 1, "noise": -1}, "`noise` must be a finite number of at least 0, got -1"),
        ({"number": 1, "noise": np.inf}, "`noise` must be a finite number of at least 0, got inf"),
        ({"number": 1, "noise": np.nan}, "`noise` must be a finite number of at least 0, got nan"),
        ({"number": 1, "noise": "1"}, "`noise` must be a finite number of at least 0, got '1'"),
    ],
)
def test_bad_arguments_of_friedman_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        make_friedman(**arguments)


# make_sparse_uncorrelated


def test_sparse_uncorrelated_is_scikit_learns_with_its_effects():
    data = make_sparse_uncorrelated(20000, 6, random_state=7)
    X, y = sklearn_datasets.make_sparse_uncorrelated(20000, 6, random_state=7)
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(data.y, y)
    centre = X - X.mean(axis=0)
    np.testing.assert_allclose(data.effects, centre * [1, 2, -2, -1.5, 0, 0], atol=1e-12)
    assert data.relevant.tolist() == [True] * 4 + [False] * 2
    residual = y - y.mean() - data.effects.sum(axis=1)
    assert residual.std() == pytest.approx(1, abs=0.02)


def test_sparse_uncorrelated_needs_its_features():
    with pytest.raises(InputError, match="`n_features` must be an integer of at least 4"):
        make_sparse_uncorrelated(n_features=3)


# make_informative


def test_parts_are_what_their_names_say():
    data = make_informative(500, random_state=0)
    names = list(data.X)
    assert names == [
        *(f"informative{j}" for j in range(1, 6)),
        *(f"redundant{j}" for j in range(1, 4)),
        *("repeated1", "repeated2"),
        *(f"noise{j}" for j in range(1, 11)),
    ]
    assert data.relevant.tolist() == [True] * 10 + [False] * 10
    informative = data.X.iloc[:, :5].to_numpy()
    for name in names[5:]:
        x = data.X[name].to_numpy()
        residual = x - informative @ np.linalg.lstsq(informative, x, rcond=None)[0]
        explained = np.abs(residual).max() < 1e-9
        assert explained == (not name.startswith("noise"))
    originals = data.X.iloc[:, :8].to_numpy()
    for name in ("repeated1", "repeated2"):
        assert (originals == data.X[[name]].to_numpy()).all(axis=0).any()


def test_informative_is_scikit_learns_with_shuffled_rows():
    data = make_informative(200, 9, n_informative=3, n_redundant=1, n_repeated=1, random_state=7)
    X, y = sklearn_datasets.make_classification(
        200, 9, n_informative=3, n_redundant=1, n_repeated=1, shuffle=False, random_state=7
    )
    mine = np.column_stack([data.X, data.y])
    theirs = np.column_stack([X, y])
    assert not np.array_equal(mine, theirs)
    np.testing.assert_array_equal(mine[mine[:, 0].argsort()], theirs[theirs[:, 0].argsort()])


def test_noise_of_informative_tells_nothing_about_the_class():
    data = make_informative(20000, random_state=0)
    correlations = data.X.corrwith(data.y).abs()
    assert correlations[~data.relevant].max() < 0.03  # 4 standard errors
    assert correlations[data.relevant].max() > 0.3


def test_parts_may_be_empty():
    data = make_informative(20, 2, n_informative=2, n_redundant=0, n_repeated=0, random_state=0)
    assert list(data.X) == ["informative1", "informative2"]
    assert data.relevant.all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_features": 9}, r"at least n_informative \+ n_redundant \+ n_repeated = 10, got 9"),
        ({"n_informative": 1}, "`n_informative` must be an integer of at least 2"),
        ({"n_redundant": -1}, "`n_redundant` must be an integer of at least 0"),
        ({"n_repeated": -1}, "`n_repeated` must be an integer of at least 0"),
        ({"n_samples": 3}, "`n_samples` must be an integer of at least 4"),
    ],
)
def test_bad_parts_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        make_informative(**arguments)
