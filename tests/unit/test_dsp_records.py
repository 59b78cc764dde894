"""Records: what their annotations say is what lies in memory, and kernels write it there by name."""

from typing import Annotated

import numpy as np

from dsp import EVENT_DTYPE, QUALITY_DTYPE
from dsp.jit import compiled
from dsp.records import Fields, Floats, single


class Inner(Fields):
    count: int
    is_set: bool
    level: float


class Outer(Fields):
    inner: Inner
    code: Annotated[int, np.uint8]
    last: Annotated[Floats, np.float64, 3]
    level: float


@compiled
def write(records, value):
    record = records[0]
    record.inner.count += 2
    record.inner.is_set = True
    record.inner.level = value
    record.code = 7
    record.last[1] = 2 * value
    record.level = -value


def test_a_kernel_writes_each_field_and_no_other():
    records = single(Outer)
    write(records, 1.5)
    assert records["inner"].tolist() == [(2, True, 1.5)]
    assert records["code"].tolist() == [7]
    assert records["last"].tolist() == [[0.0, 3.0, 0.0]]
    assert records["level"].tolist() == [-1.5]


def test_records_of_state_are_aligned_and_those_handed_out_are_packed():
    assert Outer.dtype.isalignedstruct
    for dtype in (EVENT_DTYPE, QUALITY_DTYPE):
        assert dtype.itemsize == sum(dtype[name].itemsize for name in dtype.names)
