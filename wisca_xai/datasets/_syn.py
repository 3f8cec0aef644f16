"""Tables syn1 to syn6, in some of which the relevant features depend on the row."""

import numpy as np
import pandas as pd

from wisca_xai._checks import check_count
from wisca_xai._typing import FloatMatrix, FloatVector
from wisca_xai.datasets._dataset import BoolArray, GroundTruthDataset
from wisca_xai.datasets._draws import (
    Seed,
    centred,
    check_correlation,
    check_variant,
    draw_binary,
    draw_gaussian,
    feature_names,
    random_generator,
)

# The formulas g1, g2 and g3 as text, and the columns of their features.
FORMULAS = {
    1: "x1 x2",
    2: "x3^2 + x4^2 + x5^2 + x6^2 - 4",
    3: "-10 sin(2 x7) + 2 |x8| + x9 + exp(-x10) - 2.4",
}
COLUMNS = {1: [0, 1], 2: [2, 3, 4, 5], 3: [6, 7, 8, 9]}
SWITCHED = {4: (1, 2), 5: (1, 3), 6: (2, 3)}  # the formulas where x11 < 0, and elsewhere
SWITCH = 10  # the column of x11


def make_syn(
    number: int,
    n_samples: int = 2000,
    n_features: int = 11,
    *,
    correlation: float = 0.0,
    random_state: Seed = None,
) -> GroundTruthDataset:
    r"""Gaussian features; the log-odds g of class 1 follow one of six formulas [1]_ [2]_.

    .. math::

        g_1 &= x_1 x_2 \\
        g_2 &= x_3^2 + x_4^2 + x_5^2 + x_6^2 - 4 \\
        g_3 &= -10 \sin(2 x_7) + 2 |x_8| + x_9 + \exp(-x_{10}) - 2.4

    In syn1 to syn3, g is g1, g2 and g3. In the others it depends on the sign of x11: where x11 < 0,
    it is g1 in syn4 and syn5 and g2 in syn6; elsewhere it is g2 in syn4 and g3 in syn5 and syn6.
    Then y = 1 is drawn with probability sigmoid(g). The formulas are those of the paper [1]_; its
    published code uses sin(0.2 x7) and \|x8\| in g3.

    Parameters
    ----------
    number : int
        From 1 to 6.
    n_samples : int, default=2000
        At least 1.
    n_features : int, default=11
        At least 11. Features are called x1, x2, ... The literature uses 11 and 100.
    correlation : float, default=0.0
        Correlation of every pair of features, in [0, 1); 0 in the literature.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        In syn4 to syn6 `relevant` has one row per sample: the features of its formula, and x11.
        Only syn2 and syn3, which are additive, have effects (in log-odds).

    Raises
    ------
    InputError
        If `number`, a size, `correlation` or `random_state` is out of range.

    References
    ----------
    .. [1] J. Yoon, J. Jordon, M. van der Schaar, "INVASE: Instance-wise Variable Selection using
       Neural Networks", ICLR 2019.
    .. [2] J. Chen et al., "Learning to Explain: An Information-Theoretic Perspective on Model
       Interpretation", ICML 2018.

    Examples
    --------
    >>> data = make_syn(4, random_state=0)
    >>> data
    <GroundTruthDataset 'syn4': classification, 2000 rows x 11 features, 7 relevant, per row>
    >>> data.relevant[data.X["x11"] < 0].all(axis=0).nonzero()[0]  # x1, x2, x11
    array([ 0,  1, 10])
    """
    number = check_variant(number, 6)
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features, minimum=11)
    correlation = check_correlation(correlation)
    rng = random_generator(random_state)
    X = draw_gaussian(rng, n_samples, n_features, correlation)
    if number in SWITCHED:
        log_odds, relevant = _switched_truth(X, *SWITCHED[number])
        negative, positive = (FORMULAS[formula] for formula in SWITCHED[number])
        rule = f"g = {negative} where x11 < 0, else g = {positive}"
    else:
        log_odds, relevant = _log_odds(X, number), _relevant(n_features, number)
        rule = f"g = {FORMULAS[number]}"
    return GroundTruthDataset(
        name=f"syn{number}",
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(draw_binary(rng, log_odds), name="y"),
        task="classification",
        relevant=relevant,
        effects=centred(_terms(X, number)) if number in (2, 3) else None,
        description=f"P(y=1) = sigmoid(g), {rule}; {n_samples} x {n_features} Gaussian, "
        f"correlation {correlation:g}. After INVASE (Yoon 2019) and L2X (Chen 2018).",
    )


def _terms(X: FloatMatrix, formula: int) -> FloatMatrix:
    """The terms of g2 or g3, each in the column of its feature; 0 in the other columns."""
    terms = np.zeros_like(X)
    if formula == 2:
        terms[:, COLUMNS[2]] = X[:, COLUMNS[2]] ** 2
    else:
        x7, x8, x9, x10 = X[:, COLUMNS[3]].T
        summands = [-10 * np.sin(2 * x7), 2 * np.abs(x8), x9, np.exp(-x10)]
        terms[:, COLUMNS[3]] = np.column_stack(summands)
    return terms


def _log_odds(X: FloatMatrix, formula: int) -> FloatVector:
    if formula == 1:
        return np.asarray(X[:, 0] * X[:, 1])
    return np.asarray(_terms(X, formula).sum(axis=1) - {2: 4.0, 3: 2.4}[formula])


def _relevant(n_features: int, formula: int) -> BoolArray:
    return np.isin(np.arange(n_features), COLUMNS[formula])


def _switched_truth(X: FloatMatrix, negative: int, positive: int) -> tuple[FloatVector, BoolArray]:
    """Log-odds and relevant features of each row, by the sign of x11."""
    is_negative = X[:, SWITCH] < 0
    log_odds = np.where(is_negative, _log_odds(X, negative), _log_odds(X, positive))
    n_features = X.shape[1]
    relevant = np.where(
        is_negative[:, np.newaxis],
        _relevant(n_features, negative),
        _relevant(n_features, positive),
    )
    relevant[:, SWITCH] = True
    return log_odds, relevant
