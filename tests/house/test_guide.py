"""The guide cannot rot: its code runs, prints what stands below it, and is the notebook's code."""

import json
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from sklearn import ensemble  # noqa: F401  # loads the threads that are limited below
from threadpoolctl import threadpool_limits

from docs.build_guide import DOCS, GUIDE, NOTEBOOK, blocks_of, cells_of, run
from tests.versions import prints_as_documented

mpl.use("agg")
TEXT = GUIDE.read_text(encoding="utf-8")
BLOCKS = blocks_of(TEXT)
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?!\w)")


def check_same_print(found, shown):
    """The same words in the same places; another BLAS may round a number differently."""
    assert NUMBER.sub("#", found).split() == NUMBER.sub("#", shown).split()
    numbers = [[float(n.replace(",", "")) for n in NUMBER.findall(text)] for text in (found, shown)]
    np.testing.assert_allclose(*numbers, rtol=0.02, atol=0.021)


@pytest.fixture(scope="module")
def ran():
    """What each block prints, and whether it leaves a figure."""
    names, found = {}, []
    with threadpool_limits(1, user_api="openmp"):  # many small batches: threads only wait
        for block in BLOCKS:
            printed = run(block, names)
            found.append((printed, len(pyplot.get_fignums())))
            pyplot.close("all")
    return found


@prints_as_documented
@pytest.mark.parametrize("i", range(len(BLOCKS)))
def test_a_block_prints_what_stands_below_it(ran, i):
    check_same_print(ran[i][0], BLOCKS[i].printed)


@pytest.mark.parametrize("i", range(len(BLOCKS)))
def test_a_figure_stands_below_the_block_that_draws_it(ran, i):
    assert ran[i][1] == (BLOCKS[i].figure is not None)
    assert BLOCKS[i].figure is None or (DOCS / BLOCKS[i].figure).is_file()


def test_no_block_and_no_figure_is_left_out():
    assert len(BLOCKS) == TEXT.count("```python") > 0
    assert sum(bool(block.printed) for block in BLOCKS) == TEXT.count("```text")
    assert 2 * (TEXT.count("```python") + TEXT.count("```text")) == TEXT.count("```")
    figures = [block.figure for block in BLOCKS if block.figure]
    assert len(figures) == TEXT.count("](figures/")
    assert sorted(figures) == sorted(
        str(path.relative_to(DOCS)) for path in (DOCS / "figures").glob("*")
    )


def test_the_notebook_is_the_guide():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert [(cell["cell_type"], "".join(cell["source"])) for cell in cells] == cells_of(TEXT)
    outputs = [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]
    for block, given in zip(BLOCKS, outputs, strict=True):
        printed = "".join("".join(out["text"]) for out in given if out["output_type"] == "stream")
        check_same_print(printed, block.printed)
        pictures = [out for out in given if "image/png" in out.get("data", {})]
        assert len(pictures) == (block.figure is not None)


def test_links_lead_to_files():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (DOCS / link).is_file()] == []


def test_the_package_does_not_know_the_penguins():
    package = Path(__file__).parents[2] / "wisca_xai"
    named = [p for p in package.rglob("*.py") if "penguins" in p.read_text(encoding="utf-8")]
    assert named == []
