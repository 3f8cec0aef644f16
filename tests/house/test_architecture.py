"""The rules of the house, read from the source: tiers, imports, file sizes."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
TIERS = (  # a module imports from strictly lower tiers, or from its own folder
    {"_typing", "_exceptions", "_checks", "_random", "_ranking", "_text", "_files", "_compat"},
    {"_table", "consensus", "metrics", "datasets"},
    {"_model", "_results"},
    {"explainers"},
    {"faithfulness"},
    {"_panel"},
    {"selection", "plots"},
    {"study"},
    {"cli"},
    {"__init__"},
)
VIEWS, SEEN_BY_VIEWS = {"plots"}, {*TIERS[0], "consensus", "metrics", "_results", "plots"}


def folder(module: str) -> str:
    return (*module.split(".")[1:], "__init__")[0]


def imports(path: Path) -> list[str]:
    """Modules of the package that a file imports, also inside functions; "." for relative ones."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            whole = [f"wisca_xai.{name.name}" for name in node.names]
            found += ["."] if node.level else whole if node.module == "wisca_xai" else [node.module]
        elif isinstance(node, ast.Import):
            found += [name.name for name in node.names]
    return [name for name in found if name.split(".")[0] in ("wisca_xai", "")]


def faults(root: Path) -> list[str]:
    """What breaks a rule: a strange folder, an import that leads up or in a circle, a long file."""
    tier = {name: i for i, names in enumerate(TIERS) for name in names}
    found, reached = [], {}
    for path in sorted(root.glob("wisca_xai/**/*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        own, used = folder(".".join(parts)), imports(path)
        reached[".".join(parts).removesuffix(".__init__")] = set(used)
        found += [f"{own} has no tier"] if own not in tier else []
        for other in map(folder, used):
            below = tier.get(other, 99) < tier.get(own, 0) or (own == other and "." not in used)
            if not below or (own in VIEWS and other not in SEEN_BY_VIEWS):
                found.append(f"{'.'.join(parts)} imports {other}")
    for _ in reached:  # what one module reaches in so many steps
        reached = {
            name: used.union(*(reached.get(u, ()) for u in used)) for name, used in reached.items()
        }
    found += [f"{name} imports itself" for name, used in reached.items() if name in used]
    sizes = {
        p: len(p.read_text().splitlines())
        for f in ("wisca_xai", "tests")
        for p in root.glob(f"{f}/**/*.py")
    }
    return found + [f"{p.name} has {n} lines" for p, n in sizes.items() if n > 400]


def test_the_package_and_its_tests_keep_the_rules():
    assert faults(ROOT) == []
