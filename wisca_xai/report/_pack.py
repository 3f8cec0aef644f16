"""Data of a report inside its page: small, and inert whatever it holds."""

import base64
import json
from typing import Any

import numpy as np

from wisca_xai._typing import FloatArray

LARGEST = 2.0**15  # what the largest magnitude becomes; half precision ends at 65504


def packed(values: FloatArray) -> dict[str, Any]:
    """An array as base64 of floats of 16 bits, and the number that a 1 stands for.

    Each number keeps three digits, down to a 500 millionth of the largest magnitude.

    Examples
    --------
    >>> packed(np.array([[0.0, 1.0, -1.0]]))
    {'unit': 3.0517578125e-05, 'codes': 'AAAAeAD4'}
    """
    largest = float(np.abs(values).max(initial=0.0))
    unit = float(2.0 ** np.ceil(np.log2(largest)) / LARGEST) if largest > 0 else 1.0
    codes = (values / unit).astype("<f2")
    return {"unit": unit, "codes": base64.b64encode(codes.tobytes()).decode()}


def script_json(value: Any) -> str:
    r"""JSON for a script element: nothing in it can end the element or start another.

    Examples
    --------
    >>> script_json({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
