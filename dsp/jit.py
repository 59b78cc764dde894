"""Compilation of kernels, and single machine operations that Python lacks.

``fma(a, b, c)`` is ``a * b + c`` rounded once. Requested explicitly, it gives the same number on every
computer and in every copy of a loop, so the result does not depend on the chunks; and it takes half the time
of two operations.

``bits_of(value)`` is a float64's bits as an int64, ``float_of(bits)`` the way back. Numbers from 0 on order
as their bits do (infinity above all of them, NaN above that), and whole numbers are compared on several
samples at once, which the rules for NaN forbid of floats.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import types
from numba.extending import intrinsic
from numba.np import linalg

from dsp._kernel_cache import cached_njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Emitted = tuple[Any, Callable[..., Any]]


def compiled(kernel: Kernel) -> Kernel:
    """Compile a kernel that allocates nothing.

    Without the reference counts numba keeps for arrays (`_nrt`) the detector takes two thirds of the time,
    and a kernel that did allocate would not compile. A division by zero gives infinity or NaN: it is not
    checked for at each division.
    """
    # `forceinline` would be taken over from the kernel whose compilation needs this one.
    return cached_njit(nogil=True, _nrt=False, error_model="numpy", forceinline=False)(kernel)


def inlined(kernel: Kernel) -> Kernel:
    """Compile a kernel as `compiled` does, and without a call where another one uses it.

    For short kernels that run at each sample.
    """
    return cached_njit(nogil=True, _nrt=False, error_model="numpy", forceinline=True)(kernel)


def _fma(typing: Any, a: Any, b: Any, c: Any) -> Emitted:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), emit


def _bits_of(typing: Any, value: Any) -> Emitted:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), emit


def _float_of(typing: Any, bits: Any) -> Emitted:
    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), emit


fma = cast(Callable[[float, float, float], float], intrinsic(_fma))
bits_of = cast(Callable[[float], int], intrinsic(_bits_of))
float_of = cast(Callable[[int], float], intrinsic(_float_of))


def _without_blas() -> None:
    raise ImportError("linear algebra is not loaded in this process")


def leave_out_linear_algebra() -> None:
    """Let the compiler come up without SciPy's linear algebra, which no kernel uses.

    It takes a third of the time in which a process gets its first kernel. For processes of this program: in
    one that called this, numba does not compile ``np.cov``.
    """
    ensure_blas = getattr(linalg, "ensure_blas", None)
    if ensure_blas is None:  # Another version of Numba may look for the library elsewhere.
        return
    linalg.ensure_blas = _without_blas
    try:
        # It looks for the library when it is imported.
        importlib.import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = ensure_blas
