"""Text from elsewhere is cut and safe wherever it is shown; the whole of it is kept."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from wisca_xai import (
    ExplainerError,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    WISCAExplainer,
    WISCAWarning,
)
from wisca_xai._text import MOST_CHARACTERS, MOST_LINES, one_line, short_text
from wisca_xai.explainers import BaseExplainer

UNSAFE = "\x1b[31mred\x1b[0m \u202eturned\u202c \u2066apart\u2069 \x00"


def is_fit_to_show(text, most):
    return len(text) <= most and all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("n", [0, 1, 999, 1000, 1001, 156_888])
def test_text_keeps_its_beginning_and_end(n):
    text = "start" + "x" * n + "end"
    shown = short_text(text)
    assert len(shown) <= MOST_CHARACTERS
    assert shown.startswith("start")
    assert shown.endswith("end")
    assert (shown == text) == (len(text) <= MOST_CHARACTERS)
    assert ("x ... x" in shown) == (len(text) > MOST_CHARACTERS)


def test_text_has_at_most_ten_lines():
    shown = short_text("\n".join(map(str, range(500)))).split("\n")
    assert len(shown) == MOST_LINES
    assert shown[4:7] == ["4", "...", "496"]
    assert short_text("\n".join("abcdefghij")) == "\n".join("abcdefghij")


def test_control_and_bidirectional_characters_are_written_out():
    assert is_fit_to_show(short_text(UNSAFE), 200)
    assert one_line("two\n  lines\x1b") == "two lines\\x1b"


class Failing(BaseExplainer):
    name, scope = "failing", "local"

    def __init__(self, estimator=None, *, response_method="auto", reason="", random_state=None):
        self.estimator = estimator
        self.response_method = response_method
        self.reason = reason
        self.random_state = random_state

    def _explain(self, task):
        raise RuntimeError(self.reason)


X = np.random.default_rng(0).normal(size=(30, 2))


def first(rows):
    return rows[:, 0]


@pytest.mark.parametrize("reason", [f"{UNSAFE * 9000} the end", "line\n" * 9000 + "the end"])
def test_the_reason_of_a_failure_is_cut_where_it_is_shown_and_kept_whole(reason):
    panel = [("failing", Failing(reason=reason)), ("permutation", "permutation")]
    explainer = WISCAExplainer(first, explainers=panel, random_state=0).fit(X)
    with pytest.warns(WISCAWarning, match="the end") as given:
        found = explainer.explain(X[:3])
    assert is_fit_to_show(str(given[0].message), 1500)
    assert found.failures["failing"] == f"RuntimeError: {reason}"
    for text in (repr(found), str(found.verdict())):
        assert "the end" in text
        assert is_fit_to_show(text, 4000)
    assert len(found._repr_html_()) < 60_000
    with pytest.raises(ExplainerError, match="the end") as caught:
        WISCAExplainer(first, explainers=panel[:1]).fit(X).explain(X[:3])
    assert is_fit_to_show(str(caught.value), 2000)


def test_an_encoder_that_lists_thousands_of_unknown_levels_is_quoted_in_short():
    levels = [f"customer {i:05d}" for i in range(6000)]
    table = pd.DataFrame({"a": levels, "b": np.arange(6000.0)})
    encoder = make_column_transformer((OneHotEncoder(), ["a"]), remainder="passthrough")
    model = make_pipeline(encoder, LogisticRegression()).fit(table[:3000], np.arange(3000) % 2)

    class Unknown(Failing):
        def _explain(self, task):
            return model.predict_proba(table[3000:])

    panel = [("unknown", Unknown()), ("lime", LimeExplainer(n_samples=50))]
    explainer = WISCAExplainer(first, explainers=panel, random_state=0).fit(X)
    with pytest.warns(WISCAWarning, match="Found unknown categories") as given:
        found = explainer.explain(X[:3])
    assert len(found.failures["unknown"]) > 50_000
    shown = (str(given[0].message), repr(found), str(found.verdict()), found._repr_html_())
    assert max(map(len, shown)) < 8000


def test_names_in_errors_are_cut_and_safe():
    names = [f"{UNSAFE}{i}" * 100 for i in range(300)]
    table = pd.DataFrame(np.ones((4, 300)), columns=names)
    explainer = PermutationExplainer(lambda rows: rows.iloc[:, 0]).fit(table)
    with pytest.raises(InputError, match="X lacks") as caught:
        explainer.explain(table.iloc[:, :5])
    assert is_fit_to_show(str(caught.value), 5 * MOST_CHARACTERS)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.args == caught.value.args
    assert len(again.args[0]) > 10_000


def test_a_class_with_an_unsafe_name_is_written_out():
    y = np.where(X[:, 0] > 0, UNSAFE, "plain")
    model = LogisticRegression().fit(X, y)
    found = WISCAExplainer(model, explainers=["permutation"], random_state=0).fit(X, y)
    result = found.explain(X, y)
    for text in (str(result.verdict()), repr(result)):
        assert is_fit_to_show(text, 4000)
    with pytest.raises(InputError, match="`target` must be") as caught:
        found.explain(X, target=UNSAFE + "?")
    assert is_fit_to_show(str(caught.value), 2000)
