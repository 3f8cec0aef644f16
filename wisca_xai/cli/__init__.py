"""`wisca`: the public API from the command line."""

from wisca_xai.cli._main import (
    BAD_DATA,
    EXPLAINER_FAILED,
    INTERRUPTED,
    MODEL_REFUSED,
    OK,
    USAGE,
    main,
)

__all__ = ["BAD_DATA", "EXPLAINER_FAILED", "INTERRUPTED", "MODEL_REFUSED", "OK", "USAGE", "main"]
