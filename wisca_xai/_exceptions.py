"""Errors and warnings of the package; every error is a `WISCAError`."""


class WISCAError(Exception):
    """Base class of all errors that the package raises on purpose."""


class InputError(WISCAError, ValueError):
    """An argument or a table breaks a rule; the message names the rule and what was found."""


class ModelContractError(WISCAError, ValueError):
    """The model returned what no model of its kind may return, such as NaN or a wrong shape."""


class ExplainerError(WISCAError, RuntimeError):
    """No explainer gave a usable result, or an explainer breaks the contract."""


class UntrustedModelError(WISCAError, ValueError):
    """A model file could run code when loaded, and was not allowed to."""


class CorruptExplanationError(WISCAError, ValueError):
    """A saved explanation is truncated, altered, or of a newer format."""


class WISCAWarning(UserWarning):
    """Something that the result survives but its reader must know."""
