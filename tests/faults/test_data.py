"""Faults of the data: what every bad or unusual table gives, from end to end."""

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from tests.faults.fault_cases import (
    ARRAY,
    ARRAY_CLASSIFIER,
    CLASSES,
    CLASSIFIER,
    FRAME,
    case,
    check_complete,
    explain,
    fault,
    first,
    panel,
)
from wisca_xai import (
    InputError,
    ModelContractError,
    WISCAExplainer,
    WISCAWarning,
    merge_explanations,
)
from wisca_xai.consensus import CONSENSUS

TEXT = np.array(["no", "yes"])[CLASSES]


@fault(1, "missing values that the model accepts")
def test_missing_values_are_values():
    X = FRAME.copy()
    X.iloc[::3, 0] = np.nan
    seen = []

    class Noting(HistGradientBoostingClassifier):
        def predict_proba(self, Z):
            seen.append(Z["a"].isna().any())
            return super().predict_proba(Z)

    check_complete(explain(Noting(max_iter=10).fit(X, CLASSES), X))
    assert np.mean(seen) > 0.5  # what is drawn keeps them


@pytest.mark.parametrize(
    ("value", "message"),
    [
        case(2, "NaN", np.nan, "Input X contains NaN"),
        case(2, "infinity", np.inf, "Input X contains infinity"),
    ],
)
def test_missing_values_that_the_model_refuses(value, message):
    rows = FRAME[:4].copy()
    rows.iloc[1, 2] = value
    with pytest.raises(ValueError, match=message) as caught:
        explain(CLASSIFIER, rows=rows)
    assert caught.value.__notes__[-1].endswith("by column: {'c': 1}")
    assert "rows of X that the model fails on, the first 1: [1]" in caught.value.__notes__


@pytest.mark.parametrize(
    ("model", "X"),
    [case(3, "frame", CLASSIFIER, FRAME), case(3, "array", ARRAY_CLASSIFIER, ARRAY)],
)
def test_no_rows_are_refused_as_in_scikit_learn(model, X):
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        explain(model, X, rows=X[:0])


@fault(4, "a single row")
def test_a_single_row():
    explanation = explain(CLASSIFIER, rows=FRAME[:1])
    check_complete(explanation, 1)
    assert "Permutation importance is undefined from one row" in " ".join(explanation.notes)
    assert explanation.ranking()["lower"].isna().all()


@fault(5, "a single feature")
def test_a_single_feature():
    X = FRAME[["a"]]
    explanation = explain(LogisticRegression().fit(X, CLASSES), X)
    check_complete(explanation)
    assert explanation.agreement()["rank_correlation"].isna().all()
    assert "There is nothing to compare" in explanation.verdict()


@fault(6, "many more features than rows")
def test_many_more_features_than_rows():
    X = np.random.default_rng(0).normal(size=(20, 400))
    explanation = explain(Ridge().fit(X, X[:, 7] * 5), X, rows=X[:2])
    check_complete(explanation, 2)
    assert explanation.receipt.model_rows < 20 * 400  # the cost does not grow with their square


@pytest.mark.parametrize("value", [case(7, "number", 1.0), case(7, "missing", np.nan)])
def test_a_constant_feature_has_no_attribution(value):
    X = FRAME.assign(a=value)
    explanation = explain(lambda Z: np.where(Z["b"] > 0, Z["c"], 0), X)
    check_complete(explanation)
    assert "Constant in the reference data: a." in explanation.notes
    for component in explanation.components.values():
        assert component.mean_magnitude()[0] == pytest.approx(0, abs=1e-12)
    assert not any("Constant" in note for note in explain(CLASSIFIER).notes)


@fault(8, "a constant model")
def test_a_constant_model():
    explanation = explain(lambda Z: np.full(len(Z), 0.3))
    check_complete(explanation)
    ranking = explanation.ranking()
    assert ranking["rank"].tolist() == [1, 1, 1, 1]  # ties
    assert ranking["feature"].tolist() == list("abcd")
    assert set(explanation.votes.values()) == {1.0}
    assert "No feature has any importance" in explanation.verdict()
    flags = [note for note in explanation.notes if "tells no feature from another" in note]
    assert len(flags) == 4


@fault(9, "duplicate columns")
def test_duplicate_columns_are_read_as_one():
    X = FRAME.assign(b=FRAME["a"])
    explanation = explain(LinearRegression().fit(X, X["a"]), X)
    check_complete(explanation)
    assert explanation.reliability.correlated == (("a", "b"),)
    assert "a and b correlate by 0.8 or more" in explanation.verdict()


@fault(10, "duplicate column names")
def test_duplicate_names():
    X = FRAME.set_axis(list("abac"), axis=1)
    with pytest.raises(InputError, match=r"must be unique, got \['a'\] more than once"):
        explain(ARRAY_CLASSIFIER, X)


@fault(11, "names that are no text")
def test_names_that_are_no_text():
    X = FRAME.set_axis([0, 1, 2, 3], axis=1)
    explanation = explain(LogisticRegression().fit(X, CLASSES), X)
    check_complete(explanation)
    assert explanation.feature_names == ("0", "1", "2", "3")


