"""Tables of users, and `TableCodec`, which turns them into the float matrix of explainers."""

from wisca_xai._table._codec import TableCodec, align_columns
from wisca_xai._table._forms import (
    as_table,
    backend_of,
    copy_table,
    is_frame,
    labels_of,
    select,
    take_rows,
)
from wisca_xai._table._read import read_table

__all__ = [
    "TableCodec",
    "align_columns",
    "as_table",
    "backend_of",
    "copy_table",
    "is_frame",
    "labels_of",
    "read_table",
    "select",
    "take_rows",
]
