"""Tables, and LIME by the library called by hand."""

import zlib

import numpy as np
from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_iris

from wisca_xai import LimeExplainer
from wisca_xai._random import canonical_order

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["lily", "rose", "tulip"])[SPECIES]
N = 300


def seed_for(purpose, seed):
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(purpose.encode()),))
    return int(sequence.generate_state(1)[0])


def by_hand(function, background, row, seed, **settings):
    derived = seed_for("lime", seed)
    num_features = settings.pop("num_features", background.shape[1])
    settings = {"feature_selection": "none", **settings}
    explainer = LimeTabularExplainer(
        background[canonical_order(background)],
        random_state=derived,
        **settings,
    )
    return explainer.explain_instance(
        row, function, labels=range(3), num_features=num_features, num_samples=N
    )


def explain(model, X, rows, **settings):
    target = settings.pop("target", "predicted")
    settings = {"n_samples": N, "random_state": 7, **settings}
    return LimeExplainer(model, **settings).fit(X).explain(rows, target=target)
