"""The study of how well a consensus recovers a known truth, compared with single explainers."""

from wisca_xai.study._models import MODELS
from wisca_xai.study._run import run_study
from wisca_xai.study._summary import invalid_cells, regrets, summarise, write_summary

__all__ = ["MODELS", "invalid_cells", "regrets", "run_study", "summarise", "write_summary"]
