"""What a reader does with the report, in Chromium."""

import time

import numpy as np
import pandas as pd
import pytest

from tests.report.report_cases import explained, regression, table, three_classes, two_classes
from wisca_xai import merge_explanations
from wisca_xai._results._by_class import by_class


@pytest.fixture(scope="module")
def found():
    return two_classes(keep_data=True)


@pytest.fixture(scope="module")
def text(found):
    return found.to_html(y=["well"] * 30)


def cells(page, selector):
    # Chromium does not lay out sections that are far away, so they have no inner text.
    return [one.strip() for one in page.locator(selector).all_text_contents()]


def head(page, text):
    return page.locator("#ranking-table thead button").filter(has_text=text)


def test_the_ranking_is_sorted_and_searched(found, text, show):
    page = show(text)
    names = "#ranking-table tbody tr:visible th"
    by_importance = found.ranking()["feature"].tolist()
    assert cells(page, names) == by_importance
    head(page, "feature").click()
    assert cells(page, names) == sorted(by_importance)
    head(page, "importance").click()
    assert cells(page, names) == by_importance
    head(page, "importance").click()
    assert cells(page, names) == by_importance[::-1]
    head(page, "lime").click()
    lime = found.components["lime"].mean_magnitude()
    assert cells(page, names)[0] == found.feature_names[int(lime.argmax())]
    page.get_by_label("Search").fill("ture 3")
    assert cells(page, names) == ["feature 3"]
    assert page.locator("#search-count").inner_text() == "1 of 5 features"
    page.get_by_label("Search").fill("")
    assert len(cells(page, names)) == 5


def test_an_explainer_is_switched_off(text, show):
    page = show(text)
    marks = page.locator("#ranking-table tbody use.explainer-1:visible")
    panels = page.locator("#feature-panels figcaption")
    assert marks.count() == 5
    assert len(cells(page, "#row-panels figcaption")) == panels.count() == 3
    page.get_by_role("checkbox", name="lime").uncheck()
    assert marks.count() == 0
    assert not any("lime" in name for name in cells(page, "#feature-panels figcaption"))
    assert len(cells(page, "#row-panels figcaption")) == 2
    page.get_by_role("checkbox", name="lime").check()
    assert marks.count() == 5


def test_each_of_ten_explainers_has_a_switch_of_its_own(show):
    one = regression().components["shap"]
    names = [f" explainer {i}" for i in range(10)]
    page = show(merge_explanations(dict.fromkeys(names, one)).to_html())
    boxes, marks = page.get_by_role("checkbox"), "#ranking-table tbody tr:first-child use:visible"
    assert page.locator(marks).count() == boxes.count() == 10
    boxes.nth(8).uncheck()
    assert page.locator(marks).count() == 9
    shown = [name.strip() for name in cells(page, "#row-panels figcaption")]
    assert len(shown) == 10  # the consensus and nine of the explainers
    assert not any(text.startswith("explainer 8") for text in shown)
    boxes.nth(0).uncheck()
    boxes.nth(8).check()
    assert page.locator(marks).count() == 9


def test_a_feature_is_chosen(found, text, show):
    page = show(text)
    page.locator("#feature").select_option(label="feature 3")
    picture = page.locator("#feature-panels svg").nth(1)
    assert "feature 3 against the attributions of shap" in picture.get_attribute("aria-label")
    points = picture.locator("path.points")
    assert sum(one.get_attribute("d").count("M") for one in points.all()) == 30
    ends = cells(page, "#feature-panels figure:first-child .ends span")
    values = found.data["feature 3"]
    assert [float(end) for end in ends] == pytest.approx([values.min(), values.max()], rel=1e-5)


