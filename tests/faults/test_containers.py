"""Every kind of table, memory layout, dtype and index."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from tests.faults.fault_cases import (
    ARRAY,
    ARRAY_CLASSIFIER,
    CLASSIFIER,
    FRAME,
    case,
    check_complete,
    explain,
    fault,
    first,
    panel,
)
from wisca_xai import InputError, ModelContractError, WISCAWarning


@fault(16, "a sparse matrix")
def test_sparse_matrices_are_refused_with_their_size():
    X = sparse.csr_matrix((10**6, 400))
    with pytest.raises(InputError, match=r"X.toarray\(\) \(needs 3.2 GB\)"):
        explain(ARRAY_CLASSIFIER, X)


def read_only():
    X = ARRAY.copy()
    X.setflags(write=False)
    return X


def on_disk(folder):
    X = np.memmap(folder / "X.dat", dtype=np.float64, mode="w+", shape=ARRAY.shape)
    X[:] = ARRAY
    return X


@pytest.mark.parametrize(
    "make",
    [
        case(17, "read-only", lambda folder: read_only()),
        case(17, "memory map", on_disk),
        case(17, "Fortran order", lambda folder: np.asfortranarray(ARRAY)),
        case(17, "big endian", lambda folder: ARRAY.astype(">f8")),
    ],
)
def test_memory_layout_does_not_matter(make, tmp_path):
    explanation = explain(ARRAY_CLASSIFIER, make(tmp_path))
    assert explanation.values.tobytes() == explain(ARRAY_CLASSIFIER, ARRAY).values.tobytes()


@fault(17, "stride zero")
def test_broadcast_rows_give_the_same_bytes():
    rows = np.broadcast_to(ARRAY[0], (5, 4))
    explanation = explain(ARRAY_CLASSIFIER, ARRAY, rows)
    again = explain(ARRAY_CLASSIFIER, ARRAY, rows.copy())
    assert explanation.values.tobytes() == again.values.tobytes()


@pytest.mark.parametrize(
    ("X", "model"),
    [
        case(18, "float16", ARRAY.astype(np.float16), ARRAY_CLASSIFIER),
        case(18, "float32", ARRAY.astype(np.float32), ARRAY_CLASSIFIER),
        case(18, "integers", (ARRAY * 10).astype(int), ARRAY_CLASSIFIER),
        case(18, "subnormal numbers", ARRAY * 1e-310, lambda Z: Z[:, 0] * 1e300),
    ],
)
def test_numbers_of_every_type_become_float64(X, model):
    explanation = explain(model, X)
    check_complete(explanation)
    assert explanation.values.dtype == np.float64


@fault(18, "huge numbers")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_huge_numbers_change_nothing():
    """The forest learns from places, so that its float32 do not overflow."""
    explanation = explain(lambda Z: Z[:, 0] / 2**400, ARRAY * 2.0**400)
    usual = explain(first, ARRAY)
    assert explanation.failures == {}
    assert set(explanation.components) == {"shap", "lime", "permutation", "forest"}
    for name, answer in explanation.components.items():
        np.testing.assert_allclose(answer.values, usual.components[name].values, atol=1e-9)
    np.testing.assert_allclose(explanation.values, usual.values, atol=1e-9)


@fault(18, "numbers without a square")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers_without_a_square_stop_lime():
    """With infinite deviations it would draw nonsense without a word."""
    with pytest.warns(WISCAWarning, match=r"at most 1e\+150, but the columns \['x0'\] of the"):
        explanation = explain(
            lambda Z: Z[:, 0] * 1e-300, ARRAY * [1e300, 1, 1, 1], explainers=panel()[:3]
        )
    assert set(explanation.failures) == {"lime"}
    assert set(explanation.components) == {"shap", "permutation"}


@fault(18, "overflow")
def test_overflow_of_the_model_is_an_error():
    def model(Z):
        with np.errstate(over="ignore"):
            return Z[:, 0] * 1e300

    with pytest.raises(ModelContractError, match=r"must return finite numbers, got \[inf\]"):
        explain(model, np.abs(ARRAY) * 1e10)


@pytest.mark.parametrize(
    "X",
    [
        case(19, "list of lists", ARRAY.tolist()),
        case(19, "polars", pl.DataFrame(FRAME.to_dict("list"))),
        case(19, "Arrow", pa.table(FRAME.to_dict("list"))),
    ],
)
def test_lists_polars_and_arrow_tables_are_explained(X):
    rows = X[:5] if not isinstance(X, pa.Table) else X.slice(0, 5)
    explanation = explain(lambda Z: np.asarray(Z, dtype=float)[:, 0], X, rows)
    check_complete(explanation)
    np.testing.assert_allclose(explanation.values, explain(first).values, atol=1e-12)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(
    ("model", "X", "row", "message"),
    [
        case(19, "1-D array", ARRAY_CLASSIFIER, ARRAY, ARRAY[0], "Expected 2D array, got 1D"),
        case(19, "Series", CLASSIFIER, FRAME, FRAME.iloc[0], "Expected a 2-dimensional container"),
    ],
)
def test_one_row_without_a_table_is_refused(model, X, row, message):
    with pytest.raises(ValueError, match=message):
        explain(model, X, row)


@pytest.mark.parametrize(
    "index",
    [
        case(20, "index of one label", pd.Index([7] * 60)),
        case(20, "MultiIndex", pd.MultiIndex.from_product([["u", "v"], range(30)])),
    ],
)
def test_any_index_is_carried_along(index):
    X = FRAME.set_axis(index)
    explanation = explain(CLASSIFIER, X)
    assert explanation.index.equals(index[:5])
    assert explanation.values.tobytes() == explain(CLASSIFIER).values.tobytes()
