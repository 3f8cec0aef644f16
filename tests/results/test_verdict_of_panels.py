"""The verdict of whole panels."""

import numpy as np
import pandas as pd
import pytest

from wisca_xai import LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._results._verdict import write_verdict

X = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=["a", "b", "$x$"])
PANEL = (ShapExplainer(background_size=10), LimeExplainer(n_samples=200), "permutation", "forest")


def weighted(table):
    return table["b"] * 4.0 + table["a"]


def explained(model=weighted, panel=PANEL, table=X, rows=slice(12), **settings):
    explainer = WISCAExplainer(model, explainers=panel, random_state=0)
    return explainer.fit(table).explain(table[rows], **settings)


def test_the_verdict_of_a_panel_is_that_of_its_parts():
    explanation = explained()
    expected = write_verdict(
        explanation.ranking(),
        explanation.agreement(),
        explanation.influence(),
        explanation.components,
        explanation.failures,
        explanation.reliability,
    )
    assert explanation.verdict() == expected
    assert "The explainers agree closely" in expected
    assert "Most important: b, a and $x$." in expected
    assert "2 of 3 features score higher than shuffled columns do." in expected


def test_a_constant_model_has_a_verdict():
    text = explained(lambda table: np.ones(len(table))).verdict()
    assert "There is nothing to compare" in text
    assert "No feature has any importance" in text
    assert "Most important" not in text


@pytest.mark.parametrize("panel", [PANEL, ("shap",), ("forest",)], ids=len)
@pytest.mark.parametrize("n_rows", [1, 2, 12])
def test_one_feature_has_a_verdict(panel, n_rows):
    text = explained(lambda table: table["a"], panel, X[["a"]], slice(n_rows)).verdict()
    assert "There is nothing to compare" in text
    assert "comes first" not in text
    assert "does not change" not in text  # scaled to 0, since there is no other to compare with


@pytest.mark.parametrize("name", ["shap", "lime", "permutation", "forest"])
@pytest.mark.parametrize("n_rows", [1, 12])
def test_one_explainer_has_a_verdict(name, n_rows):
    explanation = explained(weighted, (name,), X, slice(n_rows))
    text = explanation.verdict()
    assert "There is nothing to compare" in text
    assert "Without " not in text
    assert len(explanation.influence()) == 0
    silent = name == "permutation" and n_rows == 1
    assert ("Most important: b, " in text) != silent


def test_a_panel_of_global_explainers_has_a_verdict():
    explanation = explained(panel=("permutation", "forest"))
    assert explanation.scope == "global"
    assert "Most important: b, a and $x$." in explanation.verdict()
    assert explanation.ranking()["lower"].notna().all()


@pytest.mark.parametrize("rows", [[0], [3, 1]], ids=len)
def test_parts_of_an_explanation_have_a_verdict(rows):
    assert "Most important: b, a and $x$." in explained()[rows].verdict()


def test_all_classes_have_a_verdict():
    def shares(table):
        share = 1 / (1 + np.exp(-weighted(table)))
        return np.column_stack([1 - share, share])

    assert "Most important: b, a and $x$." in explained(shares, target="all").verdict()


def test_the_verdict_names_faults_of_data_and_model():
    table = X.assign(twin=X["b"] ** 3)
    rows = table[:12].copy()
    rows.iloc[0, 0] = 99.0
    explainer = WISCAExplainer(weighted, explainers=PANEL, random_state=0).fit(table)
    noise = np.random.default_rng(1).normal(size=12)
    text = explainer.explain(rows, noise).verdict()
    assert "b and twin have rank correlations of 0.8 or more" in text
    assert "\n1 of 12 rows lie" in text
    assert "hardly better than a constant" in text
    assert "poorly" in explained(lambda table: np.sin(9 * table.sum(axis=1))).verdict()