@fault(11, "names of two types")
def test_names_of_two_types():
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        explain(first, FRAME.set_axis([0, "b", 2, "d"], axis=1))


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        case(12, "reordered columns", FRAME[:5].iloc[:, ::-1], "columns were reordered by name"),
        case(12, "an extra column", FRAME[:5].assign(z=0), "were left out: z"),
    ],
)
def test_columns_are_matched_by_name(rows, note):
    explanation = explain(CLASSIFIER, rows=rows)
    assert explanation.values.tobytes() == explain(CLASSIFIER).values.tobytes()
    assert note in explanation.notes[0]


@fault(12, "a missing column")
def test_missing_columns_are_listed():
    with pytest.raises(InputError, match=r"X lacks the columns \['b', 'd'\]"):
        explain(CLASSIFIER, rows=FRAME[["a", "c"]])


def with_colour(unknown):
    X = FRAME.assign(colour=["red", "green", "blue"] * 20)
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown=unknown), ["colour"]), remainder="passthrough"
    )
    rows = X[:5].set_axis(list("vwxyz"))
    rows.loc["x", "colour"] = "new"
    return make_pipeline(encoder, LogisticRegression()).fit(X, CLASSES), X, rows


@fault(13, "an unseen level that the model takes")
def test_an_unseen_level_goes_to_the_model():
    model, X, rows = with_colour("ignore")
    check_complete(explain(model, X, rows))


@fault(13, "an unseen level that the model refuses")
def test_the_row_of_an_unseen_level_is_named():
    model, X, rows = with_colour("error")
    with pytest.raises(ValueError, match=r"Found unknown categories \['new'\]") as caught:
        explain(model, X, rows)
    assert "rows of X that the model fails on, the first 1: ['x']" in caught.value.__notes__
    check_complete(explain(model, X, rows.drop("x")), 4)


@fault(14, "dtypes")
def test_the_model_gets_the_dtypes_that_it_knows():
    X = pd.DataFrame(
        {
            "level": pd.Categorical(["u", "v", "w"] * 20),
            "text": pd.array(["p", "q"] * 30, dtype="str"),
            "flag": [True, False] * 30,
            "maybe": pd.array([*range(59), None], dtype="Int64"),
            "day": pd.date_range("2020", periods=60),
            "price": [decimal.Decimal(i) for i in range(60)],
            "mixed": ["k", 3] * 30,
            "number": ARRAY[:, 0],
        }
    )
    seen = set()

    def model(Z):
        seen.add(tuple(map(str, Z.dtypes)))
        assert all(isinstance(price, decimal.Decimal) for price in Z["price"])
        return Z["number"].to_numpy() + (Z["level"] == "u").to_numpy()

    check_complete(explain(model, X))
    kept = tuple(map(str, X.dtypes))
    # a mean of whole numbers is none
    assert {tuple(d.replace("Float64", "Int64") for d in dtypes) for dtypes in seen} == {kept}


@fault(15, "the reference data lack a level")
def test_the_reference_data_may_lack_a_level():
    model, X, _ = with_colour("ignore")
    check_complete(explain(model, X[X["colour"] != "red"], X[:5]))


@fault(15, "one row of reference data")
def test_one_row_of_reference_data_is_noted():
    explanation = explain(CLASSIFIER, FRAME[:1], FRAME[:4])
    check_complete(explanation, 4)
    assert "The reference data are a single row" in explanation.notes[0]
    assert not any("single row" in note for note in explain(CLASSIFIER).notes)


@fault(15, "no reference data")
def test_no_reference_data():
    with pytest.raises(InputError, match=r"0 sample\(s\)"):
        explain(CLASSIFIER, FRAME[:0], FRAME[:4])


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
def test_broadcast_rows():
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
def test_any_number_is_a_float64(X, model):
    explanation = explain(model, X)
    check_complete(explanation)
    assert explanation.values.dtype == np.float64


@fault(18, "huge numbers")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_huge_numbers_stop_only_what_computes_in_float32():
    with pytest.warns(WISCAWarning, match="'forest' failed and takes no part"):
        explanation = explain(lambda Z: Z[:, 0] / 2**400, ARRAY * 2.0**400)
    assert set(explanation.components) == {"shap", "lime", "permutation"}
    usual = explain(first, ARRAY, explainers=panel()[:3])
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
def test_overflow_is_an_error():
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
def test_other_tables(X):
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
def test_one_row_without_a_table(model, X, row, message):
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


@pytest.mark.parametrize(
    ("y", "message"),
    [
        case(21, "no y", None, "requires y to be passed"),
        case(21, "y too short", CLASSES[:3], "inconsistent numbers of samples"),
        case(21, "y with NaN", np.where(CLASSES, 1.0, np.nan), "Input y contains NaN"),
        case(21, "a single class", np.zeros(60), "at least 2 classes"),
    ],
)
def test_bad_targets(y, message):
    with pytest.raises(ValueError, match=message):
        explain(LogisticRegression(), y=y)


