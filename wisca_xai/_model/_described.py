"""A model in a few words, the same in every process."""

from typing import Any

from wisca_xai._model._boosting import owner_of


def described(model: Any) -> str:
    """The class of a model and of the models inside it; of a function, its name.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> described(make_pipeline(StandardScaler(), LogisticRegression()))
    'Pipeline(StandardScaler, LogisticRegression)'
    >>> described(LogisticRegression().predict_proba), described(abs)
    ('predict_proba of LogisticRegression', 'function abs')
    """
    owner = owner_of(model)
    if owner is not model:
        return f"{getattr(model, '__name__', 'method')} of {described(owner)}"
    if callable(model) and hasattr(model, "__name__"):
        return f"function {model.__name__}"
    inside = [step for _, step in getattr(model, "steps", ()) if step not in (None, "passthrough")]
    inside = inside or [getattr(model, "estimator", None)]
    names = [described(one) for one in inside if hasattr(one, "fit")]
    return type(model).__name__ + (f"({', '.join(names)})" if names else "")
