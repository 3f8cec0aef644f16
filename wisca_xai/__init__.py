"""One consensus of SHAP, LIME, permutation importance and a surrogate forest: WISCA."""

import importlib
from typing import TYPE_CHECKING, Any

from wisca_xai._compat import show_versions
from wisca_xai._exceptions import (
    CorruptExplanationError,
    ExplainerError,
    InputError,
    ModelContractError,
    UntrustedModelError,
    WISCAError,
    WISCAWarning,
)
from wisca_xai._panel._explainer import WISCAExplainer
from wisca_xai._panel._merge import merge_explanations
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._receipt import Receipt
from wisca_xai._results.external import from_external
from wisca_xai.explainers import (
    BaseExplainer,
    ForestExplainer,
    InclusionExplainer,
    LimeExplainer,
    OcclusionExplainer,
    PermutationExplainer,
    ShapExplainer,
)
from wisca_xai.report import page as _page  # noqa: F401  # `to_html` finds it once it is imported.

if TYPE_CHECKING:
    from wisca_xai.selection import WISCASelector

__version__ = "0.1.0"

__all__ = [
    "BaseExplainer",
    "ConsensusExplanation",
    "CorruptExplanationError",
    "ExplainerError",
    "Explanation",
    "ForestExplainer",
    "InclusionExplainer",
    "InputError",
    "LimeExplainer",
    "ModelContractError",
    "OcclusionExplainer",
    "PermutationExplainer",
    "Receipt",
    "ShapExplainer",
    "UntrustedModelError",
    "WISCAError",
    "WISCAExplainer",
    "WISCASelector",
    "WISCAWarning",
    "from_external",
    "merge_explanations",
    "show_versions",
]
_SUBPACKAGES = (
    "cli",
    "consensus",
    "datasets",
    "explainers",
    "faithfulness",
    "metrics",
    "plots",
    "selection",
    "study",
)


def __getattr__(name: str) -> Any:
    """Load on first use what takes long to import."""
    if name == "WISCASelector":
        return importlib.import_module("wisca_xai.selection").WISCASelector
    if name in _SUBPACKAGES:
        return importlib.import_module(f"wisca_xai.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBPACKAGES, "__version__"])
