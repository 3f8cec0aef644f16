"""Wide tables, and models that count the rows they are asked for."""

import numpy as np

from wisca_xai import ShapExplainer

MB = 2**20
D, N, BACKGROUND = 8, 3, 30
TABLE = np.random.default_rng(0).normal(size=(30, D))
ROWS = TABLE[:N]


class Counted:
    """A function of all columns that counts the rows that it is asked for."""

    def __init__(self):
        self.rows = 0

    def __call__(self, Z):
        self.rows += len(Z)
        return np.tanh(Z).sum(axis=1) + Z[:, 0] * Z[:, -1]


def walking(**settings):
    return ShapExplainer(background_size=BACKGROUND, **settings)


PASS = 2 * (D - 1) * BACKGROUND  # model rows per explained row
