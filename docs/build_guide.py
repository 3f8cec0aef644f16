"""Run the code of docs/guide.md; update its printed text, its figures and notebooks/guide.ipynb.

The source is docs/guide.md: edit it, then run `python -m docs.build_guide`. This needs nbclient and
ipykernel. The tests need neither.
"""

import contextlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

DOCS = Path(__file__).parent
GUIDE = DOCS / "guide.md"
NOTEBOOK = DOCS.parent / "notebooks" / "guide.ipynb"
BLOCK = re.compile(
    r"```python\n(?P<code>.*?)```\n"
    r"(?:\n```text\n(?P<printed>.*?)```\n)?"
    r"(?:\n!\[[^\]]*\]\((?P<figure>figures/[^)]*)\)\n)?",
    flags=re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A block of the guide: its code, the printed text below it, and the figure that it draws."""

    code: str
    printed: str
    figure: str | None


def blocks_of(text: str) -> list[Block]:
    """All blocks of Python code in order, each with the text and the figure that follow it."""
    return [
        Block(match["code"], match["printed"] or "", match["figure"])
        for match in BLOCK.finditer(text)
    ]


def run(block: Block, names: dict[str, Any]) -> str:
    """Run a block and return what it prints, without spaces at the ends of lines."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(block.code, names)  # noqa: S102
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def cells_of(text: str) -> list[tuple[str, str]]:
    """Kind and source of the notebook's cells. Printed text is left out: the cells print it."""
    cells, start = [], 0
    for match in BLOCK.finditer(text):
        cells += [("markdown", text[start : match.start()]), ("code", match["code"])]
        start = match.end()
    cells.append(("markdown", text[start:]))
    linked = [
        (kind, source if kind == "code" else re.sub(r"\]\((?=\w+\.md)", "](../docs/", source))
        for kind, source in cells
    ]
    return [(kind, source.strip()) for kind, source in linked if source.strip()]


def write_guide() -> str:
    """Run the guide, save its figures, and write the printed text below each block."""
    from matplotlib import pyplot

    names: dict[str, Any] = {}

    def refresh(match: "re.Match[str]") -> str:
        block = Block(match["code"], match["printed"] or "", match["figure"])
        printed = run(block, names)
        parts = [f"```python\n{block.code}```\n"]
        if printed:
            parts.append(f"\n```text\n{printed}```\n")
        if block.figure:
            (DOCS / block.figure).parent.mkdir(exist_ok=True)
            pyplot.gcf().savefig(DOCS / block.figure, dpi=80)
            parts.append("\n" + match[0].rstrip().rsplit("\n", 1)[1] + "\n")
        return "".join(parts)

    text = BLOCK.sub(refresh, GUIDE.read_text(encoding="utf-8"))
    GUIDE.write_text(text, encoding="utf-8")
    return text


def write_notebook(text: str) -> None:
    """Execute the cells of the guide, and save them with their output as a notebook."""
    import nbformat
    from nbclient import NotebookClient

    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    notebook = nbformat.v4.new_notebook()
    for i, (kind, source) in enumerate(cells_of(text)):
        notebook.cells.append(make[kind](source, id=f"cell{i:02d}"))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["kernelspec"] = kernel
    NotebookClient(notebook, record_timing=False).execute()
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    NOTEBOOK.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    mpl.use("agg")
    write_notebook(write_guide())
