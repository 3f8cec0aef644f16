"""The rules of the house, read from the source: layers, imports, file sizes."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "wisca_xai"
LAYERS = {  # a module imports only from lower layers, or from its own folder
    "_typing": 0,
    "_exceptions": 0,
    "_validation": 1,
    "_table": 1,
    "_storage": 1,
    "_native": 1,
    "_imitation": 1,
    "consensus": 1,
    "metrics": 1,
    "datasets": 1,
    "_response": 2,
    "_explanation": 2,
    "_model": 2,
    "_problem": 2,
    "_coalitions": 2,
    "_sampling": 2,
    "_confidence": 3,
    "_notes": 3,
    "_stack": 3,
    "explainers": 3,
    "_model_files": 4,
    "_trust": 4,
    "faithfulness": 4,
    "_verdict": 5,
    "_panel": 5,
    "_votes": 5,
    "_consensus_explanation": 6,
    "_refit": 6,
    "_matching": 6,
    "_wisca": 7,
    "_merge": 7,
    "selection": 8,
    "plots": 8,
    "study": 8,
    "cli": 9,
    "__init__": 10,
}
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400


def place(path: Path) -> str:
    """The folder or module that a file belongs to."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imported(path: Path) -> list[tuple[str, int]]:
    """Modules of the package that a file imports, with the level of a relative import."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            if names == ["wisca_xai"]:
                names = [f"wisca_xai.{alias.name}" for alias in node.names]
            found += [(name, node.level) for name in names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, 0) for alias in node.names]
    return [(name, level) for name, level in found if level or name.split(".")[0] == "wisca_xai"]


def target_of(module: str) -> str:
    """The folder or module that an absolute import leads to."""
    parts = module.split(".")
    if len(parts) == 1 or not (
        (PACKAGE / f"{parts[1]}.py").exists() or (PACKAGE / parts[1]).is_dir()
    ):
        return "__init__"
    return parts[1]


def upward_imports(path: Path) -> list[str]:
    own = place(path)
    wrong = []
    for module, level in imported(path):
        if level:
            wrong.append(f"relative import of {module}")
            continue
        other = target_of(module)
        version_only = own == "cli" and other == "__init__"
        same_folder = own == other
        if not (same_folder or version_only or LAYERS[other] <= LAYERS[own]):
            wrong.append(f"{own} (layer {LAYERS[own]}) imports {other} (layer {LAYERS[other]})")
    return wrong


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Modules from which one can come back to oneself."""

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(graph.get(start, ()))
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += graph.get(node, ())
        return seen

    return [node for node in graph if node in reachable(node)]


def module_graph() -> dict[str, set[str]]:
    graph = {}
    for path in FILES:
        name = ".".join(("wisca_xai", *path.relative_to(PACKAGE).with_suffix("").parts))
        graph[name.removesuffix(".__init__")] = {module for module, _ in imported(path)}
    # reading the version out of the package is not a dependency on its modules
    graph["wisca_xai.cli"].discard("wisca_xai.__version__")
    return graph


def test_every_module_has_a_layer():
    assert {place(path) for path in FILES} == set(LAYERS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_lead_down_and_are_absolute(path):
    assert upward_imports(path) == []


def test_no_module_imports_itself_in_a_circle():
    assert circles(module_graph()) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_stay_one_room(path):
    assert len(path.read_text().splitlines()) <= MAX_LINES


def test_the_rules_catch_what_breaks_them(tmp_path, monkeypatch):
    """An upward import, a relative one and a circle, planted."""
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    (tmp_path / "cli.py").write_text("")
    (tmp_path / "_table.py").write_text("from wisca_xai.cli import main\nfrom . import x\n")
    wrong = upward_imports(tmp_path / "_table.py")
    assert wrong == ["_table (layer 1) imports cli (layer 9)", "relative import of "]
    assert circles({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == ["a", "b"]


def test_import_is_light():
    """shap, lime, matplotlib and skops are imported where they are used."""
    import subprocess
    import sys

    code = (
        "import sys, wisca_xai; "
        "print([m for m in ('shap', 'lime', 'matplotlib', 'skops', 'sklearn.ensemble') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