def test_a_row_is_picked_and_its_waterfall_adds_up(found, text, show):
    page = show(text)
    page.get_by_role("button", name="Show row 17", exact=True).click()
    assert page.locator("#row").input_value() == "17"
    shap = found.components["shap"]
    base, values = shap.base_values[17], shap.values[17]
    title = next(name for name in cells(page, "#row-panels figcaption") if "shap" in name)
    assert f"from the base value {base:.3g} to the output {base + values.sum():.3g}" in title
    lines = page.locator("#row-values tbody tr")
    first = int(np.abs(found.values[17]).argmax())
    texts = cells(page, "#row-values tbody tr:first-child > *")
    assert texts[0] == found.feature_names[first]
    assert float(texts[1]) == pytest.approx(found.data.iloc[17, first], rel=1e-5)
    assert float(texts[3]) == pytest.approx(values[first], rel=6e-3)
    assert lines.count() == 5
    page.get_by_label("Order").select_option(label="largest disagreement first")
    worst = int(found.row_disagreement().to_numpy().argmax())
    assert page.locator("#row").input_value() == str(worst)


def test_a_row_says_what_was_decided_and_whether_it_was_right(found, text, show):
    page = show(text)  # y is "well" in every row
    is_wrong = found.targets != "well"
    page.get_by_label("Order").select_option(label="wrong ones first")
    order = [
        int(one) for one in page.locator("#row option").evaluate_all("all => all.map(o => o.value)")
    ]
    assert sorted(order[: is_wrong.sum()]) == np.flatnonzero(is_wrong).tolist()
    page.get_by_role("button", name="Show row 17", exact=True).click()
    assert page.locator("#row-title").text_content() == "Row 17"
    facts = page.locator("#row-facts").text_content()
    assert f"class: {found.targets[17]}" in facts
    assert f"right?: {'wrong' if is_wrong[17] else 'right'}" in facts
    assert f"Bars with + speak for {found.targets[17]}" in facts
    assert f"{is_wrong.sum()} of 30 predictions are wrong" in page.locator("#rows").text_content()
    widths = {}
    for name in ("shap", "lime"):  # They have the same unit, so the same scale.
        box = page.locator("#row-panels figure").filter(has_text=name)
        bar = box.locator("rect").first.get_attribute("width")
        widths[name] = float(bar) / np.abs(found.components[name].values[17]).max()
    assert widths["shap"] == pytest.approx(widths["lime"], rel=0.02)


def test_the_errors_of_a_regression_are_listed(show):
    found = regression()
    shap = found.components["shap"]
    outputs = shap.base_values + shap.values.sum(axis=1)
    y = outputs + np.where(np.arange(30) == 4, -5.0, 0.1)
    page = show(found.to_html(y=y))
    page.get_by_label("Order").select_option(label="largest error first")
    assert page.locator("#row").input_value() == "4"
    assert "error: 5" in page.locator("#row-facts").text_content()


def test_a_class_is_chosen(show):
    found = three_classes()
    page = show(found.to_html())
    page.get_by_label("Class in features and rows").select_option(label="0")
    shap = found.components["shap"]
    base, output = shap.base_values[0, 0], shap.base_values[0, 0] + shap.values[0, :, 0].sum()
    title = next(name for name in cells(page, "#row-panels figcaption") if "shap" in name)
    assert f"from the base value {base:.3g} to the output {round(output, 9):.3g}" in title


