"""docs/extending.md: its code runs, and prints what stands below it."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", PAGE, re.DOTALL)


def test_the_code_of_the_page_runs_and_prints_what_it_says(capsys):
    names = {"__name__": "page"}
    for code, printed in BLOCKS:
        exec(compile(code, "docs/extending.md", "exec"), names)  # noqa: S102
        assert capsys.readouterr().out == printed
    assert len(BLOCKS) == 3


def test_the_page_names_every_attribute_rightly():
    from wisca_xai.explainers import Task

    used = set(re.findall(r"`task\.(\w+)", PAGE))
    fields = set(Task.__dataclass_fields__)
    assert {name for name in used if name not in fields and not hasattr(Task, name)} == set()
