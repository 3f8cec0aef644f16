"""The model inside an explainer: whether it is fitted, how to fit it, and what it accepts."""

import inspect
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from wisca_xai._compat import quiet_libraries
from wisca_xai._exceptions import InputError
from wisca_xai._model._boosting import quiet_clone
from wisca_xai._model._outputs import METHODS, is_plain_callable
from wisca_xai._process import silenced
from wisca_xai._table import take_rows
from wisca_xai._typing import LabelVector


def is_fitted(estimator: Any, X: Any = None) -> bool:
    """Whether a model is fitted. Callables and objects without `get_params` count as fitted.

    scikit-learn looks for attributes that end in "_". A model without them counts as fitted if it
    has others beside its parameters, and an answer for the first row of `X`.

    scikit-learn counts estimators that need no fit, such as GaussianProcessRegressor, as fitted
    from the start. They would be explained as their prior, so they count as fitted here only once
    they have learned something.
    """
    if is_plain_callable(estimator) or not hasattr(estimator, "get_params"):
        return True
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return X is not None and _answers(estimator, take_rows(X, np.zeros(1, dtype=np.intp)))
    if hasattr(estimator, "steps"):
        return is_fitted(estimator.steps[-1][1])
    if isinstance(estimator, FrozenEstimator):
        return is_fitted(estimator.estimator)
    return not _needs_no_fit(estimator) or any(
        name.endswith("_") and not name.startswith("_") for name in vars(estimator)
    )


def _answers(model: Any, row: Any) -> bool:
    """Whether a model has more than its parameters, and predicts a row."""
    name = next((name for name in METHODS if hasattr(model, name)), None)
    try:
        if name is None or vars(model).keys() <= model.get_params(deep=False).keys():
            return False
        with quiet_libraries(), silenced():  # A Pipeline warns that it is not fitted yet.
            return getattr(model, name)(row) is not None
    except Exception:  # Models that are not fitted may raise anything.
        return False


def _needs_no_fit(model: Any) -> bool:
    """Whether an estimator says that it can predict before `fit`, and not whether it is fitted."""
    tags = tags_of(model)
    return (
        tags is not None and not tags.requires_fit and not hasattr(model, "__sklearn_is_fitted__")
    )


def fit_model(
    owner: Any, X: Any, y: LabelVector | None, params: dict[str, Any], *, clones_later: bool
) -> Any:
    """Return `owner.estimator` if it is fitted, else a clone fitted on X, y and its metadata.

    Parameters
    ----------
    owner : estimator
        The object whose `fit` was called. It has `estimator` and `get_metadata_routing`.
    X : array-like or DataFrame of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,) or None
    params : dict
        Metadata of the call, such as `sample_weight`, for the model's `fit`. With
        ``sklearn.set_config(enable_metadata_routing=True)``, only those that the model requests
        are passed.
    clones_later : bool
        Whether clones of the model are fitted later, without metadata.

    Returns
    -------
    model : estimator or callable

    Raises
    ------
    InputError
        If metadata cannot be used, or if the model needs y and `y` is None.
    """
    model = owner.estimator
    given = {name: value for name, value in params.items() if value is not None}
    if given and get_config()["enable_metadata_routing"]:
        given = dict(process_routing(owner, "fit", **given).estimator.fit)
    fitted = is_fitted(model, X)
    if given and (clones_later or fitted):
        reason = "the model is fitted already. Leave them out, or pass an unfitted model."
        if clones_later:
            reason = "`n_refits` fits clones without them. Leave them out, or set n_refits=0."
        raise InputError(f"{sorted(given)} cannot be used: {reason}")
    if fitted:
        return model
    tags = tags_of(model)
    if y is None and tags is not None and tags.target_tags.required:
        hint = " If it learns nothing, pass its `predict`." if _needs_no_fit(model) else ""
        raise InputError(
            f"{type(model).__name__} requires y to be passed, but the target y is None. Call "
            f"fit(X, y), or pass a fitted model.{hint}"
        )
    known = inspect.signature(model.fit).parameters
    takes_any = any(each.kind is each.VAR_KEYWORD for each in known.values())
    unknown = [] if takes_any else sorted(given.keys() - known.keys())
    if unknown:
        raise InputError(
            f"{unknown} cannot be used: fit of {type(model).__name__} takes only {list(known)}. "
            "Leave them out."
        )
    with quiet_libraries():
        return quiet_clone(model).fit(X, y, **given)


def route_to_model(owner: Any) -> MetadataRouter:
    """Router that passes metadata of `fit` to the `fit` of `owner.estimator`."""
    mapping = MethodMapping().add(caller="fit", callee="fit")
    mapping.add(caller="fit_transform", callee="fit")  # which scikit-learn 1.6 does not derive
    return MetadataRouter(owner=owner).add(estimator=owner.estimator, method_mapping=mapping)


def tags_of(model: Any) -> Tags | None:
    """scikit-learn's tags of a model, or None for functions and other objects without tags."""
    if not hasattr(model, "__sklearn_tags__"):  # scikit-learn 1.6 would make up some
        return None
    try:
        return get_tags(model)
    except (AttributeError, TypeError):
        return None


def inherit_tags(tags: Tags, model: Any) -> Tags:
    """Set `tags` so that they accept the tables and targets that the model accepts.

    Sparse tables and several outputs stay refused, even if the model accepts them.
    """
    inner = tags_of(model)
    if inner is None:
        tags.input_tags.allow_nan = model is not None  # unknown: the model itself checks
        return tags
    for name in ("categorical", "string", "positive_only"):
        setattr(tags.input_tags, name, getattr(inner.input_tags, name))
    # A Pipeline does not report `allow_nan` of its first step, so NaN is left to the model.
    tags.input_tags.allow_nan = inner.input_tags.allow_nan or hasattr(model, "steps")
    tags.target_tags = deepcopy(inner.target_tags)
    tags.target_tags.required = inner.target_tags.required and not is_fitted(model)
    tags.target_tags.multi_output, tags.target_tags.single_output = False, True
    tags.classifier_tags = deepcopy(inner.classifier_tags)
    tags.regressor_tags = deepcopy(inner.regressor_tags)
    tags.non_deterministic = inner.non_deterministic
    return tags
