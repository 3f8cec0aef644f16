"""The report: a result as one HTML file, which needs no network and no other file.

`ConsensusExplanation.to_html` writes it. Results do not know this folder, which offers them its
views when the package is imported.
"""

from wisca_xai._results._views import offer_view
from wisca_xai.report._fragment import fragment
from wisca_xai.report._page import page

__all__ = ["fragment", "page"]

offer_view("page", page)
offer_view("fragment", fragment)
