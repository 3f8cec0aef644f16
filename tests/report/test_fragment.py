"""What a notebook shows of a result."""

import re

import numpy as np
import pytest

from tests.report.report_cases import Page, explained, table, three_classes, two_classes


@pytest.fixture(scope="module")
def found():
    return two_classes()


def test_a_consensus_shows_verdict_ranking_agreement_and_what_was_asked(found):
    page = Page(found._repr_html_())
    shown = page.shown()
    assert page.faults == []
    assert page.ids == []
    for sentence in found.verdict():
        assert sentence.text in shown
    ranking = found.ranking()
    for row in ranking.to_dict("records"):
        assert row["feature"] in shown
        assert f"{row['importance']:.3g}" in shown
    assert "5 of 5 features shown" in shown
    assert "shap and lime" in shown
    assert f"{found.receipt.model_rows:,}" in shown
    assert "LogisticRegression" in shown


def test_a_notebook_that_is_not_trusted_shows_bars_of_text(found):
    """Such notebooks drop pictures and styles; a style hides these bars elsewhere."""
    text = found._repr_html_()
    bars = re.findall(r'<span class="plain" aria-hidden="true">(\N{FULL BLOCK}*)</span>', text)
    importance = found.ranking()["importance"].to_numpy()
    expected = np.round(20 * importance / importance[0])
    assert [len(bar) for bar in bars] == expected.tolist()
    assert ".wisca-view .plain { display: none; }" in text
    assert "up if a higher value speaks for well" in text


def test_each_part_of_a_result_has_a_view(found):
    parts = [found.verdict(), found.reliability, *found.components.values(), found[:1]]
    for part in [*parts, three_classes()]:
        text = part._repr_html_()
        assert Page(text).faults == []
        assert len(text) < 60_000
    assert "skill on these rows" in found.reliability._repr_html_()
    assert "features above noise" in found.reliability._repr_html_()
    shap = found.components["shap"]
    shown = Page(shap._repr_html_()).shown()
    for size in shap.mean_magnitude():
        assert f"{size:.3g}" in shown


def test_many_features_with_long_names_stay_below_60_kb():
    X = table(40, 300)
    X.columns = [f"{'measurement ' * 30}{j}" for j in range(300)]
    found = explained(lambda Z: Z.iloc[:, 0] * 1.0, X, None)
    text = found._repr_html_()
    assert len(text) < 60_000
    assert "20 of 300 features shown" in text
    assert "10 of 300 features shown" in repr(found)


def test_no_style_reaches_the_notebook_and_the_same_result_gives_the_same_view(found):
    text = found._repr_html_()
    style = text.partition("<style>")[2].partition("</style>")[0]
    selectors = [one for line in style.split("}") for one in line.partition("{")[0].split(",")]
    assert all(one.strip().startswith(".wisca-view") for one in selectors if one.strip())
    assert found._repr_html_() == text
    assert "NaN" not in Page(found[np.array([0])]._repr_html_()).shown()
