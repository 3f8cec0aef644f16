"""Convert attributions from other libraries to explanations."""

from wisca_xai._results.external._convert import check_numbers, from_external
from wisca_xai._results.external._sources import read

__all__ = ["check_numbers", "from_external", "read"]
