"""Names for readers: `with_labels`, `verdict(labels=)`, and the long table."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from wisca_xai import ConsensusExplanation, InputError, WISCAExplainer

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(90, 3)), columns=["bp", "s1", "age"])
X["bp copy"] = X["bp"] + 1e-3 * RNG.normal(size=90)
Y = (X["bp"] + 0.3 * X["s1"] > 1.3).astype(int)
ROWS = X[:40].set_axis([f"p{i}" for i in range(40)])
LABELS = {"bp": "blood pressure", "bp copy": "second measurement", 0: "healthy", 1: "ill"}


@pytest.fixture(scope="module")
def found():
    explainer = WISCAExplainer(LogisticRegression(C=100), random_state=0).fit(X, Y)
    return explainer.explain(ROWS, Y[:40])


def test_names_and_classes_are_replaced_everywhere_and_no_number_changes(found, tmp_path):
    shown = found.with_labels(LABELS)
    names = ("blood pressure", "s1", "age", "second measurement")
    assert shown.feature_names == names
    assert shown.importance.index.tolist() == list(names)
    assert [part.feature_names for part in shown.components.values()] == [names] * 5
    assert set(shown.targets) <= {"healthy", "ill"}
    assert shown.classes.tolist() == ["healthy", "ill"]
    assert shown.reliability.correlated == (("blood pressure", "second measurement"),)
    np.testing.assert_array_equal(shown.values, found.values)
    back = {"blood pressure": "bp", "second measurement": "bp copy"}
    pd.testing.assert_frame_equal(shown.ranking().replace({"feature": back}), found.ranking())
    pd.testing.assert_frame_equal(
        shown[:5].data.set_axis(X.columns, axis=1).astype(float), ROWS[:5]
    )
    shown.save(tmp_path / "e.npz", include_data=True)
    assert ConsensusExplanation.load(tmp_path / "e.npz") == shown


def test_a_verdict_speaks_of_the_labels(found):
    text = str(found.verdict(labels=LABELS))
    assert "blood pressure" in text
    assert "bp" not in text
    assert text == str(found.with_labels(LABELS).verdict())
    assert "bp" in str(found.verdict())


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"weight": "kg"}, "got 'weight'. The features are"),
        ({2: "dead"}, "got 2"),
        ({"bp": "age"}, "keep features apart, got the same for two: .'age'"),
        ({0: "x", 1: "x"}, "keep classes apart"),
        ({"bp": 7}, "map to text"),
        ({"bp": ""}, "map to text"),
        (["a", "b"], "must be a mapping.*got list"),
    ],
)
def test_labels_that_cannot_be_used(found, labels, words):
    with pytest.raises(InputError, match=words):
        found.with_labels(labels)


def test_a_single_explainer_has_labels_too(found):
    shown = found.components["shap"].with_labels({"s1": "serum", 1: "ill"})
    assert shown.feature_names[1] == "serum"
    assert set(shown.targets) <= {"0", "ill"}


def test_the_long_table_holds_each_number_once_with_its_row_value_and_unit(found):
    long = found.to_frame(long=True)
    assert len(long) == 4 * 40 * 4 + 2 * 4
    columns = ["explainer", "row", "target", "feature", "value", "attribution"]
    assert long.columns.tolist() == [*columns, "standard_error", "unit"]
    part = long[long["explainer"] == "lime"]
    assert part["row"].tolist() == [label for label in ROWS.index for _ in range(4)]
    assert part["feature"].tolist() == list(X) * 40
    np.testing.assert_array_equal(part["attribution"], found.components["lime"].values.ravel())
    np.testing.assert_array_equal(part["value"].astype(float), ROWS.to_numpy().ravel())
    line = part[(part["row"] == "p7") & (part["feature"] == "age")].iloc[0]
    assert (line["target"], line["unit"]) == (found.targets[7], "probability")
    assert long[long["explainer"] == "forest"]["row"].isna().all()


def test_the_long_table_of_all_classes_has_a_line_per_class():
    explainer = WISCAExplainer(LogisticRegression(), explainers=("shap", "lime"), random_state=0)
    explainer.fit(X, Y)
    found = explainer.explain(X[:5], target="all")
    long = found.to_frame(long=True)
    assert len(long) == 3 * 5 * 2 * 4
    assert long["row"].dtype.kind == "i"
    one = long[(long["explainer"] == "shap") & (long["row"] == 3) & (long["target"] == 1)]
    np.testing.assert_array_equal(one["attribution"], found.components["shap"].values[3, :, 1])
    np.testing.assert_array_equal(one["value"].astype(float), X.iloc[3])
    alone = found.components["shap"].to_frame(long=True)
    assert set(alone["explainer"]) == {"shap"}
    assert found.components["shap"].with_labels({"s1": "serum"}).to_frame(long=True)["feature"][1]


def test_without_the_data_the_long_table_has_no_values(found, tmp_path):
    found.save(tmp_path / "e.npz")
    assert ConsensusExplanation.load(tmp_path / "e.npz").to_frame(long=True)["value"].isna().all()
