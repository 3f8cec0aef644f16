"""The pages for users cannot rot: their code and every idiom of their tables run."""

import ast
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from sklearn import ensemble  # noqa: F401  # loads the threads that are limited below
from threadpoolctl import threadpool_limits

from tests.versions import prints_as_documented
from wisca_xai._results._verdict import CODES

mpl.use("agg")
DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path for part in ("how_to", "coming_from") for path in (DOCS / part).glob("*.md"))
WITH_CODE = [path for path in PAGES if path.name != "index.md"]
WITH_IDIOMS = [path for path in WITH_CODE if path.parent.name == "coming_from"]
RANKING = DOCS / "how_to" / "read_a_ranking_and_a_verdict.md"
CELL = re.compile(r"^```\{code-cell\}.*\n((?::.*\n)*)((?:.*\n)*?)```$", flags=re.MULTILINE)
FRONT = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
"""
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\((?!http)([^)\s]+)\)")


@dataclass(frozen=True)
class Idiom:
    """A line of a table "need | there | here | same numbers": what it says in both languages."""

    there: tuple[str, ...]
    here: tuple[str, ...]
    is_same: bool


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def cells_of(text: str) -> list[tuple[str, str]]:
    """Options and code of each cell."""
    return [(match[1], match[2]) for match in CELL.finditer(text)]


def idioms_of(text: str) -> list[Idiom]:
    """The lines of all tables whose last columns are "here" and "same numbers"."""
    found, is_inside = [], False
    for line in text.splitlines():
        parts = [part.strip() for part in line[1:-1].split("|")]
        is_inside = line.startswith("|") and (is_inside or parts[2:] == ["here", "same numbers"])
        if not is_inside or parts[2] == "here" or not set(line) - set("|-"):
            continue
        assert len(parts) == 4, f"four cells are needed: {line}"
        assert parts[3] in ("yes", "no", ""), f"not 'yes', 'no' or nothing: {line}"
        there, here = (tuple(SPAN.findall(part)) for part in parts[1:3])
        assert here, f"nothing to run: {line}"
        found.append(Idiom(there, here, parts[3] == "yes"))
    return found


def run(code: str, names: dict[str, Any]) -> Any:
    """Run statements; the value of the last one, if it is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<page>", "exec"), names)  # noqa: S102
    if last is not None:
        return eval(compile(ast.Expression(last.value), "<page>", "eval"), names)  # noqa: S307
    return None


def run_cells(text: str, names: dict[str, Any]) -> None:
    """Run all cells in order. A cell that is said to raise an error must raise one."""
    for options, code in cells_of(text):
        if "raises-exception" in options:
            with pytest.raises(Exception, match=r"."):
                run(code, names)
        else:
            run(code, names)
    pyplot.close("all")


@pytest.fixture(autouse=True)
def one_thread_and_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with threadpool_limits(1, user_api="openmp"):  # many small batches: threads only wait
        yield
    pyplot.close("all")


@pytest.mark.parametrize("path", WITH_CODE, ids=name_of)
def test_a_page_runs(path, capsys, tmp_path):
    """Also, nothing that a page prints to show that it is so is "False"."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(FRONT)
    assert cells_of(text)
    assert 2 * len(cells_of(text)) == text.count("```"), "a block is no code cell"
    run_cells(text, {"__name__": "__main__"})
    assert "False" not in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [], "the page would leave files where the site is built"


@pytest.mark.parametrize("path", WITH_IDIOMS, ids=name_of)
def test_every_idiom_runs(path):
    """Each starts from the names of the first cell; those of a library that is missing are not run.

    Where the table says "yes", the last value of both sides is the same.
    """
    text = path.read_text(encoding="utf-8")
    is_there = path.stem in ("shap", "lime")  # The others are not installed.
    idioms = idioms_of(text)
    assert len(idioms) >= (15 if path.stem == "shap" else 8)
    first: dict[str, Any] = {"__name__": "__main__"}
    run(cells_of(text)[0][1], first)
    for idiom in idioms:
        try:
            here = [run(code, names) for names in [dict(first)] for code in idiom.here][-1]
            if not is_there:
                continue
            with warnings.catch_warnings(action="ignore"):  # They are about the library itself.
                there = [run(code, names) for names in [dict(first)] for code in idiom.there]
            if idiom.is_same:
                np.testing.assert_allclose(here, there[-1], rtol=1e-6, atol=1e-7)
        except BaseException as error:
            error.add_note(f"in {path.name}: {idiom}")
            raise
        pyplot.close("all")


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_to_files(path):
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (path.parent / link.partition("#")[0]).is_file()] == []


@pytest.mark.parametrize("part", ["how_to", "coming_from"])
def test_the_index_names_every_page_once(part):
    text = (DOCS / part / "index.md").read_text(encoding="utf-8")
    tree = re.search(r"```\{toctree\}\n(?::.*\n)*\n?((?:[\w/]+\n)+)```", text)
    assert tree is not None
    listed = tree[1].split()
    pages = {path.stem for path in (DOCS / part).glob("*.md")} - {"index"}
    assert sorted(listed) == sorted(pages)
    assert [name for name in listed if text.count(f"]({name}.md)") != 1] == []


def test_every_sentence_of_a_verdict_is_explained():
    text = RANKING.read_text(encoding="utf-8")
    explained = [c for c in re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE) if c in CODES]
    assert sorted(explained) == sorted(CODES)


@prints_as_documented
def test_the_sentences_about_one_line_are_true_of_it(capsys):
    """The page says in words what one line of the ranking means, and which explainer differs."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for _, code in cells_of(RANKING.read_text(encoding="utf-8"))[:2]:
        run(code, names)
    printed = capsys.readouterr().out
    assert printed.splitlines() == [
        "mean area: importance 0.20 [0.16, 0.25]",
        "rank 1, possible ranks 1 to 4",
        "above noise: True, direction: up",
    ]
    pairs = names["explanation"].agreement()
    with_forest = (pairs[["first", "second"]] == "forest").any(axis=1)
    assert pairs["agreement"][with_forest].max() < 0.3 < pairs["agreement"][~with_forest].min()
