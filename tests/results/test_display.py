"""repr and HTML of explanations show what they hold, and no name does harm."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from tests.results.explanation_cases import ROWS, make_all, make_consensus, make_global, make_local
from wisca_xai import WISCAExplainer, plots
from wisca_xai._text import display_name, display_names
from wisca_xai.report._page import asset

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")


@pytest.mark.parametrize(
    ("make", "title"),
    [
        pytest.param(
            make_local,
            "Explanation(shap, 4 rows x 3 features, unit: probability)\n  note: Mind the gap.",
            id="local",
        ),
        pytest.param(
            make_global, "Explanation(permutation, global x 3 features, unit: score)", id="global"
        ),
        pytest.param(
            lambda: make_global(unit="1", method="forest"),
            "Explanation(forest, global x 3 features, dimensionless)",
            id="dimensionless",
        ),
    ],
)
def test_repr_shows_method_size_unit_and_notes(make, title):
    assert repr(make()) == title


def test_repr_of_a_consensus_shows_parts_failures_and_the_ranking():
    text = repr(make_consensus(failures={"lime": "ValueError: no"}))
    assert "ConsensusExplanation(wisca of shap, permutation; 4 rows x 3 features)" in text
    assert "failed: lime: ValueError: no" in text
    lines = text.splitlines()[-3:]
    assert [line.split()[0] for line in lines] == ["size", "age", "member"]
    assert [line.split()[-2:] for line in lines] == [["1", "True"], ["2", "False"], ["2", "False"]]


SCRIPT = "<script>alert(1)</script>"
BIDI = "safe\u202egnp.exe\u2066\u200f"


def check_harmless(text):
    assert "<script" not in text.lower()
    assert not [c for c in text if not (c.isprintable() or c == "\n")]


def hostile(name):
    """Explanations with a hostile name in one place, by place."""
    names = (name, "size", "member")
    importance = pd.Series([0.5, 1.0, 0.5], index=pd.Index(list(names), name="feature"))
    labels = pd.Index([name, "b", "c", "d"])
    return {
        "feature": make_local(feature_names=names),
        "feature of a global method": make_global(feature_names=names),
        "row label": make_local(index=labels),
        "index name": make_local(index=ROWS.rename(name)),
        "class": make_all(targets=np.array([name, "b"])),
        "method": make_local(method=name),
        "method of a global": make_global(method=name),
        "consensus feature": make_consensus(
            feature_names=names,
            importance=importance,
            components={"shap": make_local(feature_names=names)},
        ),
        "component": make_consensus(components={name: make_local()}, votes={name: 1.0}),
        "failure": make_consensus(failures={name: name}),
        "note": make_consensus(notes=(name,)),
    }


@pytest.mark.parametrize("name", [SCRIPT, BIDI], ids=["script", "bidi"])
@pytest.mark.parametrize("place", hostile("x"))
def test_hostile_names_are_harmless_in_html(name, place):
    text = hostile(name)[place]._repr_html_()
    ours = f"<script>{asset('fragment.js')}</script>"
    assert text.endswith(ours)
    check_harmless(text.removesuffix(ours))
    assert "<table" in text


def test_hostile_names_can_still_be_read_in_html():
    assert "&lt;script&gt;alert(1)" in make_local(feature_names=(SCRIPT, "b", "c"))._repr_html_()
    assert r"safe\u202egnp.exe" in make_local(feature_names=(BIDI, "b", "c"))._repr_html_()


def test_long_names_are_cut_in_html():
    text = make_local(feature_names=("x" * 500, "b", "c"))._repr_html_()
    assert "x" * 20 in text
    assert "x" * 80 not in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("x" * 30, "x" * 30, id="as long as allowed"),
        pytest.param("x" * 20 + "y" * 20, "x" * 15 + "…" + "y" * 14, id="too long"),
        pytest.param("a\u00a0b\u3000c\u2009d", "a b c d", id="spaces"),
        pytest.param("a\u202eb\x00\n", r"a\u202eb\x00\n", id="controls"),
        pytest.param("größe 名", "größe 名", id="letters"),
        pytest.param(7, 7, id="number"),
    ],
)
def test_displayed_names_show_what_they_hold(name, shown):
    assert display_name(name, width=30) == shown


ACCOUNT = "customer_account_transaction_{}_in_the_last_twelve_months_before_the_date"
LABELS = {
    "in the middle": [ACCOUNT.format(what) for what in ("amount", "count", "mean", "maximum")],
    "at the end": [f"customer_account_transaction_amount_of_month_{i}" for i in range(12)],
    "at the beginning": [
        f"{i}_customer_account_transaction_amount_of_the_month" for i in range(12)
    ],
    "far apart": ["x" * 30 + a + "y" * 40 + b + "z" * 30 for a in "ab" for b in "cd"],
    "in length": ["x" * n for n in range(50, 60)],
    "in spaces": ["a b", "a\u00a0b", "a\u3000b"],
    "in short": ["a", "b"],
}


@pytest.mark.parametrize("width", [16, 24, 40])
@pytest.mark.parametrize("names", LABELS.values(), ids=LABELS)
def test_names_that_differ_are_shown_apart(names, width):
    shown = display_names([*names, 7, names[0]], width=width)
    assert len(set(shown)) == len(names) + 1
    assert shown[-1] == shown[0]
    assert max(len(str(name)) for name in shown) <= width
    assert display_names(names[:1], width=width) == [display_name(names[0], width=width)]


def test_the_part_in_which_names_differ_is_shown():
    shown = display_names(LABELS["in the middle"], width=30)
    for text, part in zip(shown, ("amount", "count", "mean", "maximum"), strict=True):
        assert part in text


def test_figures_and_sentences_keep_long_names_apart():
    names = tuple(LABELS["in the middle"])
    generator = np.random.default_rng(0)
    X = pd.DataFrame(generator.normal(size=(40, 4)), columns=names)
    model = LinearRegression().fit(X, X @ [1.0, 1.01, 0.99, 1.02])
    found = WISCAExplainer(model, random_state=0, explainers=("shap", "permutation")).fit(X)
    explanation = found.explain(X)
    text = "\n".join([str(explanation.verdict()), repr(explanation)])
    assert len(set(re.findall(r"custom[\w…]*", repr(explanation)))) == 4
    for line in text.split("\n"):
        found_names = re.findall(r"custom[\w…]*", line)
        assert len(set(found_names)) == len(found_names)
    axes = plots.importance(explanation)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(set(labels)) == 4
    assert len(set(re.findall(r"custom[\w…]*", explanation._repr_html_()))) >= 4
