"""The notebooks run from top to bottom, and hold their output."""

import json
from pathlib import Path

import matplotlib as mpl
import pytest
from sklearn import ensemble  # noqa: F401  # loads the threads that are limited below
from threadpoolctl import threadpool_limits

mpl.use("agg")
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path):
    names = {}
    with threadpool_limits(1, user_api="openmp"):  # many small batches: threads only wait
        for cell in code_cells(path):
            exec("".join(cell["source"]), names)  # noqa: S102
    mpl.pyplot.close("all")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_was_executed_without_error(path):
    outputs = [output for cell in code_cells(path) for output in cell["outputs"]]
    assert outputs
    assert [output for output in outputs if output["output_type"] == "error"] == []
