"""Progress: bars with verbose=1 in a terminal and a notebook, and nothing at all with 0."""

import io
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from wisca_xai import LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._text import progress_bar

X = np.random.default_rng(0).normal(size=(30, 4))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def steps(verbose):
    return list(progress_bar(range(3), "rows", unit="row", verbose=verbose))


def test_a_terminal_shows_a_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert steps(1) == [0, 1, 2]
    assert "rows: 100%" in sys.stderr.getvalue()


def test_a_notebook_shows_a_bar_though_it_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    assert steps(1) == [0, 1, 2]
    assert "rows: 100%" in sys.stderr.getvalue()


def test_a_log_file_shows_none(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert steps(1) == [0, 1, 2]
    assert sys.stderr.getvalue() == ""


@pytest.mark.parametrize("engine", ["fast", "library"])
def test_nothing_is_drawn_with_verbose_0(engine, monkeypatch, capfd):
    shap = ShapExplainer(engine="shap" if engine == "library" else "fast", background_size=5)
    lime = LimeExplainer(engine="lime" if engine == "library" else "fast", n_samples=50)
    panel = (shap, ShapExplainer(method="kernel", background_size=5), lime, "forest")
    names = [(f"{explainer}"[:4] + str(i), explainer) for i, explainer in enumerate(panel)]
    explainer = WISCAExplainer(lambda rows: rows[:, 0], explainers=names, random_state=0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    explainer.fit(X).explain(X[:3])
    assert capfd.readouterr() == ("", "")


def test_the_panel_counts_its_explainers(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    explainer = WISCAExplainer(
        lambda rows: rows[:, 0], explainers=("shap", "forest"), verbose=1, random_state=0
    )
    explainer.fit(X).explain(X[:3])
    assert "explainers: 100%" in sys.stderr.getvalue()


def test_tqdm_auto_which_warns_in_some_notebooks_is_left_alone_with_verbose_0():
    code = "import sys, wisca_xai._text as t; list(t.progress_bar([1], 'x', unit='x', verbose=0)); "
    done = subprocess.run(
        [sys.executable, "-c", code + "print('tqdm.auto' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
