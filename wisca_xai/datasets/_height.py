"""Tables of people in which only height decides the class."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from wisca_xai.datasets._dataset import GroundTruthDataset
from wisca_xai.datasets._draws import Seed, centred, draw_labels, random_generator

# Ranges, ends included, of the whole numbers in the irrelevant columns.
OTHER_RANGES = {"age": (18, 65), "tattoos": (0, 30), "piercings": (0, 8)}


def make_height(n_samples: int = 100, *, random_state: Seed = None) -> GroundTruthDataset:
    """Two classes of equal size: class 1 iff height_cm >= 184, after [1]_.

    All columns are whole numbers, drawn uniformly and independently, ends included: height_cm from
    150 to 183 in class 0 and from 184 to 220 in class 1, age from 18 to 65, tattoos from 0 to 30,
    piercings from 0 to 8. The authors do not say how they drew them. These ranges are those of
    their published table.

    Parameters
    ----------
    n_samples : int, default=100
        At least 2. The shares of the classes are kept, with at least one row each.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects on the probability of class 1, which is 0 or 1.

    Raises
    ------
    InputError
        If `n_samples` or `random_state` is out of range.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Pérez-Sánchez, "SIBILA", AI 5(4), 2353, 2024,
       doi 10.3390/ai5040116.

    Examples
    --------
    >>> data = make_height(random_state=0)
    >>> data
    <GroundTruthDataset 'height': classification, 100 rows x 4 features, 1 relevant>
    >>> bool((data.y == (data.X["height_cm"] >= 184)).all())
    True
    """
    return _people(
        "height",
        "class 1 iff height_cm >= 184, half of the rows each",
        n_samples,
        heights=((150, 183), (184, 220)),
        shares=(50, 50),
        random_state=random_state,
    )


def make_height_imbalanced(
    n_samples: int = 100, *, random_state: Seed = None
) -> GroundTruthDataset:
    """Two classes of 5 % and 95 %: class 0 up to 175 cm, class 1 from 184 cm, after [1]_.

    As `make_height`, but heights of class 0 are from 150 to 175, so that no height is from 176 to
    183.

    Parameters
    ----------
    n_samples : int, default=100
        At least 2. The shares of the classes are kept, with at least one row each.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects on the probability of class 1, which is 0 or 1.

    Raises
    ------
    InputError
        If `n_samples` or `random_state` is out of range.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Pérez-Sánchez, "SIBILA", AI 5(4), 2353, 2024.

    Examples
    --------
    >>> make_height_imbalanced(random_state=0).y.value_counts().to_dict()
    {1: 95, 0: 5}
    """
    return _people(
        "height_imbalanced",
        "class 0 (5 %) iff height_cm <= 175, class 1 (95 %) iff height_cm >= 184",
        n_samples,
        heights=((150, 175), (184, 220)),
        shares=(5, 95),
        random_state=random_state,
    )


def make_height_multiclass(
    n_samples: int = 100, *, random_state: Seed = None
) -> GroundTruthDataset:
    """Three classes of 30 %, 43 % and 27 %: below 170 cm, 170 to 199, from 200, after [1]_.

    As `make_height`, with heights from 150 to 169, 170 to 199 and 200 to 220.

    Parameters
    ----------
    n_samples : int, default=100
        At least 3. The shares of the classes are kept, with at least one row each.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Without effects, because three classes have no single output.

    Raises
    ------
    InputError
        If `n_samples` or `random_state` is out of range.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Pérez-Sánchez, "SIBILA", AI 5(4), 2353, 2024.

    Examples
    --------
    >>> make_height_multiclass(random_state=0).y.value_counts().sort_index().to_dict()
    {0: 30, 1: 43, 2: 27}
    """
    return _people(
        "height_multiclass",
        "classes 0, 1, 2 (30, 43, 27 %) for height_cm below 170, 170 to 199, and from 200",
        n_samples,
        heights=((150, 169), (170, 199), (200, 220)),
        shares=(30, 43, 27),
        random_state=random_state,
    )


def _people(
    name: str,
    rule: str,
    n_samples: int,
    *,
    heights: Sequence[tuple[int, int]],
    shares: Sequence[int],
    random_state: Seed,
) -> GroundTruthDataset:
    rng = random_generator(random_state)
    labels = draw_labels(rng, n_samples, shares)
    low, high = np.array(heights)[labels].T
    X = pd.DataFrame({"height_cm": rng.integers(low, high, endpoint=True)})
    for column, (lowest, highest) in OTHER_RANGES.items():
        X[column] = rng.integers(lowest, highest, size=n_samples, endpoint=True)
    relevant = np.array([column == "height_cm" for column in X])
    effects = centred(np.outer(labels, relevant)) if len(shares) == 2 else None
    return GroundTruthDataset(
        name=name,
        X=X,
        y=pd.Series(labels, name="y"),
        task="classification",
        relevant=relevant,
        effects=effects,
        description=f"{rule}; {n_samples} x 4. After the tables of SIBILA (Banegas-Luna 2024).",
    )
