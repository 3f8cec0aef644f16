"""The view of a notebook keeps its looks, whatever the styles of the notebook."""

import pytest

from tests.report.report_cases import two_classes

HOST = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>notebook</title><style>
body {{ background: {page}; color: {ink}; }} table {{ border: 9px solid red; }}
th {{ color: red; font-size: 40px; }}
</style></head><body><main><h1>notebook</h1>{view}</main></body></html>"""


@pytest.mark.parametrize(("page", "ink"), [("#ffffff", "#222222"), ("#111111", "#eeeeee")])
def test_styles_of_the_notebook_do_not_reach_the_view(page, ink, show):
    found = two_classes()
    opened = show(HOST.format(page=page, ink=ink, view=found._repr_html_()))
    head = opened.locator("th").first
    style = "(e) => { const s = getComputedStyle(e); return [s.color, s.fontSize]; }"
    ours = opened.locator("main").evaluate("(e) => getComputedStyle(e).color")
    assert head.evaluate(style) == [ours, "13px"]
    border = "(e) => getComputedStyle(e).borderTopWidth"
    assert opened.locator("table").first.evaluate(border) == "0px"
    assert opened.locator("tbody tr").count() == 5


def test_without_scripts_the_view_is_read_as_it_is(show):
    found = two_classes()
    text = HOST.format(page="white", ink="black", view=found._repr_html_())
    opened = show(text, java_script_enabled=False)
    assert opened.get_by_text(found.verdict().sentences[0].text).is_visible()
    assert opened.locator("tbody tr").count() == 5
