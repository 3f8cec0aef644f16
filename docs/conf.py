"""The site: `pip install -e ".[docs]"`, then `python -m sphinx -W docs build/site`.

Pages are Markdown. Those with `file_format: mystnb` at their top are run while the site is built.
The notebooks of `notebooks/` show the output that they hold. Nothing comes from the network.
"""

import inspect
import re
import shutil
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode, Text, literal_block
from docutils.utils.math import latex2mathml
from sphinx.addnodes import desc_addname, pending_xref
from sphinx.ext.autosummary import autosummary_table
from sphinx.util.inspect import stringify_signature

import wisca_xai

HERE = Path(__file__).parent
ROOT = HERE.parent

project = "wisca_xai"
author = "the wisca_xai maintainers"
project_copyright = "the wisca_xai maintainers"
version = release = wisca_xai.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
]
templates_path = ["_templates"]
default_role = "py:obj"  # a name in a docstring is a link if it is in the reference
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = f"wisca_xai {release}"
html_theme_options: dict[str, Any] = {
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "show_prev_next": False,
    "footer_start": [],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
}
html_context = {"default_mode": "auto"}  # light or dark, as the system is
html_sidebars = {"start": [], "faults": [], "performance": [], "study": [], "method": []}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections name the types
autodoc_member_order = "groupwise"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_excludepatterns = ["notebooks/*"]
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_output_stderr = "remove"  # warnings there name folders of this machine

# Links that lead to files in the repository lead to pages here.
LINKS = {
    "../README.md": "index.md",
    "../CHANGELOG.md": "changelog.md",
    "../SECURITY.md": "security.md",
    "../CONTRIBUTING.md": "contributing.md",
    "../notebooks/": "notebooks/",
}


def copy_notebooks(app: Any) -> None:
    """Copy the notebooks next to the pages, with links that lead to pages."""
    shutil.rmtree(HERE / "notebooks", ignore_errors=True)
    (HERE / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        text = path.read_text(encoding="utf-8").replace("](../docs/", "](../")
        (HERE / "notebooks" / path.name).write_text(text, encoding="utf-8")


def with_links_of_site(app: Any, docname: str, source: list[str]) -> None:
    """Turn links to files of the repository into links to pages."""
    up = "../" * docname.count("/")
    if docname.startswith("notebooks/"):
        return
    for there, here in LINKS.items():
        source[0] = re.sub(rf"\]\({re.escape(up + there)}", f"]({up}{here}", source[0])


def with_own_signature(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: str | None, result: Any
) -> tuple[str, Any] | None:
    """Show the parameters of `__init__`, where Sphinx takes those of an inherited `__new__`."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    if inspect.isabstract(obj):
        return "", result
    found = inspect.signature(obj)
    if getattr(obj, "_is_protocol", False):
        found = inspect.signature(obj.__call__)
        found = found.replace(parameters=list(found.parameters.values())[1:])
    return stringify_signature(found, show_annotation=False), result


def mend_reference(app: Any, doctree: Any) -> None:
    """Drop names of private modules, and marks of citations where the sources are not."""
    for node in list(doctree.findall(desc_addname)):
        if "._" in node.astext():
            node.parent.remove(node)
    for table in doctree.findall(autosummary_table):
        for node in list(table.findall(pending_xref)):
            if re.fullmatch(r"\[R[0-9a-f]+-\d+\]", node.astext()):
                before = node.parent[node.parent.index(node) - 1]
                before.parent.replace(before, type(before)(before.astext().rstrip()))
                node.parent.remove(node)


def shorten_tracebacks(app: Any, doctree: Any) -> None:
    """Keep the error that a cell shows on purpose, without the files of this machine."""
    for block in doctree.findall(literal_block):
        if "traceback" in block["classes"]:
            lines = block.astext().rstrip().splitlines()
            first = max(i for i, line in enumerate(lines) if re.match(r"\w+: ", line))
            block.rawsource = "\n".join(lines[first:])
            block.children = [Text(block.rawsource)]
            block["language"] = "text"


def visit_math(self: Any, node: Any) -> None:
    """Write a formula as MathML, which browsers draw by themselves."""
    is_block = node.tagname == "math_block"
    formula = latex2mathml.tex2mathml(node.astext(), as_block=is_block)
    self.body.append(f'<div class="math">{formula}</div>' if is_block else formula)
    raise SkipNode


def setup(app: Any) -> None:
    """Sphinx calls this."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
    app.connect("builder-inited", copy_notebooks, priority=100)
    app.connect("source-read", with_links_of_site)
    app.connect("autodoc-process-signature", with_own_signature)
    app.connect("doctree-read", mend_reference)
    app.connect("doctree-read", shorten_tracebacks)
