"""merge_explanations: held against the consensus functions, and matched by names and labels."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from tests.strategies import CHEAP, panels
from wisca_xai import (
    Explanation,
    ForestExplainer,
    InputError,
    LimeExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai._panel._merge import merge_explanations
from wisca_xai._panel._plan import Stack
from wisca_xai._results.external import from_external
from wisca_xai.consensus import (
    CONSENSUS,
    Consensus,
    confidence_weight,
    min_max,
    resample,
    value_groups,
    wisca,
    wisca_signed,
)

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap

IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
MODEL = RandomForestClassifier(5, random_state=0).fit(IRIS.to_numpy(), SPECIES)
ROWS = IRIS[::12]
RNG = np.random.default_rng(0)
LABELS = [f"row {i}" for i in range(5)]
ONE, TWO = (pd.DataFrame(v, columns=list("abc"), index=LABELS) for v in RNG.normal(size=(2, 5, 3)))
LOSS = pd.Series(RNG.random(3), index=list("abc"))
TABLE = pd.DataFrame(RNG.normal(size=(5, 3)), columns=list("abc"), index=LABELS)
WEIGHTS = np.array([1.0, 0.5, 0.25, 0.0, 0.75])


def merged(*given, names=("one", "two", "loss"), **settings):
    given = given or (ONE, TWO, LOSS)
    return merge_explanations(dict(zip(names, given, strict=False)), **settings)


@pytest.fixture(scope="module")
def libraries():
    """SHAP, LIME and permutation importance, as their libraries give them."""
    of_all = shap.TreeExplainer(MODEL, feature_names=list(IRIS.columns))(ROWS.to_numpy())
    explainer = LimeTabularExplainer(
        IRIS.to_numpy(), feature_names=list(IRIS.columns), random_state=0
    )
    limes = [
        explainer.explain_instance(row, MODEL.predict_proba, labels=(1,), num_samples=80)
        for row in ROWS.to_numpy()
    ]
    losses = permutation_importance(MODEL, ROWS.to_numpy(), SPECIES[::12], random_state=0)
    return of_all, limes, losses


@pytest.mark.parametrize("with_rows", [True, False], ids=["with X", "without X"])
def test_shap_lime_and_permutation_importance_are_merged_as_by_hand(libraries, with_rows):
    of_all, limes, losses = libraries
    parts = {
        "shap": from_external(of_all, target=1),
        "lime": from_external(limes, target=1),
        "permutation": losses,
    }
    weights = confidence_weight(MODEL.predict_proba(ROWS.to_numpy()).max(axis=1), n_classes=3)
    X = ROWS if with_rows else None
    found = merge_explanations(parts, weights=weights, weighting="fidelity", X=X)
    values = of_all.values[:, :, 1]
    coefficients = np.array([[dict(one.local_exp[1])[j] for j in range(4)] for one in limes])
    votes = [1.0, np.clip([one.score for one in limes], 0, 1).mean(), 1.0]
    groups = value_groups(ROWS.to_numpy()) if with_rows else None
    importances = [losses.importances_mean]
    by_hand = wisca(
        [values, coefficients], importances, weights, method_weights=votes, groups=groups
    )
    np.testing.assert_allclose(found.importance, by_hand.importance, rtol=1e-12)
    np.testing.assert_allclose(found.values, by_hand.values, rtol=1e-12)
    assert list(found.votes.values()) == pytest.approx(votes)
    stack = Stack.of(found.components, found.votes)
    np.testing.assert_array_equal(found.importance, stack.merge(wisca, weights, groups).importance)
    signed = wisca_signed([values, coefficients], importances, weights, method_weights=votes)
    np.testing.assert_allclose(found.wisca, signed.importance, rtol=1e-12)
    errors = losses.importances_std / np.sqrt(5)
    np.testing.assert_allclose(found.components["permutation"].standard_errors, errors)
    assert found.feature_names == tuple(IRIS.columns)
    assert [str(label) for label in found.targets] == ["1"] * len(ROWS)
    lender = "X" if with_rows else "shap"
    assert f"permutation has no feature names: by position, they are those of {lender}." in (
        found.notes
    )
    assert (found.index.equals(ROWS.index)) == with_rows
    assert found.verdict().startswith("The explainers")


def test_the_result_is_whole(tmp_path):
    found = merged(weights=WEIGHTS, X=TABLE)
    assert (found.method, found.family, found.consensus) == ("wisca", "consensus", "wisca")
    assert (found.unit, found.signed) == ("1", True)
    assert list(found.components) == ["one", "two", "loss"]
    np.testing.assert_array_equal(found.scaled["two"], min_max(TWO.to_numpy()))
    assert found.weights.tolist() == WEIGHTS.tolist()
    assert found.failures == {}
    assert found.index.tolist() == LABELS
    reliability = found.reliability
    assert (reliability.null_p_values, reliability.refit_p_values, np.isnan(reliability.skill)) == (
        None,
        None,
        True,
    )
    assert reliability.outside.tolist() == [0.0] * 5
    assert not [note for note in found.notes if "weigh the same" in note]
    found.save(tmp_path / "merged.npz")
    assert Explanation.load(tmp_path / "merged.npz") == found
    assert found.take([2, 0]).values.tolist() == found.values[[2, 0]].tolist()
    settings = {"consensus": "wisca", "weighting": "family", "with_rows": True}
    assert found.receipt.settings == settings
    assert "ConsensusExplanation(wisca of one, two, loss; 5 rows x 3 features)" in repr(found)


def test_it_is_the_consensus_of_our_own_panel():
    model = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
    panel = (
        ShapExplainer(background_size=10),
        LimeExplainer(n_samples=200),
        "permutation",
        ForestExplainer(n_estimators=10),
    )
    explainer = WISCAExplainer(model, explainers=panel, random_state=0).fit(IRIS)
    expected = explainer.explain(ROWS)
    found = merge_explanations(expected.components, weights=expected.weights, X=ROWS)
    assert found.votes == expected.votes
    close = {"rtol": 1e-12, "atol": 1e-15}  # our own panel sorts the rows before it sums
    np.testing.assert_allclose(found.importance, expected.importance, **close)
    np.testing.assert_allclose(found.values, expected.values, **close)
    np.testing.assert_allclose(found.wisca, expected.wisca, **close)
    assert found.targets.tolist() == expected.targets.tolist()
    assert found.reliability.without.keys() == expected.reliability.without.keys()
    for name, importance in found.reliability.without.items():
        np.testing.assert_allclose(importance, expected.reliability.without[name], **close)
    ours, theirs = found.reliability.resamples.importance, expected.reliability.resamples.importance
    np.testing.assert_allclose(ours.std(axis=0), theirs.std(axis=0), rtol=0.35)
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=1e-12)
    again = merge_explanations({"ours": expected, "shap": expected.components["shap"]})
    assert type(again.components["ours"]) is Explanation


def test_resamples_draw_rows_and_known_errors_anew():
    errors = np.array([0.3, 0.0, 0.2])
    loss = replace(from_external(LOSS), standard_errors=errors)
    found = merged(ONE, TWO, loss, weights=WEIGHTS, X=TABLE)
    groups = value_groups(TABLE.to_numpy())

    def merge(local, importances, rows):
        both = (
            wisca(local, importances, WEIGHTS[rows], groups=groups[rows]),
            wisca_signed(local, importances, WEIGHTS[rows]),
        )
        return np.array([one.importance for one in both])

    local = np.array([ONE, TWO])
    expected = resample(
        merge, local, np.zeros_like(local), LOSS.to_numpy()[None], errors[None], [None], 5
    )
    np.testing.assert_array_equal(found.reliability.resamples.importance, expected.importance)
    np.testing.assert_array_equal(found.reliability.resamples.signed, expected.signed)
    assert found.reliability.resamples.n_samples == 5
    assert merged(ONE[:1], LOSS).reliability.resamples is None


def test_the_importance_without_each_method():
    found = merged(weights=WEIGHTS, function="mean")
    mean = CONSENSUS["mean"]
    one, two, loss = ONE.to_numpy(), TWO.to_numpy(), LOSS.to_numpy()
    expected = {
        "one": mean([two], [loss], WEIGHTS),
        "two": mean([one], [loss], WEIGHTS),
        "loss": mean([one, two], None, WEIGHTS),
    }
    assert list(found.reliability.without) == list(expected)
    for name, without in expected.items():
        np.testing.assert_allclose(found.reliability.without[name], without.importance, rtol=1e-12)
    assert merged(ONE).reliability.without == {}


def test_correlated_features_of_the_rows():
    x = np.arange(5.0)
    X = pd.DataFrame({"c": -x, "b": [1.0, 0.0, 5.0, 0.0, 2.0], "a": np.exp(x)}, index=LABELS)
    assert merged(X=X).reliability.correlated == (("a", "c"),)
    assert merged().reliability.correlated == ()


def test_levels_of_the_rows_are_groups():
    texts, codes = TABLE.assign(a=[*"pqpqp"]), TABLE.assign(a=[0, 1, 0, 1, 0])
    assert merged(X=texts).importance.equals(merged(X=codes).importance)
    assert not merged(X=texts).importance.equals(merged(X=TABLE).importance)


CITIES = list("pqrstuvwpqrstuvw")  # more levels than groups of numbers


def test_levels_have_no_order():
    """Neighbours in the alphabet are not put into one group, nor correlated with a number."""
    parts = np.random.default_rng(1).normal(size=(2, 16, 2))
    parts[:, :, 0] = np.where(np.arange(16) % 2, 1.0, -1.0)  # goes with the level
    given = {
        name: pd.DataFrame(p, columns=["city", "x"]) for name, p in zip("ab", parts, strict=True)
    }
    X = pd.DataFrame({"city": CITIES, "x": pd.factorize(np.array(CITIES))[0] + 0.0})
    found = merge_explanations(given, X=X)
    groups = value_groups(np.column_stack([X["x"], X["x"]]), levels=[0])
    assert found.importance.tolist() == wisca(parts, groups=groups).importance.tolist()
    assert found.reliability.correlated == ()
    numbers = merge_explanations(given, X=X.assign(city=X["x"]))
    assert numbers.importance["city"] < found.importance["city"]
    assert numbers.reliability.correlated == (("city", "x"),)
    for same in (X.astype({"city": "category"}), X.astype(object).to_numpy(), pl.DataFrame(X)):
        assert merge_explanations(given, X=same).importance.equals(found.importance)


# -- matching ------------------------------------------------------------------------------------


def same_numbers(one, other):
    assert one.importance.equals(other.importance)
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(
        one.reliability.resamples.importance, other.reliability.resamples.importance
    )
    return True


def test_columns_and_rows_in_any_order_give_the_same():
    expected = merged(weights=WEIGHTS, X=TABLE)
    columns, rows = [2, 0, 1], [3, 0, 1, 4, 2]
    mixed = merged(
        ONE,
        TWO.iloc[rows, columns],
        LOSS.iloc[columns],
        weights=pd.Series(WEIGHTS, index=LABELS).iloc[rows],
        X=TABLE.iloc[rows, columns].assign(more=1.0),
    )
    assert same_numbers(mixed, expected)
    assert mixed.components["two"] == expected.components["two"]
    assert mixed.components["two"].index.tolist() == LABELS


def explanation(values, **settings):
    return Explanation(values, tuple("cab"), "some", "some", "1", True, **settings)


def test_all_that_belongs_to_a_feature_or_a_row_moves_with_it():
    values, errors = RNG.normal(size=(5, 3)), RNG.random((5, 3))
    effects = RNG.random((5, 3))
    rows = {"base_values": np.arange(5.0), "targets": np.arange(5), "index": pd.Index(LABELS[::-1])}
    diagnostics = {"r2": np.arange(5.0), "parts": effects}
    full = explanation(values, standard_errors=errors, diagnostics=diagnostics, **rows)
    loss = explanation(
        effects.mean(axis=0),
        standard_errors=np.array([3.0, 1.0, 2.0]),
        diagnostics={"row_effects": effects},
    )
    found = merged(ONE, full, loss).components
    two = found["two"]
    np.testing.assert_array_equal(two.values, values[::-1][:, [1, 2, 0]])
    np.testing.assert_array_equal(two.standard_errors, errors[::-1][:, [1, 2, 0]])
    np.testing.assert_array_equal(two.diagnostics["parts"], effects[::-1][:, [1, 2, 0]])
    assert two.diagnostics["r2"].tolist() == two.base_values.tolist() == [4, 3, 2, 1, 0]
    assert two.targets.tolist() == [4, 3, 2, 1, 0]
    assert two.feature_names == ("a", "b", "c")
    np.testing.assert_array_equal(found["loss"].values, effects.mean(axis=0)[[1, 2, 0]])
    np.testing.assert_array_equal(found["loss"].diagnostics["row_effects"], effects[:, [1, 2, 0]])
    assert found["loss"].standard_errors.tolist() == [1.0, 2.0, 3.0]


def test_the_r2_of_classes_stays_where_it_is():
    r2 = RNG.random((5, 3))
    cube = explanation(RNG.random((5, 3, 3)), diagnostics={"r2": r2})
    first = replace(cube, feature_names=tuple("abc"))
    found = merged(first, cube).components["two"]
    np.testing.assert_array_equal(found.diagnostics["r2"], r2)
    np.testing.assert_array_equal(found.values, cube.values[:, [1, 2, 0]])


def test_what_has_no_labels_is_taken_in_order():
    expected = merged(X=TABLE)
    found = merged(ONE, TWO.to_numpy(), LOSS.to_numpy(), X=TABLE.to_numpy())
    assert same_numbers(found, expected)
    assert "two has no row labels: its rows are taken in the order of one." in found.notes
    assert "two has no feature names: by position, they are those of one." in found.notes
    assert not [note for note in found.notes if note.startswith("one has no")]
    bare = merged(ONE.to_numpy(), TWO.to_numpy(), LOSS.to_numpy())
    assert bare.index.equals(pd.RangeIndex(5))
    assert bare.feature_names == ("x0", "x1", "x2")
    assert not [note for note in bare.notes if "has no" in note]
    labelled = merged(ONE.to_numpy(), TWO.to_numpy(), X=TABLE)
    assert labelled.index.tolist() == LABELS
    assert not [note for note in labelled.notes if "row labels" in note]
    assert labelled.feature_names == ("a", "b", "c")
    late = merged(ONE.to_numpy(), TWO)
    assert late.index.tolist() == LABELS
    assert "one has no row labels: its rows are taken in the order of two." in late.notes


def test_row_labels_that_are_not_unique_serve_if_in_order():
    twice = pd.Index([*"aabbc"])
    found = merged(ONE.set_axis(twice), TWO.set_axis(twice))
    np.testing.assert_array_equal(found.values, merged(ONE, TWO).values)
    with pytest.raises(InputError, match=r"'two' has labels that are not unique, in another order"):
        merged(ONE.set_axis(twice), TWO.set_axis(twice[::-1]))


def test_row_effects_of_other_rows_are_of_no_use():
    effects = RNG.random((4, 3))
    loss = replace(
        from_external(LOSS),
        diagnostics={"row_effects": effects, "other": np.ones(2)},
        standard_errors=np.ones(3),
    )
    found = merged(ONE, TWO, loss)
    assert list(found.components["loss"].diagnostics) == ["other"]
    fitting = replace(loss, diagnostics={"row_effects": RNG.random((5, 3))})
    assert list(merged(ONE, TWO, fitting).components["loss"].diagnostics) == ["row_effects"]


def test_global_importances_alone():
    found = merged(LOSS, LOSS[::-1] ** 2)
    expected = wisca(None, [LOSS, LOSS**2])
    np.testing.assert_array_equal(found.importance, expected.importance)
    assert found.scope == "global"
    assert (found.index, found.targets, found.reliability.resamples) == (None, None, None)
    assert len(found.weights) == len(found.reliability.outside) == 0
    assert found.ranking()["feature"].tolist()[0] == LOSS.idxmax()
    assert merged(LOSS, X=TABLE).weights.tolist() == [1.0] * 5
    effects = RNG.random((4, 3))
    of_rows = replace(
        from_external(pd.Series(effects.mean(axis=0), list("abc"))),
        diagnostics={"row_effects": effects},
    )
    assert merged(LOSS, of_rows).reliability.resamples.n_samples == 4
    assert merged(LOSS, of_rows).reliability.resamples.importance.std() > 0


def test_all_classes_are_merged_class_by_class():
    cubes = RNG.normal(size=(2, 5, 3, 2))
    found = merged(cubes[0], cubes[1], LOSS.to_numpy(), weights=WEIGHTS)
    for k in range(2):
        expected = wisca(cubes[..., k], [LOSS], WEIGHTS)
        np.testing.assert_array_equal(found.values[:, :, k], expected.values)
    np.testing.assert_array_equal(found.scaled["one"][:, :, 1], min_max(cubes[0][:, :, 1]))


# -- votes, weights, functions -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        ("equal", [1.0, 1.0, 1.0]),
        ("family", [0.5, 0.5, 1.0]),
        ("fidelity", [0.5, 0.125, 1.0]),
        ({"loss": 3, "one": 0.5, "two": 0}, [0.5, 0.0, 3.0]),
    ],
)
def test_votes(weighting, expected):
    parts = [from_external(table, family="shapley") for table in (ONE, TWO)]
    parts[1] = replace(parts[1], fidelity=0.25)
    found = merged(*parts, LOSS, weighting=weighting)
    assert found.votes == dict(zip(("one", "two", "loss"), expected, strict=True))
    by_hand = wisca([ONE, TWO], [LOSS], method_weights=expected)
    np.testing.assert_allclose(found.importance, by_hand.importance, rtol=1e-12)
    nothing = [replace(part, fidelity=0.0) for part in parts]
    assert list(merged(*nothing, weighting="fidelity").votes.values()) == [0.5, 0.5]
    assert merged(nothing[0], weighting="fidelity").votes == {"one": 1.0}


def test_without_weights_the_result_says_so():
    found = merged()
    assert found.weights.tolist() == [1.0] * 5
    assert "All rows weigh the same" in " ".join(found.notes)


def test_weights_are_copied():
    weights = WEIGHTS.copy()
    found = merged(weights=weights)
    weights[:] = 0
    assert found.weights.tolist() == WEIGHTS.tolist()


def test_a_function_of_ones_own():
    def plain(local, importances=None, weights=None):
        return Consensus(local[0] * weights[:, None], importances[0])

    with pytest.raises(TypeError):  # without "loss" there is no importance
        merged(function=plain)

    def first(local, importances=None, weights=None):
        return Consensus(local[0], np.abs(local[0]).mean(axis=0))

    found = merged(ONE, TWO, function=first)
    assert found.consensus == "first"
    np.testing.assert_array_equal(found.importance, ONE.abs().mean().to_numpy())


def test_who_tells_nothing_takes_no_side():
    flat = pd.Series(1.0, index=list("abc"))
    note = "loss tells no feature from another, and takes no side in the ranking."
    assert note in merged(ONE, TWO, flat).notes
    assert note not in merged().notes
    negative = pd.Series({"a": 1.0, "b": -1.0, "c": 0.0})
    assert [n for n in merged(ONE, TWO, negative).notes if "loss has importances below 0" in n]


def test_who_does_not_tell_its_class_is_taken_for_the_others():
    told = from_external(ONE, targets="yes")
    found = merged(told, TWO)
    assert found.targets.tolist() == ["yes"] * 5
    assert "two does not tell its class: it is taken for that of one." in found.notes
    number, text = from_external(ONE, targets=1), from_external(TWO, targets="1")
    assert merged(number, text).targets.tolist() == [1] * 5


@CHEAP
@given(panels(has_importances=True), st.randoms(use_true_random=False))
def test_the_order_of_columns_changes_nothing(panel, random):
    if panel.n_features < 2:
        return
    names = [f"f{j}" for j in range(panel.n_features)]
    local = [pd.DataFrame(matrix, columns=names) for matrix in panel.local]
    whole = [pd.Series(vector, index=names) for vector in panel.importances]
    parts = {f"m{i}": part for i, part in enumerate([*local, *whole])}
    expected = merge_explanations(parts, weighting="equal")
    order = random.sample(names, len(names))
    shuffled = {name: part[names if name == "m0" else order] for name, part in parts.items()}
    found = merge_explanations(shuffled, weighting="equal")
    np.testing.assert_array_equal(found.importance, expected.importance)
    np.testing.assert_array_equal(found.values, expected.values)
    by_hand = wisca(panel.local, panel.importances)
    np.testing.assert_array_equal(found.importance, by_hand.importance)


BROKEN = explanation(np.array([[1.0, np.nan, 0.0]] * 5))
CUBE = np.ones((5, 3, 2))


@pytest.mark.parametrize(
    ("given", "settings", "match"),
    [
        ({}, {}, r"`explanations` must be a mapping of names to one explanation or more"),
        ([ONE], {}, r"must be a mapping of names.* got list"),
        ({1: ONE}, {}, r"must be a mapping of names"),
        ({"importances_mean": LOSS}, {}, r"must be a mapping of names"),
        ({"one": ONE, "two": TWO[["a", "b"]]}, {}, r"'two' lacks \['c'\] and has \[\] beyond"),
        (
            {"one": from_external(ONE[["a"]], scope="local"), "two": TWO},
            {},
            r"'two' lacks \[\] and has \['b', 'c'\] beyond .*'on",
        ),
        ({"one": ONE, "two": TWO[:4]}, {}, r"of the same rows, got {'one': 5, 'two': 4} rows"),
        ({"one": ONE}, {"X": TABLE[:4]}, r"of the same rows, got {'one': 5, 'X': 4} rows"),
        (
            {"one": ONE, "two": TWO.rename(index={"row 1": "row 9"})},
            {},
            r"'two' lacks \['row 1'\] and has \['row 9'\] beyond those of 'one'",
        ),
        ({"one": ONE}, {"X": TABLE.rename(index={"row 1": 9})}, r"'X' lacks \['row 1'\]"),
        ({"one": ONE}, {"X": TABLE[["a", "c"]]}, r"column of each feature, it lacks \['b'\]"),
        ({"one": ONE}, {"X": np.ones((5, 2))}, r"shape \(n_samples, n_features\) = \(\*, 3\)"),
        (
            {"one": ONE},
            {"X": TABLE.set_axis(["a", "a", "b"], axis=1)},
            r"Column names must be unique, got \['a'\]",
        ),
        ({"one": ONE}, {"weights": [1.0] * 4}, r"`weights` must have shape \(5,\), got \(4,\)"),
        ({"one": ONE}, {"weights": [1, 1, 1, 1, 2]}, r"in \[0, 1\], got values from 1 to 2"),
        ({"one": ONE}, {"weights": [1, 1, 1, 1, -1]}, r"in \[0, 1\], got values from -1 to 1"),
        ({"one": ONE}, {"weights": [1, 1, 1, 1, np.nan]}, r"`weights` must be finite, got nan"),
        ({"one": ONE}, {"weights": pd.Series(WEIGHTS)}, r"'weights' lacks \['row 0'"),
        ({"one": ONE}, {"weighting": "fidelty"}, r"one of .* or a mapping .*'fidelity'"),
        ({"one": ONE}, {"weighting": {"two": 1}}, r"each of \['one'\], got votes for \['two'\]"),
        ({"one": ONE}, {"weighting": {"one": 0}}, r"one must be positive, got {'one': 0}"),
        ({"one": ONE, "two": TWO}, {"weighting": {"one": 2, "two": -1}}, r"not be negative"),
        ({"one": ONE}, {"function": "wiska"}, r"Did you mean 'wisca'"),
        ({"one": BROKEN}, {}, r"'one' must be finite, got 5 of 15 .* in row 0, feature 'a'"),
        ({"one": CUBE, "two": TWO.to_numpy()}, {}, r"outputs per row, got {'one': 2, 'two': 1}"),
        (
            {"one": from_external(ONE, targets="y"), "two": from_external(TWO, targets=[*"yyyny"])},
            {},
            r"'one' explains 'y' and 'two' 'n' at position 3",
        ),
        (
            {"one": from_external(CUBE, targets=[*"ab"]), "two": from_external(CUBE)},
            {},
            r"'one' explains 'a' and 'two' 0 at position 0",
        ),
    ],
)
def test_what_does_not_match_is_refused(given, settings, match):
    with pytest.raises(InputError, match=match):
        merge_explanations(given, **settings)


def test_an_error_tells_whose_it_is():
    with pytest.raises(InputError, match="must be real numbers") as caught:
        merged(ONE, TWO.astype(str))
    assert caught.value.__notes__ == ["raised by the explanation 'two'"]
