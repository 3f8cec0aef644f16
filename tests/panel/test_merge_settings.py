"""merge_explanations: votes, weights, custom functions and errors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.panel.merge_cases import LOSS, ONE, TABLE, TWO, WEIGHTS, explanation, merged
from tests.strategies import CHEAP, panels
from wisca_xai import InputError
from wisca_xai._panel._merge import merge_explanations
from wisca_xai._results.external import from_external
from wisca_xai.consensus import Consensus, wisca


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        ("equal", [1.0, 1.0, 1.0]),
        ("family", [0.5, 0.5, 1.0]),
        ("fidelity", [0.5, 0.125, 1.0]),
        ({"loss": 3, "one": 0.5, "two": 0}, [0.5, 0.0, 3.0]),
    ],
)
def test_weighting_gives_the_votes(weighting, expected):
    parts = [from_external(table, family="shapley") for table in (ONE, TWO)]
    parts[1] = replace(parts[1], fidelity=0.25)
    found = merged(*parts, LOSS, weighting=weighting)
    assert found.votes == dict(zip(("one", "two", "loss"), expected, strict=True))
    by_hand = wisca([ONE, TWO], [LOSS], method_weights=expected)
    np.testing.assert_allclose(found.importance, by_hand.importance, rtol=1e-12)
    nothing = [replace(part, fidelity=0.0) for part in parts]
    assert list(merged(*nothing, weighting="fidelity").votes.values()) == [0.5, 0.5]
    assert merged(nothing[0], weighting="fidelity").votes == {"one": 1.0}


def test_missing_weights_are_noted():
    found = merged()
    assert found.weights.tolist() == [1.0] * 5
    assert "All rows get equal weight" in " ".join(found.notes)


def test_weights_are_copied():
    weights = WEIGHTS.copy()
    found = merged(weights=weights)
    weights[:] = 0
    assert found.weights.tolist() == WEIGHTS.tolist()


def test_a_custom_function_merges():
    def plain(local, importances, weights):
        return None

    with pytest.raises(
        InputError, match=r"take \*\*options, got plain\(local, importances, weights\)"
    ):
        merged(consensus=plain)

    def first(local, importances, weights, **options):
        return Consensus(local[0] / 9, np.abs(local[0]).mean(axis=0) / 9)

    found = merged(ONE, TWO, consensus=first)
    assert found.consensus == "first"
    np.testing.assert_array_equal(found.importance, ONE.abs().mean().to_numpy() / 9)


def test_a_method_that_rates_all_features_equally_is_noted():
    flat = pd.Series(1.0, index=list("abc"))
    note = "loss rates all features equally, so it does not affect the ranking."
    assert note in merged(ONE, TWO, flat).notes
    assert note not in merged().notes
    negative = pd.Series({"a": 1.0, "b": -1.0, "c": 0.0})
    assert [n for n in merged(ONE, TWO, negative).notes if "loss has importances below 0" in n]


def test_explanations_without_a_class_take_the_class_of_the_others():
    with_class = from_external(ONE, targets="yes")
    found = merged(with_class, TWO)
    assert found.targets.tolist() == ["yes"] * 5
    assert "two does not state its class. It is assumed to be that of one." in found.notes
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
        ({}, {}, r"`explanations` must be a mapping of names to explanations, with at least"),
        ([ONE], {}, r"must be a mapping of names.* got list"),
        ({1: ONE}, {}, r"must be a mapping of names"),
        ({"importances_mean": LOSS}, {}, r"must be a mapping of names"),
        ({"one": ONE, "two": TWO[["a", "b"]]}, {}, r"'two' lacks \['c'\] and has \[\] in addition"),
        (
            {"one": from_external(ONE[["a"]], scope="local"), "two": TWO},
            {},
            r"with 'one', 'two' lacks \[\] and has \['b', 'c'\] in addition",
        ),
        ({"one": ONE, "two": TWO[:4]}, {}, r"same number of rows, got {'one': 5, 'two': 4}"),
        ({"one": ONE}, {"X": TABLE[:4]}, r"same number of rows, got {'one': 5, 'X': 4}"),
        (
            {"one": ONE, "two": TWO.rename(index={"row 1": "row 9"})},
            {},
            r"with 'one', 'two' lacks \['row 1'\] and has \['row 9'\]",
        ),
        ({"one": ONE}, {"X": TABLE.rename(index={"row 1": 9})}, r"'X' lacks \['row 1'\]"),
        ({"one": ONE}, {"X": TABLE[["a", "c"]]}, r"column for each feature, but it lacks \['b'\]"),
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
        ({"one": ONE}, {"consensus": "wiska"}, r"Did you mean 'wisca'"),
        ({"one": BROKEN}, {}, r"'one' must be finite, got 5 of 15 .* in row 0, feature 'a'"),
        ({"one": CUBE, "two": TWO.to_numpy()}, {}, r"outputs per row, got {'one': 2, 'two': 1}"),
        (
            {"one": from_external(ONE, targets="y"), "two": from_external(TWO, targets=[*"yyyny"])},
            {},
            r"position 3, 'one' explains 'y' and 'two' explains 'n'",
        ),
        (
            {"one": from_external(CUBE, targets=[*"ab"]), "two": from_external(CUBE)},
            {},
            r"position 0, 'one' explains 'a' and 'two' explains 0",
        ),
    ],
)
def test_what_does_not_match_is_refused(given, settings, match):
    with pytest.raises(InputError, match=match):
        merge_explanations(given, **settings)


def test_an_error_names_its_explanation():
    with pytest.raises(InputError, match="must be real numbers") as caught:
        merged(ONE, TWO.astype(str))
    assert caught.value.__notes__ == ["raised by the explanation 'two'"]
