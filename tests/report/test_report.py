"""The report says what the result says, holds nothing else, and is one inert file."""

import base64
import hashlib
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from tests.report.report_cases import (
    Page,
    explained,
    numbers_in,
    numbers_of,
    regression,
    table,
    three_classes,
    two_classes,
)
from wisca_xai import ConsensusExplanation, InputError, from_external, merge_explanations
from wisca_xai._results._by_class import by_class

ONE_OF_EACH = {"two": two_classes, "three": three_classes, "regression": regression}


@pytest.fixture(scope="module")
def results():
    return {name: make() for name, make in ONE_OF_EACH.items()}


@pytest.fixture(scope="module")
def pages(results):
    return {name: found.to_html() for name, found in results.items()}


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_page_is_well_formed_and_refers_to_nothing_outside(name, pages):
    page = Page(pages[name])
    assert page.faults == []
    assert len(set(page.ids)) == len(page.ids)
    for tag, attributes in page.tags:
        assert "src" not in attributes
        assert "style" not in attributes
        assert not any(key.startswith("on") for key in attributes)
        href = attributes.get("href", "")
        assert not href or (href[0] == "#" and href[1:] in page.ids), (tag, href)
    assert set(re.findall(r"\w+://[^\"]*", pages[name])) == {"http://www.w3.org/2000/svg"}


