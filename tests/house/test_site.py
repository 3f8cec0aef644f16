"""The site names every public name and leaves out no page; `.ci/run` builds it."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

import wisca_xai

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# The selector, all that `selection` holds, is on the first page.
PUBLIC = [name for name in wisca_xai._SUBPACKAGES if name != "selection"]
MODULES = {"wisca_xai": "wisca_xai", **{f"wisca_xai.{name}": name for name in PUBLIC}}
RESULTS = {
    "wisca_xai._results._verdict": "Verdict",
    "wisca_xai._results._verdict_facts": "Sentence",
    "wisca_xai._results._reliability": "Reliability",
}


def listed(page):
    """Names that a page of the reference documents, by the module that it names before."""
    found, module = {}, None
    for line in (DOCS / "reference" / f"{page}.rst").read_text(encoding="utf-8").splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.split()[-1]
        name = re.fullmatch(r"   (~?[\w.]+)", line) or re.fullmatch(r"\.\. py:data:: (\w+)", line)
        if name:
            found.setdefault(module, []).append(name[1])
    return found


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_in_the_reference(module):
    names = [name for name in listed(MODULES[module])[module] if name[0] != "~"]
    assert len(set(names)) == len(names)
    public = set(importlib.import_module(module).__all__)
    if module == "wisca_xai.explainers":  # the explainers themselves are on the first page
        public -= set(wisca_xai.__all__)
    assert set(names) == public


def test_the_results_that_properties_return_are_in_the_reference():
    wanted = {f"{module}.{name}" for module, name in RESULTS.items()}
    names = {name for name in listed("wisca_xai")["wisca_xai"] if name[0] == "~"}
    assert {name.replace("~", "wisca_xai.") for name in names} == wanted
    assert all(hasattr(importlib.import_module(module), name) for module, name in RESULTS.items())


def test_the_published_functions_are_in_the_reference():
    published = importlib.import_module("wisca_xai.consensus.published")
    own = [
        name
        for name, value in vars(published).items()
        if getattr(value, "__module__", "") == published.__name__ and not name.startswith("_")
    ]
    assert sorted(listed("consensus")["wisca_xai.consensus.published"]) == sorted(own)


def test_every_page_is_in_a_table_of_contents():
    pages = {
        str(path.relative_to(DOCS).with_suffix(""))
        for suffix in ("md", "rst")
        for path in DOCS.rglob(f"*.{suffix}")
        if not {"generated", "notebooks", "_templates"} & set(path.parts)
    }
    notebooks = {f"notebooks/{path.stem}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    found = ["index"]
    for page in sorted(pages):
        path = next(p for s in ("md", "rst") if (p := DOCS / f"{page}.{s}").is_file())
        for block in re.findall(r"```\{toctree\}\n(.*?)```", path.read_text("utf-8"), re.DOTALL):
            entries = [line for line in block.splitlines() if line and line[0] != ":"]
            parent = Path(page).parent
            found += [str(parent / entry) for entry in entries]
    assert sorted(found) == sorted(pages | notebooks)


def test_the_extra_for_the_site_installs_what_its_configuration_names():
    settings = {}
    text = (DOCS / "conf.py").read_text(encoding="utf-8")
    extensions = re.search(r"^extensions = \[.*?\]", text, re.DOTALL | re.MULTILINE)[0]
    exec(extensions, settings)  # noqa: S102
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.match(r"[\w-]+", one)[0] for one in project["optional-dependencies"]["docs"]}
    modules = {name.split(".")[0].replace("_", "-") for name in settings["extensions"]}
    assert {*modules, "pydata-sphinx-theme"} <= wanted
