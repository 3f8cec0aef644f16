"""Whether a higher value pushes the output up, in `ranking()`."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from wisca_xai import ConsensusExplanation, WISCAExplainer
from wisca_xai._results._direction import class_of_directions

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(120, 4)), columns=list("abcd"))


def directions(model, y, rows=X, **options):
    explainer = WISCAExplainer(model, random_state=0).fit(rows, y)
    found = explainer.explain(rows[:60], **options)
    return found, found.ranking().set_index("feature")["direction"].to_dict()


def test_the_signs_of_coefficients_are_the_directions():
    y = 3 * X["a"] - 2 * X["b"] + X["c"]
    _, found = directions(LinearRegression(), y)
    assert found == {"a": "up", "b": "down", "c": "up", "d": None}


@pytest.mark.parametrize("target", ["predicted", "all", "no", "yes"])
def test_a_class_that_is_explained_has_its_own_direction_and_two_that_of_the_second(target):
    y = np.where(3 * X["a"] - 2 * X["b"] > 0, "yes", "no")
    whole, found = directions(LogisticRegression(), y, target=target)
    expected = ("down", "up") if target == "no" else ("up", "down")
    assert (found["a"], found["b"]) == expected
    assert whole.classes.tolist() == ["no", "yes"]
    assert class_of_directions(whole) == ("no" if target == "no" else "yes")
    rows = np.flatnonzero(np.asarray(y[:60]) == "no")
    if target == "predicted":  # All of these rows explain "no".
        part = whole[[i for i in rows if whole.targets[i] == "no"]]
        assert part.ranking().set_index("feature")["direction"]["a"] == "down"
        assert class_of_directions(part) == "no"


def test_a_parabola_is_mixed_and_a_category_has_no_direction():
    rows = X.assign(c=RNG.choice(["x", "y", "z"], len(X)), d=1.0)
    model = lambda Z: Z["a"] ** 2 + Z["b"] + (Z["c"] == "x") + Z["d"]  # noqa: E731
    _, found = directions(model, None, rows)
    assert found == {"a": "mixed", "b": "up", "c": None, "d": None}


def test_many_classes_have_directions_by_class_only():
    y = np.digitize(X["a"], [-0.5, 0.5])
    model = DecisionTreeClassifier(max_depth=2, random_state=0)
    assert set(directions(model, y)[1].values()) == {None}
    whole, found = directions(model, y, target="all")
    assert set(found.values()) == {None}
    assert whole.directions.shape == (4, 3)
    assert whole.directions[0, 0] < -0.5
    assert whole.directions[0, 2] > 0.5
    one, found = directions(model, y, target=2)
    assert found["a"] == "up"
    assert one.directions.shape == (4,)


def test_missing_values_and_dates_have_a_direction():
    rows = X.assign(
        b=pd.date_range("2020-01-01", periods=len(X), freq="30D"), c=X["c"].where(X["d"] > -1)
    )
    model = lambda Z: Z["c"].fillna(0) - Z["b"].dt.year - Z["b"].dt.month / 12  # noqa: E731
    whole, found = directions(model, None, rows)
    assert (found["b"], found["c"]) == ("down", "up")
    part = whole[::2].ranking().set_index("feature")["direction"]
    assert (part["b"], part["c"]) == ("down", "up")


def test_some_rows_have_the_directions_of_their_own_values():
    whole, _ = directions(lambda Z: np.abs(Z["a"]), None)
    positive = np.flatnonzero(X["a"][:60] > 0)
    found = whole[positive].ranking().set_index("feature")["direction"]
    assert found["a"] == "up"
    assert whole.ranking().set_index("feature")["direction"]["a"] == "mixed"


def test_they_are_saved_but_unknown_for_some_rows_without_the_data(tmp_path):
    whole, found = directions(LinearRegression(), X["a"])
    whole.save(tmp_path / "e.npz")
    loaded = ConsensusExplanation.load(tmp_path / "e.npz")
    assert loaded == whole
    assert loaded.ranking()["direction"].tolist()[0] == found["a"] == "up"
    assert loaded[:9].directions is None
    assert set(loaded[:9].ranking()["direction"]) == {None}
