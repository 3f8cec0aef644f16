"""The report: one file that needs no network, no server and no other file."""

import base64
import hashlib
import os
from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._checks import check_count
from wisca_xai._exceptions import InputError
from wisca_xai._files import whole_file
from wisca_xai._results._by_class import by_class
from wisca_xai._text import safe_text, short_text
from wisca_xai.report._about import about_of, explained_output
from wisca_xai.report._agreement import agreement_of
from wisca_xai.report._features import features_of
from wisca_xai.report._pack import script_json
from wisca_xai.report._ranking import ranking_of
from wisca_xai.report._rows import chosen_rows, data_of, judged_rows, rows_of

LINKS = {
    "ranking": "see the ranking",
    "agreement": "see the agreement",
    "rows": "see the rows",
    "about": "see how this came about",
}
# The section that shows what a sentence of the verdict is about.
SECTIONS = {
    "agreement": "agreement",
    "explainers_conflict": "agreement",
    "signs_conflict": "agreement",
    "explainer_apart": "agreement",
    "moved_without": "agreement",
    "single_explainer": "agreement",
    "correlated": "ranking",
    "most_important": "ranking",
    "noise": "ranking",
    "order_undecided": "ranking",
    "no_order": "ranking",
    "single_feature": "ranking",
    "constant_output": "ranking",
    "few_rows_dominate": "rows",
    "outside_background": "rows",
    "extrapolation_in_time": "rows",
}


@cache
def environment() -> Any:
    """The templates, which escape all that is put into them."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("wisca_xai.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def asset(name: str) -> str:
    """The style sheet or the script."""
    return (resources.files("wisca_xai.report") / "templates" / name).read_text(encoding="utf-8")


def policy() -> str:
    """The content security policy: our one script and our one style sheet, and nothing else."""
    style, script = (_digest(asset(name)) for name in ("style.css", "script.js"))
    return (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; "
        "form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def page(
    whole: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    X: Any = None,
    y: Any = None,
    labels: Mapping[Any, str] | None = None,
    title: str | None = None,
    max_rows: int = 500,
) -> str | None:
    """See `ConsensusExplanation.to_html`."""
    check_count("max_rows", max_rows)
    whole = whole if X is None else _with_data(whole, X)
    truth = None if y is None else _one_per_row(y, whole)
    judged = judged_rows(whole, truth)
    if labels is not None:
        whole = whole.with_labels(labels)
        truth = None if truth is None else [_renamed(value, labels) for value in truth]
    rows = chosen_rows(len(whole) if whole.scope == "local" else 0, max_rows)
    verdict, ranking = whole.verdict(), ranking_of(whole, by_class(whole))
    listed = rows_of(whole, rows, truth, judged)
    text = (
        environment()
        .get_template("page.html")
        .render(
            title=short_text(title or f"{safe_text(whole.consensus)} consensus", width=200),
            policy=policy(),
            style=asset("style.css"),
            script=asset("script.js"),
            output=explained_output(whole),
            n_rows=len(whole.weights),
            n_features=len(whole.feature_names),
            consensus=whole.consensus,
            verdict=[
                {"severity": s.severity, "text": s.text, "section": SECTIONS.get(s.code, "about")}
                for s in verdict
            ],
            sections=LINKS,
            rest=[sentence.text for sentence in verdict.rest],
            ranking=ranking,
            agreement=agreement_of(whole),
            features=features_of(whole, rows),
            rows=listed,
            about=about_of(whole, len(rows)),
            data=script_json({**data_of(whole, rows), "by_class": ranking["by_class"]}),
        )
    )
    if path is None:
        return str(text)
    with whole_file(path) as stream:
        stream.write(text.encode(errors="backslashreplace"))
    return None


def _renamed(value: Any, labels: Mapping[Any, str]) -> Any:
    return labels.get(value, value) if isinstance(value, Hashable) else value


def _with_data(whole: Any, X: Any) -> Any:
    """The explanation with X as its explained rows."""
    if whole.scope == "global":
        return whole
    try:
        n_rows = len(whole._columns_of(X))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"`X` must be the table that was explained, got {type(X).__name__}. ({error})"
        ) from error
    if n_rows != len(whole):
        raise InputError(f"`X` must have the {len(whole)} explained rows, got {n_rows}.")
    index = getattr(X, "index", None)
    if isinstance(index, pd.Index) and whole.index is not None and not index.equals(whole.index):
        raise InputError(
            "`X` must have the explained rows in their order, but its row labels differ: the "
            f"explanation has {whole.index[:3].tolist()}, and X {index[:3].tolist()}. Pass the "
            "table that was explained."
        )
    return replace(whole, data=X)


def _one_per_row(y: Any, whole: Any) -> list[Any]:
    index, own = getattr(y, "index", None), whole.index
    if (
        isinstance(index, pd.Index)
        and own is not None
        and not index.equals(own)
        and sorted(map(repr, index)) == sorted(map(repr, own))
    ):
        raise InputError(
            "`y` must be in the order of the explained rows, but its row labels are in another "
            "order. Pass y.loc[X.index]."
        )
    found = np.asarray(y, dtype=object).ravel().tolist()
    if len(found) != len(whole.weights):
        raise InputError(
            f"`y` must have one entry per explained row, {len(whole.weights)}, got {len(found)}."
        )
    return found
