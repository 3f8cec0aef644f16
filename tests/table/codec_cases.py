"""Tables to encode."""

import numpy as np
import pandas as pd


def mixed_frame():
    return pd.DataFrame(
        {
            "flag": [True, False, True],
            "count": np.array([3, -1, 0], dtype=np.int64),
            "small": np.array([1, 2, 3], dtype=np.int8),
            "size": [0.5, -2.0, 1e300],
        }
    )
