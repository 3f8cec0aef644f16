"""The result class and the registry: frozen, consistent, reproducible."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from wisca_xai import InputError
from wisca_xai.datasets import DATASETS, GroundTruthDataset, make_dataset

SIZES = {  # name -> task, rows, features, relevant features
    "height": ("classification", 100, 4, 1),
    "height_imbalanced": ("classification", 100, 4, 1),
    "height_multiclass": ("classification", 100, 4, 1),
    "rules_100": ("classification", 2000, 100, 6),
    "conjunction": ("classification", 999, 17, 2),
    "linear": ("regression", 71, 6, 4),
    "square": ("regression", 10000, 2, 1),
    "syn1": ("classification", 2000, 11, 2),
    "syn2": ("classification", 2000, 11, 4),
    "syn3": ("classification", 2000, 11, 4),
    "syn4": ("classification", 2000, 11, 7),
    "syn5": ("classification", 2000, 11, 7),
    "syn6": ("classification", 2000, 11, 9),
    "friedman1": ("regression", 1000, 10, 5),
    "friedman2": ("regression", 1000, 4, 4),
    "friedman3": ("regression", 1000, 4, 4),
    "sparse_uncorrelated": ("regression", 1000, 10, 4),
    "informative": ("classification", 1000, 20, 10),
    "correlated_0": ("regression", 1000, 10, 5),
    "correlated_05": ("regression", 1000, 10, 5),
    "correlated_09": ("regression", 1000, 10, 5),
    "product": ("regression", 1000, 20, 3),
    "switch_2": ("classification", 1000, 8, 3),
    "switch_3": ("classification", 1000, 8, 4),
    "switch_levels": ("classification", 1000, 8, 5),
    "either_or_2": ("classification", 1000, 8, 2),
    "either_or_3": ("classification", 1000, 8, 3),
    "maximum": ("regression", 1000, 8, 3),
    "near_copies": ("regression", 1000, 8, 2),
    "many_levels": ("classification", 1000, 6, 2),
    "ties": ("regression", 1000, 8, 3),
    "rare_events": ("classification", 2000, 8, 3),
}
WITH_EFFECTS = {
    *("height", "height_imbalanced", "linear", "square", "syn2", "syn3", "sparse_uncorrelated"),
    *("correlated_0", "correlated_05", "correlated_09"),
    *("near_copies", "many_levels", "ties", "rare_events"),
}
WITH_TEXT = {"switch_levels": ["switch"], "many_levels": ["city", "brand"]}


def small(**changes) -> GroundTruthDataset:
    fields = {
        "name": "small",
        "X": pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [0.0, 1.0, 0.0]}, index=[7, 8, 9]),
        "y": pd.Series([1.0, 2.0, 4.0], index=[7, 8, 9]),
        "task": "regression",
        "relevant": np.array([True, False]),
        "effects": np.array([[-4 / 3, 0.0], [-1 / 3, 0.0], [5 / 3, 0.0]]),
        "description": "y = a",
    }
    return GroundTruthDataset(**(fields | changes))


def as_bytes(data: GroundTruthDataset) -> bytes:
    effects = b"" if data.effects is None else data.effects.tobytes()
    parts = [data.X.to_csv().encode(), data.y.to_numpy().tobytes(), data.relevant.tobytes()]
    return b"".join([*parts, effects])


# GroundTruthDataset


def test_repr_is_one_line():
    assert repr(small()) == (
        "<GroundTruthDataset 'small': regression, 3 rows x 2 features, 1 relevant>"
    )
    per_row = np.array([[True, False], [False, False], [False, True]])
    assert repr(small(relevant=per_row)) == (
        "<GroundTruthDataset 'small': regression, 3 rows x 2 features, 2 relevant, per row>"
    )


def test_relevant_features_are_those_of_any_row():
    per_row = np.array([[True, False], [True, False], [False, False]])
    np.testing.assert_array_equal(small(relevant=per_row).relevant_features, [True, False])
    np.testing.assert_array_equal(
        small(relevant=np.array([False, True])).relevant_features, [False, True]
    )


@pytest.mark.parametrize(
    "remake",
    [lambda data: data, copy.copy, copy.deepcopy, lambda data: pickle.loads(pickle.dumps(data))],
    ids=["new", "copy", "deepcopy", "pickle"],
)
def test_arrays_are_read_only(remake):
    data = remake(small())
    for array in (data.relevant, data.relevant_features, data.effects):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError, match="cannot assign to field"):
        data.name = "other"


def test_what_was_passed_in_stays_free_and_apart():
    X, y = pd.DataFrame({"a": [1.0], "b": [2.0]}), pd.Series([3.0])
    relevant, effects = np.array([True, False]), np.zeros((1, 2))
    data = small(X=X, y=y, relevant=relevant, effects=effects)
    X.iloc[0, 0], y.iloc[0], relevant[0], effects[0, 0] = 9.0, 9.0, False, 9.0
    assert (data.X.iloc[0, 0], data.y.iloc[0]) == (1.0, 3.0)
    assert (data.relevant[0], data.effects[0, 0]) == (True, 0.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "clustering"}, r"`task` must be one of \['classification', 'regression'\]"),
        ({"y": pd.Series([1.0, 2.0])}, "must have the index of `X`, got 2 entries for 3 rows.$"),
        ({"y": pd.Series([1.0, 2.0, 4.0])}, "got 3 entries for 3 rows with other labels"),
        ({"relevant": np.array([1, 0])}, "`relevant` must be of dtype bool, got int"),
        ({"relevant": np.array([True])}, r"`relevant` must have shape \(2,\) or \(3, 2\), got"),
        ({"relevant": np.ones((2, 2), bool)}, r"`relevant` must have shape .* got \(2, 2\)"),
        ({"effects": np.zeros((3, 1))}, r"`effects` must have shape \(3, 2\), got \(3, 1\)"),
        ({"effects": np.zeros(2)}, "`effects` must be 2-dimensional"),
        ({"effects": np.full((3, 2), np.nan)}, "`effects` must be finite"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        small(**changes)


def test_columns_of_one_name_are_refused():
    X = pd.DataFrame(np.zeros((3, 2)), columns=["a", "a"], index=[7, 8, 9])
    with pytest.raises(InputError, match="Column names must be unique"):
        small(X=X)


# The registry


def test_registry_is_the_list():
    assert list(DATASETS) == list(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_size_task_and_name(name):
    data = make_dataset(name, random_state=0)
    n_samples, n_features = data.X.shape
    found = (data.task, n_samples, n_features, int(data.relevant_features.sum()))
    assert found == SIZES[name]
    assert data.name == name
    assert (data.effects is not None) == (name in WITH_EFFECTS)
    assert f"{n_samples} x {n_features}" in data.description
    text = data.X.select_dtypes(exclude="number")
    assert list(text) == WITH_TEXT.get(name, [])
    assert all(isinstance(level, str) for column in text for level in text[column])
    assert np.isfinite(data.X.select_dtypes("number").to_numpy()).all()
    assert np.isfinite(data.y.to_numpy()).all()
    if data.task == "classification":
        n_classes = 3 if name == "height_multiclass" else 2
        assert sorted(data.y.unique()) == list(range(n_classes))


@pytest.mark.parametrize("name", SIZES)
def test_one_seed_gives_the_same_bytes_and_another_others(name):
    first, again, other = (make_dataset(name, n_samples=60, random_state=s) for s in (3, 3, 4))
    assert len(first.X) == len(first.y) == 60
    assert as_bytes(first) == as_bytes(again)
    assert not np.array_equal(first.X.to_numpy(), other.X.to_numpy())


@pytest.mark.parametrize("name", SIZES)
def test_global_state_is_neither_read_nor_changed(name):
    state = np.random.get_state()  # noqa: NPY002
    try:
        tables = []
        for _ in range(2):
            np.random.seed(5)  # noqa: NPY002
            before = np.random.get_state()[1].copy(), np.random.get_state()[2]  # noqa: NPY002
            make_dataset(name, n_samples=30, random_state=0)
            tables.append(make_dataset(name, n_samples=30).X.to_numpy())
            after = np.random.get_state()[1], np.random.get_state()[2]  # noqa: NPY002
            np.testing.assert_array_equal(before[0], after[0])
            assert before[1] == after[1]
        assert not np.array_equal(*tables)
    finally:
        np.random.set_state(state)  # noqa: NPY002


@pytest.mark.parametrize("name", SIZES)
def test_generators_and_random_states_are_seeds_too(name):
    for new in (np.random.default_rng, np.random.RandomState):
        one, two = new(1), new(1)
        first = make_dataset(name, n_samples=30, random_state=one)
        assert as_bytes(first) == as_bytes(make_dataset(name, n_samples=30, random_state=two))
        following = make_dataset(name, n_samples=30, random_state=one)  # the seed has advanced
        assert as_bytes(first) != as_bytes(following)


@pytest.mark.parametrize("name", SIZES)
def test_effects_are_centred_and_zero_where_irrelevant(name):
    data = make_dataset(name, n_samples=200, random_state=1)
    if name not in WITH_EFFECTS:
        assert data.effects is None
        return
    scale = np.abs(data.effects).max()
    np.testing.assert_allclose(data.effects.mean(axis=0) / scale, 0, atol=1e-14)
    np.testing.assert_array_equal((data.effects != 0).any(axis=0), data.relevant_features)


@pytest.mark.parametrize("name", SIZES)
def test_order_of_rows_tells_nothing_about_the_class(name):
    data = make_dataset(name, n_samples=200, random_state=0)
    assert not data.y.is_monotonic_increasing
    assert not data.y.is_monotonic_decreasing


def test_entries_take_none_as_their_own_size():
    assert len(DATASETS["linear"](n_samples=None, random_state=0).X) == 71
    assert len(DATASETS["linear"]().X) == 71
    assert DATASETS["linear"](n_samples=9, random_state=0).X.shape == (9, 6)


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match=r"`name` must be one of .*Did you mean 'syn4'\?"):
        make_dataset("sym4")


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("n_samples", [0, -3, 2.5, True, "9"])
def test_invalid_sizes_are_refused(name, n_samples):
    with pytest.raises(InputError, match="`n_samples` must be an integer of at least"):
        make_dataset(name, n_samples=n_samples)


@pytest.mark.parametrize("random_state", [-1, 1.5, "0"])
def test_invalid_seeds_are_refused(random_state):
    for name in ("height", "friedman1"):
        with pytest.raises(InputError, match="`random_state` must be an integer of at least 0"):
            make_dataset(name, random_state=random_state)
