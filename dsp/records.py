"""Records: named, typed fields shared by Python and the compiled kernels.

A record is a class of annotated fields, and `Fields` derives its numpy dtype. One record is stored as a plain
structured array of shape (1,): numba compiles a field access to one load or store and caches the kernel
(it never caches a jitclass), needs no reference counts (a structref does) and dispatches the call in
nanoseconds (an np.recarray takes microseconds).
"""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeVar, cast, get_type_hints

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Rows = NDArray[np.void]

Record_co = TypeVar("Record_co", covariant=True)


class Fields:
    """Base of the records: the annotations of a subclass are its fields, in memory order.

    An ``int`` is an int64, a ``float`` a float64, a ``bool`` one byte, another record is nested, and
    ``Annotated[kind, dtype]`` or ``Annotated[array, dtype, length]`` gives the dtype of anything else.

    Parameters
    ----------
    packed : bool
        Leave out the padding that aligns each field.
    """

    dtype: ClassVar[np.dtype[np.void]]

    def __init_subclass__(cls, *, packed: bool = False) -> None:
        hints = get_type_hints(cls, include_extras=True)
        fields = [(name, *_layout_of(hints[name])) for name in cls.__annotations__]
        cls.dtype = np.dtype(fields, align=not packed)


def _layout_of(hint: type) -> tuple[object, ...]:
    """Return the dtype of an annotated field, and for an array its length."""
    if hasattr(hint, "__metadata__"):
        return tuple(hint.__metadata__)
    plain = {int: np.int64, float: np.float64, bool: np.bool_}
    return (plain.get(hint) or cast(type[Fields], hint).dtype,)


class Records(Protocol[Record_co]):
    """A structured array as a kernel sees it: each element is a record with its fields as attributes."""

    size: int

    def __getitem__(self, index: int, /) -> Record_co: ...


def single(record: type[Fields]) -> Rows:
    """Return one zeroed record, shape (1,)."""
    return np.zeros(1, record.dtype)