def test_the_policy_admits_our_script_and_style_and_nothing_else(pages):
    page = Page(pages["two"])
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv"))
    script = next(text for tag, text in page.texts if tag == "script" and "use strict" in text)
    style = next(text for tag, text in page.texts if tag == "style")
    digests = [
        base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in (style, script)
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert len(script) < 30_000
    assert len(style) < 15_000


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_same_result_gives_the_same_bytes(name, results, pages, tmp_path):
    results[name].save(tmp_path / "e.npz", include_data=True)
    loaded = ConsensusExplanation.load(tmp_path / "e.npz")
    assert loaded.to_html() == pages[name]
    assert results[name].to_html(tmp_path / "e.html") is None
    assert (tmp_path / "e.html").read_bytes() == pages[name].encode()


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_page_shows_the_verdict_and_the_ranking(name, results, pages):
    shown = Page(pages[name]).shown()
    for sentence in results[name].verdict():
        assert sentence.text in shown
    ranking = results[name].ranking()
    lines = re.findall(r'<tr data-feature="(\d+)"', pages[name])
    names = [results[name].feature_names[int(j)] for j in lines]
    assert names == ranking["feature"].tolist()
    for row in ranking.to_dict("records"):
        assert f"{row['importance']:.3g}" in shown
        assert f"{row['lower']:.3g} to {row['upper']:.3g}" in shown


def test_bars_and_marks_are_on_one_scale(results, pages):
    found = results["two"]
    widths = re.findall(r'<rect class="bar" x="([\d.]+)" y="5" width="([\d.]+)"', pages["two"])
    importance = found.ranking()["importance"].to_numpy()
    starts, lengths = np.array(widths, dtype=float).T
    assert set(starts) == {starts[0]}
    per_unit = lengths[0] / importance[0]
    np.testing.assert_allclose(lengths, importance * per_unit, atol=0.06)
    first = found.feature_names.index(found.ranking()["feature"][0])
    row = re.search(rf'<tr data-feature="{first}".*?</tr>', pages["two"], re.DOTALL)[0]
    marks = np.array(re.findall(r'<use href="#mark-\d" .*? x="([\d.]+)"', row), dtype=float)
    shares = [
        c.mean_magnitude()[first] / c.mean_magnitude().sum() for c in found.components.values()
    ]
    np.testing.assert_allclose(marks - starts[0], np.array(shares) * per_unit, atol=0.11)


@pytest.mark.parametrize("name", ["two", "three"])
def test_each_class_has_its_importance_and_directions(name, results, pages):
    found = results[name] if name == "three" else two_classes(keep_data=True)
    classes = by_class(found)
    assert len(classes) == {"two": 2, "three": 3}[name]
    if name == "two":  # the importance of the rows that explain the class
        for one in classes:
            rows = np.flatnonzero(found.targets == one.label)
            part = found[rows]
            assert one.n_rows == len(rows)
            np.testing.assert_allclose(one.importance, part.importance)
            words = found.ranking().set_index("feature")["direction"].reindex(found.feature_names)
            opposite = {"up": "down", "down": "up", "mixed": "mixed"}
            towards = words if one.label == "well" else words.map(opposite)
            assert one.directions == towards.tolist()
    else:  # their mean is the importance
        mean = np.mean([one.importance for one in classes], axis=0)
        np.testing.assert_allclose(mean, found.importance)
    block = re.search(r'<table id="by-class">.*?</table>', pages[name], re.DOTALL)[0]
    lines = re.findall(r"<tr><th scope=.row.>(.*?)</th>\s*(.*?)</tr>", block, re.DOTALL)
    for feature, cells in lines:
        j = found.feature_names.index(feature)
        shown = [float(cell.split()[0]) for cell in re.findall(r"<td>(.*?)</td>", cells)]
        np.testing.assert_allclose(shown, [one.importance[j] for one in classes], rtol=6e-3)
    assert len(lines) == len(found.feature_names)


def test_a_regression_and_a_single_class_have_no_table_of_classes(results, pages):
    assert by_class(results["regression"]) == []
    assert 'id="by-class"' not in pages["regression"]
    rows = np.flatnonzero(results["two"].targets == "ill")
    assert by_class(results["two"][rows]) == []


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_script_gets_the_attributions_of_each_local_explainer(name, results, pages):
    found, data = results[name], Page(pages[name]).data()
    assert [one["name"] for one in data["explainers"]] == ["consensus", "shap", "lime"]
    for one, part in zip(data["explainers"], [found, *found.components.values()], strict=False):
        numbers = numbers_of(one["values"], part.values.shape)
        largest = np.abs(part.values).max()
        np.testing.assert_allclose(numbers, part.values, rtol=5e-4, atol=largest / 1e8)
    shap = data["explainers"][1]
    np.testing.assert_allclose(
        np.array(shap["base"]).ravel(), found.components["shap"].base_values.ravel(), atol=1e-6
    )
    columns = np.array([numbers_in(column) for column in data["columns"]]).T
    np.testing.assert_allclose(columns, found.data, rtol=1e-5)


def test_two_classes_are_drawn_towards_the_second_one(results, pages):
    found, data = results["two"], Page(pages["two"]).data()
    assert found.classes.tolist() == ["ill", "well"]
    assert data["signs"] == [1 if target == "well" else -1 for target in found.targets]
    assert Page(pages["three"]).data()["signs"] is None
    assert "it speaks against class well" in Page(pages["two"]).shown()


def test_columns_of_all_kinds_are_shown():
    X = table().assign(
        **{
            "feature 1": pd.date_range("2024-01-01", periods=80),
            "feature 2": pd.Categorical(["low", "high"] * 40),
            "feature 3": [None, "b"] * 40,
            "feature 4": [True, False] * 40,
        }
    )
    model = lambda Z: Z["feature 0"] + (Z["feature 2"] == "high") + Z["feature 4"]  # noqa: E731
    columns = Page(explained(model, X, None).to_html()).data()["columns"]
    assert columns[1]["texts"][:2] == ["2024-01-01", "2024-01-02"]
    assert columns[1]["numbers"][:3] == [1, 2, 3]
    assert (columns[2]["levels"], columns[2]["codes"][:3]) == (["low", "high"], [0, 1, 0])
    assert columns[3]["levels"] == ["missing", "b"]
    assert columns[4]["levels"] == ["True", "False"]


def test_no_value_of_the_data_is_in_a_report_without_them():
    X = table().round(6)
    y = (X["feature 0"] > 0).to_numpy()
    found = explained(lambda Z: Z["feature 0"] * 2.0, X, y, keep_data=False)
    text = found.to_html()
    page = Page(text)
    assert page.data()["columns"] is None
    assert "No value of a row is in this file" in page.shown()
    assert str(X.iloc[3, 2]) not in text
    with_rows = found.to_html(X=X[:30])
    column = Page(with_rows).data()["columns"][2]
    np.testing.assert_allclose(numbers_in(column), X.iloc[:30, 2], rtol=1e-6)


def test_rows_are_chosen_evenly_and_that_is_said():
    X = table(200)
    found = explained(lambda Z: Z["feature 0"] * 2.0, X, None, rows=X)
    page = Page(found.to_html(max_rows=20))
    assert "200 explained rows, 20 of them on this page" in page.shown()
    data = page.data()
    numbers = numbers_of(data["explainers"][1]["values"], (20, 5))
    chosen = np.linspace(0, 199, 20).astype(int)
    wanted = found.components["shap"].values
    np.testing.assert_allclose(numbers, wanted[chosen], rtol=5e-4, atol=1e-8)
    assert len(numbers_in(data["columns"][0])) == 20


def test_small_attributions_beside_huge_ones_keep_their_digits():
    X = table(60)
    found = explained(lambda Z: np.exp(4 * Z["feature 0"]) + 1e-3 * Z["feature 1"], X, None)
    shap = found.components["shap"]
    one = Page(found.to_html()).data()["explainers"][1]
    numbers = numbers_of(one["values"], shap.values.shape)
    np.testing.assert_allclose(
        numbers, shap.values, rtol=5e-4, atol=np.abs(shap.values).max() / 5e8
    )
    np.testing.assert_allclose(np.ravel(one["base"]), shap.base_values, rtol=1e-5)
    outputs = shap.base_values + shap.values.sum(axis=1)
    np.testing.assert_allclose(np.ravel(one["outputs"]), outputs, rtol=1e-5)


def test_large_whole_numbers_infinite_numbers_and_durations_are_shown_as_they_are():
    X = table(12, 1)
    X["id"] = np.arange(12) + 12_345_012
    X["rate"] = np.linspace(0, 1, 12)
    X["wait"] = pd.to_timedelta(np.arange(12), unit="h")
    found = explained(lambda Z: Z["feature 0"] * 2.0, X, None, rows=X)
    shown = X.assign(rate=[np.inf, -np.inf, *np.linspace(0, 1, 10)])
    columns = Page(found.to_html(X=shown)).data()["columns"]
    assert columns[1]["numbers"] == X["id"].tolist()
    assert columns[2]["texts"][:2] == ["inf", "-inf"]
    assert columns[3]["texts"][3] == "0 days 03:00:00"


def words_of_rows(text):
    return re.findall(r'<td data-value="[01]\.0">(right|wrong|)</td>', text)


def test_only_a_truth_in_the_words_of_the_classes_is_judged(results):
    found = results["two"]
    y = np.where(np.arange(30) < 3, "ill", "well")
    wrong = int((found.targets != y).sum())
    assert f"{wrong} of 30 predictions are wrong" in Page(found.to_html(y=y)).shown()
    missing = pd.Series(y, dtype=object).where(np.arange(30) > 5)
    words = words_of_rows(found.to_html(y=missing))
    assert words[:6] == [""] * 6
    assert words.count("wrong") == int((found.targets != y)[6:].sum())
    for other in (np.where(y == "ill", 1, 0), ["x"] * 30):
        assert "predictions are wrong" not in found.to_html(y=other)
    renamed = found.with_labels({"ill": "sick"})
    assert "predictions are wrong" not in renamed.to_html(y=y)
    labels = {"ill": "sick"}
    assert f"{wrong} of 30 predictions are wrong" in Page(found.to_html(y=y, labels=labels)).shown()


def test_y_in_another_order_and_an_x_that_is_no_table_are_refused(results):
    found = results["two"]
    y = pd.Series(["well"] * 30, index=found.index[::-1])
    with pytest.raises(InputError, match="row labels are in another order"):
        found.to_html(y=y)
    for X in ("abc", 5):
        with pytest.raises(InputError, match="`X` must be the table that was explained"):
            found.to_html(X=X)


def test_an_explainer_of_any_name_stands_beside_the_consensus(results):
    parts = list(results["regression"].components.values())[:2]
    found = merge_explanations({"consensus": parts[0], " ": parts[1]})
    shown = Page(found.to_html()).data()["explainers"]
    assert [one["place"] for one in shown] == [-1, 0, 1]
    shape = found.values.shape
    np.testing.assert_allclose(
        numbers_of(shown[0]["values"], shape), found.values, rtol=5e-4, atol=1e-8
    )
    np.testing.assert_allclose(
        numbers_of(shown[1]["values"], shape), parts[0].values, rtol=5e-4, atol=1e-7
    )


def test_long_names_of_classes_stay_apart():
    X = table()
    names = [
        f"customer segment premium: {word} bought anything in the last year"
        for word in ("never", "has")
    ]
    y = np.where(X["feature 0"] > 0, *names)
    found = explained(RandomForestClassifier(5, random_state=0), X, y)
    shown = [one["label"] for one in Page(found.to_html()).data()["by_class"]]
    assert len(set(shown)) == 2


def test_labels_title_and_y_are_shown(results):
    found = results["two"]
    labels = {"feature 0": "blood pressure", "ill": "sick"}
    text = found.to_html(labels=labels, title="My study", y=["yes"] * 30)
    page = Page(text)
    shown = page.shown()
    assert shown.startswith("My study")
    assert "blood pressure" in shown
    assert "feature 0" not in text
    assert shown.count(" yes ") == 30
    assert "sick" in shown


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"X": table()[:29]}, "30 explained rows, got 29"),
        ({"X": table()[30:60]}, "row labels differ"),
        ({"X": table()[:30].drop(columns="feature 2")}, "lacks .*feature 2"),
        ({"y": [1, 2]}, "30, got 2"),
        ({"max_rows": 0}, "max_rows"),
        ({"labels": {"no": "x"}}, "got 'no'"),
    ],
)
def test_what_cannot_be_shown_is_refused(options, words, results, tmp_path):
    with pytest.raises(InputError, match=words):
        results["two"].to_html(tmp_path / "e.html", **options)
    assert not (tmp_path / "e.html").exists()


def test_results_of_all_shapes_have_a_page(results):
    one_row = results["two"][:1]
    only_global = merge_explanations(
        {
            "a": from_external(pd.Series({"x": 0.2, "y": 0.1})),
            "b": from_external(pd.Series({"x": 0.1, "y": 0.1})),
        }
    )
    constant = explained(lambda Z: np.zeros(len(Z)), table(), None)
    single = merge_explanations({"shap": results["regression"].components["shap"]})
    for found in (one_row, only_global, constant, single, results["three"][3:5]):
        page = Page(found.to_html())
        assert page.faults == []
        assert found.verdict().sentences[0].text in page.shown()


def test_failures_and_notes_are_shown(results):
    found = replace(results["two"], failures={"mine": "ValueError: <b>no</b>"}, notes=("A note.",))
    page = Page(found.to_html())
    assert "mine : ValueError: <b>no</b>" in page.shown()
    assert "A note." in page.shown()
