"""Receipt: how an explanation was computed, and what it cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wisca_xai._results._storage import storable


@storable("receipt", formerly="Receipt")
@dataclass(frozen=True)
class Receipt:
    """How an explanation was computed, and what it cost.

    Two receipts are equal if they describe the same computation; times are not compared.

    Attributes
    ----------
    model_rows, model_calls : int
        Rows that were passed to the model, and number of calls.
    seconds, model_seconds : float
        Wall time in total, and inside the model.
    seed : int
        Integer that repeats the run when passed as `random_state`.
    settings : mapping
        Parameters, response method, number of background rows; JSON types only.
    versions : mapping of str to str
        Version of each library that was used.
    """

    model_rows: int = 0
    model_calls: int = 0
    seconds: float = field(default=0.0, compare=False)
    model_seconds: float = field(default=0.0, compare=False)
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