@fault(21, "text classes")
def test_classes_may_be_text():
    explanation = explain(LogisticRegression(), y=TEXT)
    check_complete(explanation)
    assert set(explanation.targets) <= {"no", "yes"}


BAD_WEIGHTS = {
    "negative weight": ([-1.0, 1.0], "finite and not negative, got -1"),
    "NaN as weight": ([np.nan, 1.0], "finite and not negative, got nan"),
    "infinite weight": ([np.inf, 1.0], "finite and not negative"),
    "weights of sum zero": ([0.0, 0.0], "have a positive entry, got zeros only"),
}


@pytest.mark.parametrize("name", sorted(CONSENSUS))
@pytest.mark.parametrize("argument", ["weights", "method_weights"])
@pytest.mark.parametrize(
    ("weights", "message"), [case(22, what, *bad) for what, bad in BAD_WEIGHTS.items()]
)
def test_bad_weights_in_every_consensus_function(name, argument, weights, message):
    cube = [ARRAY[:2] / 5, ARRAY[2:4] / 5]
    with pytest.raises(InputError, match=f"`{argument}` must .*{message}"):
        CONSENSUS[name](cube, **{argument: weights})
    fine = CONSENSUS[name](cube, **{argument: [0.0, 1.0]})
    assert np.isfinite(fine.importance).all()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        case(22, "merge, negative", [-0.5, 1.0], r"must lie in \[0, 1\], got values from -0.5"),
        case(22, "merge, NaN", [np.nan, 1.0], "must be finite, got nan at index"),
        case(22, "merge, sum zero", [0.0, 0.0], "must have a positive entry, got zeros only"),
    ],
)
def test_bad_weights_of_rows_to_merge(weights, message):
    given = {"one": ARRAY[:2], "other": ARRAY[2:4]}
    with pytest.raises(InputError, match=f"`weights` {message}"):
        merge_explanations(given, weights=weights)


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        case(22, "merge, negative vote", [-1.0, 1.0], "Votes must not be negative"),
        case(22, "merge, NaN as vote", [np.nan, 1.0], "`weighting` must be finite, got nan"),
        case(22, "merge, votes of sum zero", [0.0, 0.0], "one must be positive"),
    ],
)
def test_bad_votes_of_methods_to_merge(votes, message):
    given = {"one": ARRAY[:2], "other": ARRAY[2:4]}
    with pytest.raises(InputError, match=message):
        merge_explanations(given, weighting=dict(zip(given, votes, strict=True)))


@fault(22, "a weighted row that resamples may miss")
def test_every_resample_has_a_row_that_counts():
    weights = np.zeros(20)
    weights[3] = 1.0
    merged = merge_explanations({"one": ARRAY[:20], "other": ARRAY[20:40]}, weights=weights)
    ranking = merged.ranking()
    assert np.isfinite(ranking[["lower", "upper"]].to_numpy()).all()
    assert (ranking["lower"] <= ranking["importance"]).all()


def undecided(Z):
    return np.full((len(Z), 2), 0.5)


def undecided_where_negative(Z):
    p = np.where(np.asarray(Z)[:, 0] < 0, 0.5, 0.9)
    return np.column_stack([p, 1 - p])


@fault(22, "weights that the model gives no row")
def test_a_model_nowhere_surer_than_chance_weighs_all_rows_alike():
    """Here no user has given weights: they fall back to equal ones, and the result says so."""
    explanation = explain(undecided)
    np.testing.assert_array_equal(explanation.weights, np.ones(5))
    assert "nowhere surer than chance: all rows weigh the same" in " ".join(explanation.notes)
    unsure = FRAME[FRAME["a"] < 0][:5]
    explanation = explain(undecided_where_negative, rows=unsure)
    assert explanation.importance.idxmax() == "a"
    both = explain(undecided_where_negative, rows=FRAME[:9])
    assert set(both.weights.round(9)) == {0.0, 0.64}
    assert not any("nowhere surer" in note for note in both.notes)


@fault(22, "weights of rows alone and beside others")
def test_a_row_without_weight_transforms_to_zero_alone_and_beside_others():
    explainer = WISCAExplainer(undecided_where_negative, explainers=panel(), random_state=0)
    values = explainer.fit(FRAME).transform(FRAME[:9])
    unsure = (FRAME["a"][:9] < 0).to_numpy()
    assert unsure.any()
    assert values[~unsure].any(axis=1).all()
    np.testing.assert_array_equal(values[unsure], np.zeros((unsure.sum(), 4)))
    np.testing.assert_array_equal(explainer.transform(FRAME[:9][unsure]), values[unsure])


@fault(22, "residuals beyond all measure")
def test_predictions_far_from_y_weigh_all_rows_alike():
    explanation = explain(lambda Z: Z[:, 0] + 1e6, ARRAY, y=ARRAY[:, 0], row_y=ARRAY[:5, 0])
    np.testing.assert_array_equal(explanation.weights, np.ones(5))
    assert "All predictions are far from y: all rows weigh the same." in explanation.notes
