"""Facts for a verdict: all is well, but for what a test changes."""

import numpy as np
import pandas as pd

from wisca_xai import Explanation
from wisca_xai._results._reliability import Reliability
from wisca_xai._results._verdict import write_verdict
from wisca_xai._results._verdict_facts import Facts

NAMES = ("a", "b", "c", "d")
N = 40


def ranking(**changes):
    columns = {
        "feature": list(NAMES),
        "importance": [0.9, 0.5, 0.3, 0.2],
        "best_rank": [1, 2, 3, 4],
        "worst_rank": [1, 2, 3, 4],
        "above_noise": [None] * 4,
    }
    return pd.DataFrame({**columns, **changes})


def pairs(signs=None, **by_pair):
    """Pairs by two letters: ab=0.9 is the agreement of the explainers a and b."""
    rows = [(pair[0], pair[1], value, (signs or {}).get(pair, np.nan))
            for pair, value in by_pair.items()]  # fmt: skip
    columns = ["first", "second", "agreement", "sign_agreement"]
    return pd.DataFrame(rows, columns=columns).astype({"agreement": float, "sign_agreement": float})


def moves(*rows):
    columns = ["without", "feature", "rank", "rank_without"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(change=table["rank_without"] - table["rank"])


def reliability(**changes):
    fields = {
        "resamples": None,
        "null_p_values": None,
        "refit_p_values": None,
        "without": {},
        "correlated": (),
        "outside": np.zeros(N),
        "skill": float("nan"),
    }
    return Reliability(**{**fields, **changes})


def shapley(error, **settings):
    values = np.array([[1.0, -4.0], [2.0, 0.5]])
    errors = None if error is None else np.full((2, 2), error) * [[4.0], [2.0]]
    given = {"family": "shapley", "standard_errors": errors, **settings}
    return Explanation(values, ("a", "b"), "shap", given.pop("family"), "1", True, **given)


def lime(r2):
    diagnostics = {"r2": np.asarray(r2)}
    return Explanation(np.ones((3, 2)), ("a", "b"), "lime", "l", "1", True, diagnostics=diagnostics)


def verdict(**changes):
    facts = {
        "ranking": ranking(),
        "pairs": pairs(ab=0.9, ac=0.8, bc=0.85),
        "influence": moves(),
        "components": {},
        "failures": {},
        "votes": {},
        "reliability": reliability(),
        "feature_names": NAMES,
    }
    return write_verdict(Facts(**{**facts, **changes}))


def found(code, **changes):
    """The sentence with this code, or None."""
    return next((one for one in verdict(**changes) if one.code == code), None)


def of_reliability(code, **changes):
    """The sentence with this code on a changed reliability, or None."""
    targets = changes.pop("targets", None)
    return found(code, reliability=reliability(**changes), targets=targets)
