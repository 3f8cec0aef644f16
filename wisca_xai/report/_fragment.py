"""What a notebook shows: a part of the report, without its page."""

from typing import Any

from wisca_xai._ranking import order_of
from wisca_xai._text import display_name, display_names, one_line, short_text
from wisca_xai.report._about import about_of
from wisca_xai.report._agreement import MEASURES
from wisca_xai.report._page import asset, environment
from wisca_xai.report._ranking import ranking_of
from wisca_xai.report._words import NAME_WIDTH, number

MOST_FEATURES = 20
MOST_NOTES = 20
MOST_PAIRS = 10
# Notebooks that are not trusted show text only, without pictures and styles. Others hide this bar.
BLOCK, PLAIN_WIDTH = "\N{FULL BLOCK}", 20


def fragment(found: Any) -> str:
    """HTML of a verdict, a reliability, an explanation or a consensus, of at most 60 KB."""
    parts: dict[str, Any] = {"title": "", "verdict": (), "rest": (), "ranking": None}
    parts |= {"table": None, "details": [], "failures": [], "n_features": 0}
    if hasattr(found, "sentences"):
        parts |= _verdict(found)
    elif hasattr(found, "components"):
        parts |= _consensus(found)
    elif hasattr(found, "values"):
        parts |= _explanation(found)
    else:
        parts["details"] = [("Reliability", _reliability(found))]
        parts["title"] = "Reliability"
    template = environment().get_template("fragment.html")
    return str(template.render(style=asset("fragment.css"), script=asset("fragment.js"), **parts))


def _verdict(found: Any) -> dict[str, Any]:
    return {"verdict": found.sentences, "rest": found.rest}


def _consensus(found: Any) -> dict[str, Any]:
    ranking = ranking_of(found)
    ranking["lines"] = ranking["lines"][:MOST_FEATURES]
    largest = max((abs(line["value"]) for line in ranking["lines"]), default=0.0) or 1.0
    for line in ranking["lines"]:
        line["plain"] = BLOCK * round(PLAIN_WIDTH * abs(line["value"]) / largest)
    about = about_of(found, len(found.weights))
    pairs = found.agreement().to_dict("records")[:MOST_PAIRS]
    agreement = [(_names(pair), _measures(pair)) for pair in pairs]
    notes = [(str(i), note) for i, note in enumerate(about["notes"][:MOST_NOTES], start=1)]
    details = [
        ("Agreement between explainers", agreement),
        ("Model, data and cost", [*about["data"], *about["cost"]]),
        ("Notes", notes),
        ("Settings and versions", [*about["settings"], *about["versions"]]),
    ]
    return {
        **_verdict(found.verdict()),
        "title": short_text(found._title(), width=200),
        "ranking": ranking,
        "n_features": len(found.feature_names),
        "failures": [(display_name(k), one_line(why)) for k, why in found.failures.items()],
        "details": [(name, items) for name, items in details if items],
    }


def _names(pair: Any) -> str:
    return f"{display_name(pair['first'])} and {display_name(pair['second'])}"


def _measures(pair: Any) -> str:
    return "; ".join(f"{words} {number(pair[name], 2) or '-'}" for name, words in MEASURES.items())


def _explanation(found: Any) -> dict[str, Any]:
    size = found.mean_magnitude()
    shown = order_of(size)[:MOST_FEATURES]
    names = display_names(found.feature_names, width=NAME_WIDTH)
    columns = ["feature", "mean magnitude" if found.scope == "local" else "importance"]
    errors = found.standard_errors
    has_errors = errors is not None and found.scope == "global"
    lines = [
        [names[j], number(size[j]), *([number(errors[j])] if has_errors else [])] for j in shown
    ]
    notes = [(str(i), short_text(note)) for i, note in enumerate(found.notes[:MOST_NOTES], start=1)]
    return {
        "title": short_text(found._title(), width=200),
        "table": {
            "columns": [*columns, *(["standard error"] if has_errors else [])],
            "lines": lines,
            "caption": f"{len(shown)} of {len(names)} features shown, the largest first",
        },
        "details": [("Notes", notes)] if notes else [],
    }


def _reliability(found: Any) -> list[tuple[str, str]]:
    """What is known, in the order of the attributes."""
    above = found.above_noise()
    counts = "" if above is None else f"{int(above.sum())} of {len(above)}"
    n_outside = int((found.outside > 0).sum())
    n_resamples = 0 if found.resamples is None else len(found.resamples.importance)
    facts = {
        "features above noise": counts,
        "skill on these rows (R2 or Brier skill)": number(found.skill),
        "skill on rows of fit": number(found.skill_of_fit),
        "AUC": number(found.auc),
        "share of the rarest class": number(found.prevalence),
        "rows outside the background": f"{n_outside} of {len(found.outside)}",
        "rows that also occur in the background": str(found.n_from_fit),
        "correlated features": "; ".join(
            ", ".join(map(str, display_names(group[:6]))) for group in found.correlated[:6]
        ),
        "resamples": str(n_resamples or ""),
    }
    return [(name, text) for name, text in facts.items() if text]
