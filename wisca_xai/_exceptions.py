"""Errors and warnings of the package; every error is a `WISCAError`."""

from wisca_xai._text import short_text


class WISCAError(Exception):
    """Base class of all errors that the package raises on purpose.

    Its text is cut, because it may hold names and values of any length; `args` has the whole.
    """

    def __str__(self) -> str:
        return short_text(super().__str__())


class InputError(WISCAError, ValueError):
    """An argument or a table is invalid; the message says what is required and what was found."""


class ModelContractError(WISCAError, ValueError):
    """The model returned invalid outputs, such as NaN or a wrong shape."""


class ExplainerError(WISCAError, RuntimeError):
    """No explainer gave a usable result, or an explainer does not follow the contract."""


class UntrustedModelError(WISCAError, ValueError):
    """A model file could run code when it is loaded, and the user has not allowed this."""


class CorruptExplanationError(WISCAError, ValueError):
    """A saved explanation is truncated, altered, or of a newer format."""


class WISCAWarning(UserWarning):
    """A problem that the reader must know, although there is a result."""
