"""Data of a report inside its page: small, and inert whatever it holds."""

import base64
import json
from typing import Any

import numpy as np

from wisca_xai._typing import FloatArray

LARGEST = 32767  # of 16 bits with a sign


def packed(values: FloatArray) -> dict[str, Any]:
    """An array as base64 of 16-bit integers, and the number that a 1 stands for.

    Numbers are rounded to 1/65534 of the largest magnitude, which no picture shows.

    Examples
    --------
    >>> packed(np.array([[0.0, 1.0, -1.0]]))
    {'unit': 3.051850947599719e-05, 'codes': 'AAD/fwGA'}
    """
    largest = float(np.abs(values).max(initial=0.0))
    unit = largest / LARGEST if largest > 0 else 1.0
    codes = np.round(values / unit).astype("<i2")
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
