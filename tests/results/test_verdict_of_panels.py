"""The verdict of whole panels."""

import numpy as np
import pandas as pd
import pytest

from wisca_xai import LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._results._verdict import write_verdict
from wisca_xai._results._verdict_facts import Facts

X = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3)), columns=["a", "b", "$x$"])
PANEL = (ShapExplainer(background_size=10), LimeExplainer(n_samples=200), "permutation", "forest")


def weighted(table):
    return table["b"] * 4.0 + table["a"]


def explained(model=weighted, panel=PANEL, table=X, rows=slice(12), **settings):
    explainer = WISCAExplainer(model, explainers=panel, random_state=0)
    return explainer.fit(table[40:]).explain(table[rows], **settings)


def test_the_verdict_of_a_panel_is_that_of_its_parts():
    explanation = explained()
    expected = write_verdict(
        Facts(
            explanation.ranking(),
            explanation.agreement(),
            explanation.influence(),
            explanation.components,
            explanation.failures,
            explanation.votes,
            explanation.reliability,
            explanation.feature_names,
        )
    )
    found = explanation.verdict()
    assert found == expected
    assert {"agreement", "most_important", "noise", "skill_unknown"} <= set(found.codes)
    assert "Most important: b and a." in found
    assert "The model reacts to 2 of 3 features more than to shuffled columns." in found


def test_a_constant_model_has_no_ranking():
    found = explained(lambda table: np.ones(len(table))).verdict()
    assert found.codes[0] == "constant_output"
    assert not {"most_important", "noise", "agreement", "order_undecided"} & set(found.codes)


@pytest.mark.parametrize("panel", [PANEL, ("shap",), ("forest",)], ids=len)
@pytest.mark.parametrize("n_rows", [1, 2, 12])
def test_one_feature_has_a_verdict(panel, n_rows):
    found = explained(lambda table: table["a"], panel, X[["a"]], slice(n_rows)).verdict()
    assert {"single_feature", "most_important"} <= set(found.codes)
    assert not {"order_undecided", "constant_output"} & set(found.codes)


@pytest.mark.parametrize("name", ["shap", "lime", "permutation", "forest"])
@pytest.mark.parametrize("n_rows", [1, 12])
def test_one_explainer_has_a_verdict(name, n_rows):
    explanation = explained(weighted, (name,), X, slice(n_rows))
    found = explanation.verdict()
    assert "moved_without" not in found.codes
    assert len(explanation.influence()) == 0
    silent = name == "permutation" and n_rows == 1
    assert ("single_explainer" in found.codes) != silent
    assert ("constant_output" in found.codes) == silent
    assert ("Most important: b" in found) != silent


def test_a_panel_of_global_explainers_has_a_verdict():
    explanation = explained(panel=("permutation", "forest"))
    assert explanation.scope == "global"
    assert "Most important: b and a." in explanation.verdict()
    assert explanation.ranking()["lower"].notna().all()


@pytest.mark.parametrize("rows", [[0], [3, 1]], ids=len)
def test_parts_of_an_explanation_have_a_verdict(rows):
    found = explained()[rows].verdict()
    assert "most_important" in found.codes
    assert not {"skill", "skill_unknown", "rows_of_fit"} & set(found.codes)


def shares(table):
    share = 1 / (1 + np.exp(-weighted(table)))
    return np.column_stack([1 - share, share])


def test_all_classes_have_a_verdict():
    found = explained(shares, target="all", y=np.r_[1, np.zeros(11)]).verdict()
    assert "Most important: b and a." in found
    assert "rare_events" not in found.codes


def test_the_target_that_explains_the_rare_class_is_named():
    low, y = X["b"].head(40).nsmallest(20).index, np.r_[1, np.zeros(19)]  # one event of 20 rows
    explainer = WISCAExplainer(shares, explainers=PANEL[1:], random_state=0).fit(X[40:])
    assert "pass it as `target`, so that" in explainer.explain(X.loc[low], y).verdict()
    again = explainer.explain(X.loc[low], y, target=1.0)
    assert "rare_events" not in again.verdict().codes


def test_the_verdict_names_faults_of_data_and_model():
    table = X.assign(twin=X["b"] ** 3)
    table.iloc[:15, 2] = 99.0
    explainer = WISCAExplainer(weighted, explainers=PANEL, random_state=0).fit(table[40:])
    noise = np.random.default_rng(1).normal(size=40)
    found = explainer.explain(table[:40], noise).verdict()
    assert "b and twin have rank correlations of 0.8 or more" in found
    assert "of 40 rows lie outside the range of the background, most often in $x$" in found
    assert "worse than a constant" in found
    wavy = explained(lambda table: np.sin(9 * table.sum(axis=1)), rows=slice(40))
    assert "poor_local_fit" in wavy.verdict().codes or wavy.verdict().omitted
