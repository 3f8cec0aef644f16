"""Tables by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from wisca_xai._checks import check_choice
from wisca_xai.datasets._additive import make_correlated, make_linear, make_square
from wisca_xai.datasets._dataset import GroundTruthDataset
from wisca_xai.datasets._draws import Seed
from wisca_xai.datasets._effects import (
    make_many_levels,
    make_near_copies,
    make_rare_events,
    make_ties,
)
from wisca_xai.datasets._either_or import make_either_or, make_maximum
from wisca_xai.datasets._height import (
    make_height,
    make_height_imbalanced,
    make_height_multiclass,
)
from wisca_xai.datasets._product import make_product
from wisca_xai.datasets._rules import make_conjunction, make_rules
from wisca_xai.datasets._sklearn import make_friedman, make_informative, make_sparse_uncorrelated
from wisca_xai.datasets._switch import make_switch
from wisca_xai.datasets._syn import make_syn

DatasetFunction = Callable[..., GroundTruthDataset]


def _make(
    make: DatasetFunction,
    *args: Any,
    n_samples: int | None = None,
    random_state: Seed = None,
    **options: Any,
) -> GroundTruthDataset:
    """Call `make`; if `n_samples` is None, its default size."""
    if n_samples is not None:
        options["n_samples"] = n_samples
    return make(*args, random_state=random_state, **options)


DATASETS: dict[str, DatasetFunction] = {
    "height": partial(_make, make_height),
    "height_imbalanced": partial(_make, make_height_imbalanced),
    "height_multiclass": partial(_make, make_height_multiclass),
    "rules_100": partial(_make, make_rules),
    "conjunction": partial(_make, make_conjunction),
    "linear": partial(_make, make_linear),
    "square": partial(_make, make_square),
    **{f"syn{number}": partial(_make, make_syn, number) for number in range(1, 7)},
    **{f"friedman{number}": partial(_make, make_friedman, number) for number in range(1, 4)},
    "sparse_uncorrelated": partial(_make, make_sparse_uncorrelated),
    "informative": partial(_make, make_informative),
    "correlated_0": partial(_make, make_correlated, correlation=0.0),
    "correlated_05": partial(_make, make_correlated, correlation=0.5),
    "correlated_09": partial(_make, make_correlated, correlation=0.9),
    "product": partial(_make, make_product),
    "switch_2": partial(_make, make_switch),
    "switch_3": partial(_make, make_switch, n_branches=3),
    "switch_levels": partial(_make, make_switch, n_branches=4, has_levels=True),
    "either_or_2": partial(_make, make_either_or),
    "either_or_3": partial(_make, make_either_or, n_causes=3),
    "maximum": partial(_make, make_maximum),
    "near_copies": partial(_make, make_near_copies),
    "many_levels": partial(_make, make_many_levels),
    "ties": partial(_make, make_ties),
    "rare_events": partial(_make, make_rare_events),
}


def make_dataset(
    name: str, *, n_samples: int | None = None, random_state: Seed = None
) -> GroundTruthDataset:
    """Generate one of the tables in `DATASETS` by its name.

    Parameters
    ----------
    name : str
        A key of `DATASETS`, such as "height" or "syn4".
    n_samples : int, default=None
        Number of rows. None means the size in the literature. If a rule fixes the shares of the
        classes, they are kept.
    random_state : int, RandomState instance, Generator or None, default=None
        An int gives the same table in every call, None a new one. NumPy's global state is neither
        read nor changed.

    Returns
    -------
    dataset : GroundTruthDataset

    Raises
    ------
    InputError
        If `name` is not in `DATASETS`, or `n_samples` or `random_state` is out of range.

    Examples
    --------
    >>> make_dataset("conjunction", random_state=0)
    <GroundTruthDataset 'conjunction': classification, 999 rows x 17 features, 2 relevant>
    >>> make_dataset("syn4", n_samples=200, random_state=0)
    <GroundTruthDataset 'syn4': classification, 200 rows x 11 features, 7 relevant, per row>
    """
    check_choice("name", name, DATASETS)
    return DATASETS[name](n_samples=n_samples, random_state=random_state)