@pytest.mark.parametrize("make", [three_classes, two_classes])
def test_the_ranking_of_a_class_is_chosen(show, make):
    found = make(**({"keep_data": True} if make is two_classes else {}))
    classes = by_class(found)
    page = show(found.to_html())
    bars = "#ranking-table tbody tr .bar"

    def widths():
        return [float(bar.get_attribute("width")) for bar in page.locator(bars).all()]

    before = page.locator("#ranking-table").inner_text(), widths()
    page.locator("#ranking-class").select_option(label=str(classes[0].label))
    order = np.argsort(-classes[0].importance, kind="stable")
    shown = cells(page, "#ranking-table tbody th")
    assert [text.split(" not ")[0] for text in shown] == [found.feature_names[j] for j in order]
    texts = cells(page, "#ranking-table tbody tr td:nth-of-type(4)")
    np.testing.assert_allclose(
        [float(text) for text in texts], classes[0].importance[order], rtol=6e-3
    )
    ratios = np.array(widths()) / classes[0].importance[order]
    np.testing.assert_allclose(ratios, ratios[0], rtol=0.02)
    assert page.locator("#ranking-table .interval:visible").count() == 0
    assert page.locator("#ranking-table .mark:visible").count() == 0
    assert page.locator("#ranking-table thead th:visible").count() == 4
    page.get_by_label("Search").fill("ture 3")
    assert cells(page, "#by-class tbody tr:visible th") == ["feature 3"]
    page.get_by_label("Search").fill("")
    page.locator("#ranking-class").select_option("")
    assert (page.locator("#ranking-table").inner_text(), widths()) == before


def test_colours_follow_the_system_and_the_reader(text, show):
    colour = "getComputedStyle(document.body).backgroundColor"
    light, dark = "rgb(255, 255, 255)", "rgb(20, 24, 28)"
    page = show(text, color_scheme="dark")
    assert page.evaluate(colour) == dark
    page.get_by_label("Colours").select_option("light")
    assert page.evaluate(colour) == light
    page.get_by_label("Colours").select_option("dark")
    assert page.evaluate(colour) == dark
    page.get_by_label("Colours").select_option("")
    assert page.evaluate(colour) == dark
    page.emulate_media(media="print")
    assert page.evaluate(colour) == light


def test_all_is_there_with_scripts_off_and_on_paper(found, text, show):
    page = show(text, java_script_enabled=False)
    assert page.locator(".needs-script:visible").count() == 0
    for section in ("verdict", "ranking", "agreement", "features", "rows", "about"):
        assert page.locator(f"#{section}").is_visible()
    assert cells(page, "#ranking-table tbody th") == found.ranking()["feature"].tolist()
    assert page.locator("#feature-pictures svg").count() == 5
    assert page.locator("#rows-table tbody tr").count() == 30
    assert len(page.pdf()) > 10_000
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("#rows-table tbody tr").last.is_visible()


ACTIVE = """(() => {
  const e = document.activeElement;
  if (e === document.body) return "";
  return e.tagName + " " + (e.id || e.getAttribute("aria-label") || e.textContent).slice(0, 40);
})()"""


def test_everything_is_reached_by_the_keyboard(text, show):
    page = show(text)
    reached = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        element = page.evaluate(ACTIVE)
        if not element:
            break
        reached.add(element)
    for wanted in (
        "SELECT theme",
        "INPUT search",
        "SELECT feature",
        "SELECT row",
        "SELECT row-order",
    ):
        assert wanted in reached
    assert any(one.startswith("BUTTON Show row 17") for one in reached)
    head(page, "feature").focus()
    page.keyboard.press("Enter")
    assert cells(page, "#ranking-table tbody th")[0] == "feature 0"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_axe_finds_no_fault_and_the_page_is_no_wider_than_the_window(
    scheme, width, text, browser, axe, tmp_path
):
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    size = {"width": width, "height": 900}
    # The policy of the page would keep the script axe-core out.
    context = browser.new_context(offline=True, color_scheme=scheme, viewport=size, bypass_csp=True)
    page = context.new_page()
    page.goto(path.as_uri())
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


