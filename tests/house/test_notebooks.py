"""The notebooks run from top to bottom, print what they hold, and draw where they show pictures."""

import contextlib
import io
import json
import re
import tempfile
from functools import cache
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot
from sklearn import ensemble  # noqa: F401  # loads the threads that are limited below
from threadpoolctl import threadpool_limits

from tests.versions import check_same_print, prints_as_documented

mpl.use("agg")
ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells_of(path, kind):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == kind]


@cache
def ran(path):
    """What each cell of code prints, and whether it leaves a figure."""
    names, found = {}, []
    with threadpool_limits(1, user_api="openmp"):  # many small batches: threads only wait
        for cell in cells_of(path, "code"):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec("".join(cell["source"]), names)  # noqa: S102
            found.append((out.getvalue(), len(pyplot.get_fignums())))
            pyplot.close("all")
    return found


def test_there_are_three_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["guide", "known_truth", "quickstart"]


@prints_as_documented
@each_notebook
def test_a_notebook_prints_what_it_holds(path):
    for cell, (printed, _) in zip(cells_of(path, "code"), ran(path), strict=True):
        held = [out for out in cell["outputs"] if out["output_type"] == "stream"]
        check_same_print(printed, "".join("".join(out["text"]) for out in held))


@each_notebook
def test_a_picture_stands_below_the_cell_that_draws_it(path):
    for cell, (_, n_figures) in zip(cells_of(path, "code"), ran(path), strict=True):
        pictures = [out for out in cell["outputs"] if "image/png" in out.get("data", {})]
        assert len(pictures) == n_figures


@each_notebook
def test_a_notebook_was_executed_without_error(path):
    outputs = [output for cell in cells_of(path, "code") for output in cell["outputs"]]
    assert outputs
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert tempfile.gettempdir() not in path.read_text(encoding="utf-8")


@each_notebook
def test_links_lead_to_files(path):
    text = "\n".join("".join(cell["source"]) for cell in cells_of(path, "markdown"))
    links = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    assert [link for link in links if not (path.parent / link).is_file()] == []


def test_the_package_does_not_know_the_penguins():
    named = [
        p for p in (ROOT / "wisca_xai").rglob("*.py") if "penguins" in p.read_text(encoding="utf-8")
    ]
    assert named == []
