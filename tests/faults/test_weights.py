"""Faults of targets and weights."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.faults.fault_cases import (
    ARRAY,
    CLASSES,
    FRAME,
    case,
    check_complete,
    explain,
    fault,
    panel,
)
from wisca_xai import InputError, WISCAExplainer, merge_explanations
from wisca_xai.consensus import CONSENSUS

TEXT = np.array(["no", "yes"])[CLASSES]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        case(21, "no y", None, "requires y to be passed"),
        case(21, "y too short", CLASSES[:3], "inconsistent numbers of samples"),
        case(21, "y with NaN", np.where(CLASSES, 1.0, np.nan), "Input y contains NaN"),
        case(21, "a single class", np.zeros(60), "at least 2 classes"),
    ],
)
def test_bad_targets_are_refused(y, message):
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
def test_bad_weights_are_refused_by_every_consensus_function(name, argument, weights, message):
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
def test_bad_weights_of_rows_to_merge_are_refused(weights, message):
    given = {"one": ARRAY[:2], "other": ARRAY[2:4]}
    with pytest.raises(InputError, match=f"`weights` {message}"):
        merge_explanations(given, weights=weights)


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        case(22, "merge, negative vote", [-1.0, 1.0], "must not be negative, and at least one"),
        case(22, "merge, NaN as vote", [np.nan, 1.0], "`weighting` must be finite, got nan"),
        case(22, "merge, votes of sum zero", [0.0, 0.0], "one must be positive"),
    ],
)
def test_bad_votes_of_methods_to_merge_are_refused(votes, message):
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
def test_rows_weigh_alike_if_no_prediction_is_confident():
    """Here no user has given weights: they fall back to equal ones, and the result says so."""
    explanation = explain(undecided)
    np.testing.assert_array_equal(explanation.weights, np.ones(5))
    assert "more confident than chance, so all rows get equal weight" in " ".join(explanation.notes)
    unsure = FRAME[FRAME["a"] < 0][:5]
    explanation = explain(undecided_where_negative, rows=unsure)
    assert explanation.importance.idxmax() == "a"
    both = explain(undecided_where_negative, rows=FRAME[:9])
    assert set(both.weights.round(9)) == {0.0, 0.64}
    assert not any("more confident than chance" in note for note in both.notes)


@fault(22, "weights of rows alone and among others")
def test_a_row_without_weight_transforms_alike_alone_and_among_others():
    explainer = WISCAExplainer(undecided_where_negative, explainers=panel(), random_state=0)
    values = explainer.fit(FRAME).transform(FRAME[:9])
    unsure = (FRAME["a"][:9] < 0).to_numpy()
    assert unsure.any()
    assert values[~unsure].any(axis=1).all()
    assert values[unsure].any()
    np.testing.assert_array_equal(explainer.transform(FRAME[:9][unsure]), values[unsure])


@fault(22, "residuals beyond all measure")
def test_predictions_far_from_y_weigh_all_rows_alike():
    explanation = explain(lambda Z: Z[:, 0] + 1e6, ARRAY, y=ARRAY[:, 0], row_y=ARRAY[:5, 0])
    np.testing.assert_array_equal(explanation.weights, np.ones(5))
    assert "All predictions are far from y, so all rows get equal weight." in explanation.notes
