"""The project's own files agree with each other: faults, dependencies, CI, citation, archive."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import wisca_xai
from wisca_xai import cli

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
LINTERS = ["ruff check .", "ruff format --check .", "mypy --strict wisca_xai"]


def cited_faults(text):
    """Rows that a test file names by `fault(n, ...)` or `case(n, ...)`."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in ("fault", "case")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def listed_faults(text):
    """Rows of the tables of docs/faults.md, in order."""
    return [int(number) for number in re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE)]


def test_every_fault_that_a_test_names_is_described():
    listed = listed_faults((ROOT / "docs/faults.md").read_text(encoding="utf-8"))
    assert listed == list(range(1, len(listed) + 1))
    files = [p for p in (ROOT / "tests").rglob("*.py") if p != Path(__file__)]
    cited = {path: cited_faults(path.read_text(encoding="utf-8")) for path in files}
    assert set(range(1, 48)) <= set().union(*cited.values())
    assert {path: rows - set(listed) for path, rows in cited.items() if rows - set(listed)} == {}


def test_cited_rows_are_found_in_every_form():
    text = "@fault(3, 'x')\ndef test_x(): pass\nmark([case(\n    41,\n    'y'), m.case(7, 'z')])"
    assert cited_faults(text) == {3, 7, 41}
    assert listed_faults("| row | input |\n|---|---|\n| 1 | a |\n| 2 | b |") == [1, 2]


def floors(requirements):
    """Oldest version of each requirement that names one."""
    parsed = [Requirement(text) for text in requirements]
    return {
        one.name: Version(bound.version)
        for one in parsed
        for bound in one.specifier
        if bound.operator == ">="
    }


def required_by(extra):
    """Requirements of an extra, and of the extras of this package that it names."""
    for text in PROJECT["project"]["optional-dependencies"][extra]:
        named = Requirement(text)
        if named.name == PROJECT["project"]["name"]:
            for other in sorted(named.extras):
                yield from required_by(other)
        else:
            yield text


def oldest():
    """Pins of constraints-oldest.txt."""
    lines = (ROOT / "constraints-oldest.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    found = {}
    for pin in pins:
        (bound,) = pin.specifier
        assert bound.operator == "=="
        assert pin.name not in found
        found[pin.name] = Version(bound.version)
    return found


def test_the_oldest_versions_are_the_floors():
    extras = PROJECT["project"]["optional-dependencies"]
    needed = [*PROJECT["project"]["dependencies"], *extras["parquet"], *required_by("test")]
    assert oldest() == floors(needed)


def test_every_dependency_has_a_floor():
    needed = [*PROJECT["project"]["dependencies"], *required_by("test")]
    assert floors(needed).keys() == {Requirement(text).name for text in needed}


def test_an_extra_holds_what_the_extras_that_it_names_hold():
    assert {"lightgbm", "pytest"} <= {Requirement(text).name for text in required_by("test")}
    assert "wisca-xai" not in {Requirement(text).name for text in required_by("test")}


def imported(path):
    """Top-level packages that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def test_what_the_package_needs_to_start_is_a_dependency():
    """Other libraries are the model's or the table's own, and imported where they are met."""
    import sys

    extras = {"pyarrow", "polars", "xgboost", "lightgbm", "catboost", "IPython"}
    names = {name for path in (ROOT / "wisca_xai").rglob("*.py") for name in imported(path)}
    modules = names - set(sys.stdlib_module_names) - {"wisca_xai"} - extras
    dependencies = {Requirement(text).name for text in PROJECT["project"]["dependencies"]}
    assert {"sklearn": "scikit-learn"}.keys() <= modules
    assert {name.replace("sklearn", "scikit-learn") for name in modules} == dependencies


def steps(job):
    return [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]


def test_ci_tests_every_python_that_is_promised():
    prefix = "Programming Language :: Python :: 3."
    classifiers = PROJECT["project"]["classifiers"]
    promised = [text.split(" :: ")[-1] for text in classifiers if text.startswith(prefix)]
    assert WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["python"] == promised
    assert promised[0] == PROJECT["project"]["requires-python"].removeprefix(">=")
    assert steps("test")[-1] == "python -m pytest"


def test_ci_tests_the_oldest_versions():
    assert steps("oldest") == [
        'python -m pip install -e ".[test]" -c constraints-oldest.txt',
        "python -m pytest",
    ]
    assert not any("continue-on-error" in job for job in WORKFLOW["jobs"].values())
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert script.count('pip install -e ".[test]" -c constraints-oldest.txt') == 1


def test_ci_may_only_read_and_pins_its_actions_by_major_version():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in WORKFLOW["jobs"].values())
    used = [s["uses"] for j in WORKFLOW["jobs"].values() for s in j["steps"] if "uses" in s]
    assert used
    assert [name for name in used if not re.fullmatch(r"actions/[\w-]+@v\d+", name)] == []


@pytest.mark.parametrize("command", LINTERS)
def test_the_same_linters_run_everywhere(command):
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = [hook["entry"] for repo in hooks["repos"] for hook in repo["hooks"]]
    assert command in steps("lint")
    assert command in entries
    assert f".venv/bin/{command}" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_the_citation_names_this_version_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert citation["version"] == wisca_xai.__version__
    assert citation["license"] == PROJECT["project"]["license"]
    assert "independent implementation" in citation["message"]
    paper = citation["preferred-citation"]
    assert paper["doi"] in readme
    assert " ".join(readme.split()).count(paper["title"]) == 1
    for author in paper["authors"]:
        assert f"{author['given-names']} {author['family-names']}" in readme


def test_the_options_that_security_names_exist(capsys):
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    options = set(re.findall(r"`(--[a-z-]+)", text))
    assert options == {"--trust", "--unsafe-pickle"}
    with pytest.raises(SystemExit, match="0"):
        cli.main(["explain", "--help"])
    printed = capsys.readouterr().out
    assert [option for option in options if option not in printed] == []


def test_the_source_archive_holds_what_the_tests_read():
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [name for name in included if not (ROOT / name).exists()] == []
    kept = {*included, "pyproject.toml"}  # which every archive has
    names = re.compile(r"ROOT / \"([^\"/]+)|parents\[2\] / \"([^\"/]+)|^from (docs|benchmarks)\b")
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    found = {next(filter(None, m)) for text in texts for m in names.findall(text)}
    assert {"docs", "README.md", ".github"} <= found
    assert {name for name in found if name.rstrip("\\") not in kept} == set()