PAYLOADS = [
    "<script>window.hit=1</script>",
    "</script><script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg onload=window.hit=1>",
    '"><svg/onload=window.hit=1>',
    "' onmouseover='window.hit=1' x='",
    '" autofocus onfocus="window.hit=1" x="',
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "javascript:window.hit=1",
    "</title><script>window.hit=1</script>",
    "</style><script>window.hit=1</script>",
    "<!--<script>window.hit=1</script>",
    "--><script>window.hit=1</script>",
    "]]><script>window.hit=1</script>",
    "{{ ''.__class__ }}<script>window.hit=1</script>",
    "${window.hit=1}",
    "\u202e<script>window.hit=1</script>\u2066",
    "\x00<script>window.hit=1</script>",
    "\u2028;window.hit=1;\u2029",
    "<style>*{background:url(http://x/)}</style>",
    "<link rel=stylesheet href=http://x/>",
    "<meta http-equiv=refresh content='0;url=http://x/'>",
    "<base href=http://x/><form action=http://x/><button autofocus>",
    "\\u003cscript\\u003ewindow.hit=1\\u003c/script\\u003e",
    "&lt;script&gt;window.hit=1&lt;/script&gt;",
]
PLACES = ["feature", "class", "row", "cell", "text"]


def with_payloads(place):
    """A result that has every payload as the name of a feature, of a class, ..."""
    X = table(len(PAYLOADS) * 2, 4)
    y = np.where(X["feature 0"] > 0, "a", "b")
    if place == "feature":
        X = table(60, len(PAYLOADS))
        X.columns = PAYLOADS
        return explained(lambda Z: Z.iloc[:, 0] * 1.0, X, None), {}
    if place == "row":
        X.index = PAYLOADS * 2
        return explained(lambda Z: Z.iloc[:, 0] * 1.0, X, None, rows=X[: len(PAYLOADS)]), {}
    if place == "cell":
        X["feature 1"] = PAYLOADS * 2
        found = explained(lambda Z: Z.iloc[:, 0] * 1.0, X, None, rows=X[: len(PAYLOADS)])
        return found, {"y": PAYLOADS}
    if place == "class":
        from sklearn.ensemble import RandomForestClassifier

        y = np.array(PAYLOADS * 2, dtype=object)
        model = RandomForestClassifier(3, random_state=0)
        return explained(model, X, y, target="all"), {}
    from dataclasses import replace

    found = explained(lambda Z: Z.iloc[:, 0] * 1.0, X, y=None)
    notes = tuple(PAYLOADS)
    return replace(found, notes=notes, failures=dict(zip(PAYLOADS, PAYLOADS, strict=True))), {
        "labels": {f"feature {j}": payload for j, payload in enumerate(PAYLOADS[:4])},
        "title": "".join(PAYLOADS),
    }


@pytest.mark.parametrize("place", PLACES)
def test_no_payload_runs(place, show):
    found, options = with_payloads(place)
    page = show(found.to_html(**options))
    for selector in ("#feature", "#row"):
        for value in page.locator(f"{selector} option").evaluate_all(
            "(all) => all.map((o) => o.value)"
        ):
            page.locator(selector).select_option(value)
    for button in page.locator("#ranking-table thead button").all():
        button.click()
    page.keyboard.press("Tab")
    page.wait_for_timeout(100)
    assert page.evaluate("window.hit") is None
    n_scripts = page.evaluate("document.scripts.length")
    assert n_scripts == 2
    assert page.locator("iframe, img, form, link, base").count() == 0


def test_a_large_report_opens_and_answers_at_once(show):
    """A click is answered; benchmarks/report.py has the times."""
    names = [f"gene {j}" for j in range(200)]
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 200)), columns=names)
    found = explained(lambda Z: Z.iloc[:, 0] * 2.0 + Z.iloc[:, 1], X, None, rows=X)
    start = time.perf_counter()
    page = show(found.to_html())
    page.locator("#feature").select_option(label="gene 7")
    assert "gene 7 against" in page.locator("#feature-panels svg").first.get_attribute("aria-label")
    assert time.perf_counter() - start < 60  # It ends.


def test_a_regression_has_no_class_to_choose(show):
    page = show(regression().to_html())
    assert page.get_by_label("Class in features and rows").count() == 0
    assert page.locator("#feature-panels svg").count() == 3
