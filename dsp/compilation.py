"""Compile the kernels of the live path in several processes.

Every process compiles callees before their callers, each in another order, and leaves out what another one is
compiling: all share the cache. Types of arguments come from the annotations; a kernel whose annotation says
less than the compiler needs is compiled where it is called.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, get_args, get_origin, get_type_hints

import numba
import numpy as np
from numba.core.errors import NumbaError

from dsp._cache import shared_cache
from dsp.jit import leave_out_linear_algebra
from dsp.kernels import loop
from dsp.records import Fields, Floats, Ints, Records
from dsp.state import Config, Stage, State, allocate

# Numba has no types.
_typeof: Callable[..., Any] = numba.typeof
_ENTRY_POINTS = (loop.run, loop.start_at, loop.finish)
_PROCESSES_N = 2
# The recording and the window have priority.
_NICENESS = 5
_PLAIN = {
    int: numba.int64,
    float: numba.float64,
    bool: numba.boolean,
    Floats: numba.float64[::1],
    Ints: numba.int64[::1],
}
_CHILD = "import sys; sys.path[:] = {path!r}; from dsp.compilation import compile_share; compile_share({n})"


def type_of(annotation: Any) -> Any:
    """Return the compiler's type for the annotation of an argument.

    Raises
    ------
    KeyError
        If the annotation does not say it.
    """
    if annotation is State:
        # Rates and filters are no matter: the types are those of any detector.
        config = np.zeros(1, Config.dtype)
        return _typeof(allocate(config, np.zeros(1, Stage.dtype), np.zeros(1, Stage.dtype)))
    if get_origin(annotation) is Records:
        return numba.types.Array(type_of(get_args(annotation)[0]), 1, "C")
    if isinstance(annotation, type) and issubclass(annotation, Fields):
        return numba.from_dtype(annotation.dtype)
    return _PLAIN[annotation]


def signature_of(kernel: Any) -> tuple[Any, ...]:
    """Return the types of a kernel's arguments; see `type_of`."""
    code, hints = kernel.py_func.__code__, get_type_hints(kernel.py_func)
    return tuple(type_of(hints[name]) for name in code.co_varnames[: code.co_argcount])


def called_by(kernel: Any) -> list[Any]:
    """List the kernels whose names occur in a kernel."""
    names, known = kernel.py_func.__code__.co_names, kernel.py_func.__globals__
    return [known[name] for name in names if hasattr(known.get(name), "py_func")]


def callees_first(*, is_reversed: bool = False) -> list[Any]:
    """List the kernels of the live path, each after what it calls."""
    found: dict[str, Any] = {}

    def add(kernel: Any) -> None:
        called = called_by(kernel)
        for each in reversed(called) if is_reversed else called:
            if each.py_func.__qualname__ not in found:
                add(each)
        found[kernel.py_func.__qualname__] = kernel

    for kernel in _ENTRY_POINTS:
        add(kernel)
    return list(found.values())


def compile_share(n: int) -> None:
    """Compile what no other process compiles: the work of process `n` of those that share the cache."""
    parent = os.getppid()
    leave_out_linear_algebra()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    # What calls nothing is soon compiled where it is called, and often takes a part of an array.
    for kernel in filter(called_by, callees_first(is_reversed=n % 2 == 1)):
        if os.getppid() != parent:
            # Nobody waits for it any more.
            return
        with contextlib.suppress(KeyError, NumbaError):
            signature = signature_of(kernel)
            if not shared_cache(kernel).is_taken(signature):
                kernel.compile(signature)


def compile_in_parallel() -> None:
    """Fill the cache with what it lacks of the live path; return when that is done.

    What cannot be compiled or saved there is compiled by the process that needs it.
    """
    caches = [(shared_cache(kernel), signature_of(kernel)) for kernel in _ENTRY_POINTS]
    if all(cache.has(signature) for cache, signature in caches) or caches[0][0].cache_path is None:
        return
    children = []
    for n in range(min(_PROCESSES_N, os.cpu_count() or 1)):
        command = [sys.executable, "-c", _CHILD.format(path=sys.path, n=n)]
        with contextlib.suppress(OSError):
            children.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    for child in children:
        child.wait()
