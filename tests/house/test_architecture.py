"""The rules of the house, read from the source: tiers, imports, file sizes."""

import ast
from pathlib import Path

ROOT, MAX_LINES = Path(__file__).parents[2], 400
HOUSE = (  # From the lowest tier up: a module imports from lower tiers, or from its own folder.
    "_typing _exceptions _checks _random _ranking _text _files _compat _process _tolerance | "
    "_table consensus metrics datasets | _model _results | explainers | faithfulness | _panel | "
    "selection plots report | study | cli | __init__"
)
TIERS = [names.split() for names in HOUSE.split("|")]
TIER = {name: i for i, names in enumerate(TIERS) for name in names}
SEEN = {*TIERS[0], "consensus", "metrics", "_results"}
SEEN_BY_VIEWS = {name: {*SEEN, name} for name in ("plots", "report")}


def imports(path: Path) -> set[str]:
    """What a file imports of the package, also inside functions; "." if relatively."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            start = f"{getattr(node, 'module', '') or ''}."
            found |= {(start + name.name).lstrip(".") for name in node.names}
            found |= {"."} if getattr(node, "level", 0) else {start[:-1]} - {"wisca_xai"}
    return {name for name in found if name == "." or name.startswith("wisca_xai")}


def faults(root: Path) -> list[str]:
    """What breaks a rule: a strange folder, an import that leads up or in a circle, a long file."""
    found, reached = [], {}
    for path in root.glob("wisca_xai/**/*.py"):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        own, reached[module.removesuffix(".__init__")] = module.split(".")[1], imports(path)
        for other in sorted({(*name.split("."), "__init__")[1] for name in imports(path)}):
            is_lower = TIER.get(other, 99) < TIER.get(own, -1)
            is_beside = own == other or TIER.get(own) == TIER.get(other) == 0
            if not (is_lower or is_beside) or other not in SEEN_BY_VIEWS.get(own, TIER):
                found.append(f"{module} imports {other}")
    for _ in reached:  # One round more reaches what is one import further away.
        reached = {k: v.union(*(reached.get(u, set()) for u in v)) for k, v in reached.items()}
    found += [f"{module} imports itself" for module, used in reached.items() if module in used]
    sizes = {path: len(path.read_text().splitlines()) for path in root.glob("[tw]*/**/*.py")}
    return found + [f"{path.name} has {n} lines" for path, n in sizes.items() if n > MAX_LINES]


def test_the_package_and_its_tests_keep_the_rules():
    assert faults(ROOT) == []


def test_an_upward_import_a_lazy_circle_and_a_long_file_are_found(tmp_path):
    (tmp_path / "wisca_xai/_table").mkdir(parents=True)
    circle = {"a": "def f():\n    from wisca_xai._table import b", "b": "import wisca_xai._table.a"}
    for name, text in {**circle, "long": "\n" * 401, "up": "import wisca_xai.cli"}.items():
        (tmp_path / f"wisca_xai/_table/{name}.py").write_text(text)
    home, itself = "wisca_xai._table", "imports itself"
    found = [f"{home}.a {itself}", f"{home}.b {itself}", f"{home}.up imports cli"]
    assert sorted(faults(tmp_path)) == ["long.py has 401 lines", *found]
