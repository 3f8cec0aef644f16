"""The README says what the package does: its example runs and prints what stands below it."""

import re
from pathlib import Path

from tests.versions import HAS_DOCUMENTED_VERSIONS, check_same_print

README = (Path(__file__).parents[2] / "README.md").read_text()
(EXAMPLE, CALLS), (PRINTED, *_) = (
    re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)
    for language in ("python", "text")
)


def test_the_example_prints_what_the_readme_shows(capsys, tmp_path, monkeypatch):
    names = {}
    monkeypatch.chdir(tmp_path)
    exec(EXAMPLE, names)  # noqa: S102
    printed, shown = capsys.readouterr().out.splitlines(), PRINTED.splitlines()
    assert printed[:2] == shown[:2]
    # Another version of scikit-learn may grow another forest: who comes first must stay, but for
    # the first two places, which these rows leave open.
    first = [[line.split()[0] for line in lines[2:6]] for lines in (printed, shown)]
    assert set(first[0][:2]) == set(first[1][:2])
    assert first[0][2:] == first[1][2:]
    if HAS_DOCUMENTED_VERSIONS:
        check_same_print("\n".join(printed), PRINTED)
    exec(CALLS, names)  # noqa: S102
    assert names["explanation"].failures == {}
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_the_set_up_commands_stand_on_one_line_each_in_this_order():
    commands = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert commands == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/wisca demo",
        'python3 -m venv .venv && .venv/bin/pip install -e ".[test]" && .venv/bin/pytest',
    ]


def test_every_class_that_the_readme_names_exists():
    import wisca_xai

    named = set(re.findall(r"\b([A-Z]\w+Explainer|Explanation)\b", README))
    assert named
    assert all(hasattr(wisca_xai, name) for name in named)
