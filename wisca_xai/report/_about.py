"""How a result came about: model, data, settings, cost, versions, notes and failures."""

from typing import Any

import numpy as np

from wisca_xai._text import display_name, display_names, one_line, short_text
from wisca_xai.report._words import number

ROW_WEIGHTS = {
    "confidence": "the model's confidence in the predicted class",
    "residual": "how near the prediction is to y",
    "equal": "the same for all rows",
    "undecided": "the same for all rows, because no prediction is more confident than chance",
    "given": "given by the user",
    "unknown": "not known",
}
UNITS = {
    "probability": "probability of a class",
    "margin": "margin of the model (its decision function)",
    "target": "prediction of the model",
    "indicator": "predicted class, as 0 or 1",
    "score": "score of the model",
}


def explained_output(whole: Any) -> str:
    """What was explained, in a few words."""
    unit = next((part.unit for part in whole.components.values() if part.unit != "1"), "1")
    what = UNITS.get(unit, unit if unit != "1" else "output of the model")
    if whole.targets is None:
        return what
    labels = list(dict.fromkeys(whole.targets.tolist()))
    shown = ", ".join(display_names([str(label) for label in labels[:6]]))
    shown += f" and {len(labels) - 6} more" if len(labels) > 6 else ""
    if whole.values.ndim == 3:
        return f"{what}, for each of the classes {shown}"
    if len(labels) > 1:
        return f"{what}: the predicted class of each row ({shown})"
    return f"{what} {shown}"


def about_of(whole: Any, n_shown: int) -> dict[str, Any]:
    """Facts as pairs of a name and a text, by group."""
    receipt, settings = whole.receipt, dict(whole.receipt.settings)
    model = settings.pop("model", None)
    n_rows = len(whole.weights)
    shown = f"{n_rows} explained rows, {n_shown} of them on this page" if n_shown < n_rows else ""
    data = [
        ("model", short_text(model, width=300) if model else "not recorded"),
        ("explained output", explained_output(whole)),
        ("rows", shown or f"{n_rows} explained rows"),
        ("features", str(len(whole.feature_names))),
        ("rows of fit (background)", str(settings.pop("n_background", "not known"))),
        ("weight of a row", ROW_WEIGHTS.get(whole.row_weighting, whole.row_weighting)),
        ("values of the rows", "on this page" if whole.data is not None else "not kept"),
    ]
    skill = whole.reliability
    if not np.isnan(skill.skill):
        data.append(("skill on these rows (R2 or Brier skill)", number(skill.skill)))
    if not np.isnan(skill.auc):
        data.append(("AUC on these rows", number(skill.auc)))
    cost = [
        ("rows that the model was asked for", f"{receipt.model_rows:,}"),
        ("calls of the model", f"{receipt.model_calls:,}"),
    ]
    return {
        "data": data,
        "cost": cost,
        "settings": [(name, short_text(value, width=300)) for name, value in settings.items()]
        + [("seed", str(receipt.seed))],
        "versions": list(receipt.versions.items()),
        "explainers": [_explainer(name, part) for name, part in whole.components.items()],
        "notes": [short_text(note) for note in whole.notes],
        "failures": [(display_name(name), one_line(why)) for name, why in whole.failures.items()],
    }


def _explainer(name: str, part: Any) -> dict[str, str]:
    return {
        "name": str(display_name(name)),
        "family": part.family.replace("_", " "),
        "unit": "without a unit" if part.unit == "1" else part.unit,
        "scope": "one value for each row" if part.scope == "local" else "one value for all rows",
        "fidelity": "" if part.fidelity is None else number(part.fidelity, 2),
        "rows": f"{part.receipt.model_rows:,}",
    }
