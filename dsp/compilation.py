"""Compile the detector in processes beside the recording.

Every process compiles callees before their callers, each in another order, and leaves out what another one is
compiling: all share the cache. Types of arguments come from the annotations; a kernel whose annotation says
less than the compiler needs is compiled where it is called. The last process links what Python calls into one
piece of object code, for `dsp.routines`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, get_args, get_origin, get_type_hints

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.errors import NumbaError
from numba.core.registry import cpu_target
from numba.np import arrayobj

from dsp._cache import Claim, report, tidy, write_file
from dsp._kernel_cache import shared_cache
from dsp.jit import leave_out_linear_algebra
from dsp.kernels import filters, loop
from dsp.memory import allocate
from dsp.native import ENTRY_POINTS, PREFIX, code_file
from dsp.records import Fields, Floats, Ints, Records
from dsp.state import Config, Stage, State

# Numba has no types.
_typeof: Callable[..., Any] = numba.typeof
_array_of: Callable[..., Any] = arrayobj.make_array
_populate: Callable[..., Any] = arrayobj.populate_array
# The recording and the window have priority.
_NICENESS = 5
_PLAIN = {
    int: numba.int64,
    float: numba.float64,
    bool: numba.boolean,
    Floats: numba.float64[::1],
    Ints: numba.int64[::1],
}
_WORD = ir.IntType(64)
# What an exception is made of, in code that may raise one.
_RAISES = "picklebuf"
_PROBE = "import sys; sys.path[:] = {path!r}; from dsp.native import load; load(sys.stdin.buffer.read())"


def entry_points() -> Mapping[str, Any]:
    """Return the kernels that Python calls, by name."""
    return {name: getattr(loop, name, None) or getattr(filters, name) for name in ENTRY_POINTS}


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

    for kernel in entry_points().values():
        add(kernel)
    return list(found.values())


def compile_share(n: int) -> None:
    """Compile what no other process compiles: the work of process `n` of those that share the cache.

    It ends as soon as its standard input does: nobody waits for it any more. What it could not save is its
    last line of standard output.
    """
    threading.Thread(target=_end_with_input, daemon=True).start()
    leave_out_linear_algebra()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    # What calls nothing is soon compiled where it is called, and often takes a part of an array.
    for kernel in filter(called_by, callees_first(is_reversed=n % 2 == 1)):
        with contextlib.suppress(KeyError, NumbaError):
            signature = signature_of(kernel)
            if not shared_cache(kernel).is_taken(signature):
                kernel.compile(signature)
    save_object_code()
    sys.stdout.write(f"\n{report.unsaved}\n")


def _end_with_input() -> None:
    # Not `sys.stdin`: its lock would be waited for at the end.
    while os.read(0, 1):
        pass
    os._exit(1)


def save_object_code() -> None:
    """Save the code of the entry points, unless another process does; wait for kernels others compile.

    Nothing is saved as the code if it needs the compiler where it runs.
    """
    path = code_file()
    if path is None or path.exists():
        return
    claim = Claim(path)
    try:
        if claim.is_mine and not path.exists():
            code = _object_code_alone()
            if code is not None:
                write_file(path, code)
                tidy(path)
    finally:
        claim.release()


def _object_code_alone() -> bytes | None:
    """Return the code, empty if it needs the compiler; None if that could not be found out."""
    try:
        code = object_code(entry_points())
    except (AttributeError, ImportError, NumbaError, TypeError):  # Another version of Numba.
        return b""
    # To load code with an unknown symbol ends the process.
    probe = [sys.executable, "-c", _PROBE.format(path=sys.path)]
    status = subprocess.run(probe, input=code, check=False).returncode
    if -status in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGKILL", None)):
        return None
    return code if status == 0 else b""


def object_code(kernels: Mapping[str, Any]) -> bytes:
    """Compile kernels into one piece of object code, empty if one of them may raise an exception."""
    context = cpu_target.target_context
    library = context.codegen().create_library(PREFIX + "detector")
    library.enable_object_caching()
    module = library.create_ir_module(library.name)
    for name, kernel in kernels.items():
        signature = signature_of(kernel)
        kernel.compile(signature)
        found = kernel.overloads[signature]
        library.add_linking_library(found.library)
        _emit_entry(context, module, PREFIX + name, found.fndesc)
    library.add_ir_module(module)
    with global_compiler_lock:
        library.finalize()
    return b"" if _RAISES in library.get_llvm_str() else library._get_compiled_object()


def _emit_entry(context: Any, module: Any, name: str, kernel: Any) -> None:
    """Emit ``int64 name(int64 *words, int64 ...)``, which calls a kernel; see `dsp.native.NativeCall`."""
    integers_n = sum(isinstance(kind, types.Integer) for kind in kernel.argtypes)
    signature = ir.FunctionType(_WORD, [_WORD.as_pointer(), *[_WORD] * integers_n])
    function = ir.Function(module, signature, name)
    builder = ir.IRBuilder(function.append_basic_block())
    words = (builder.load(builder.gep(function.args[0], [_WORD(k)])) for k in count())
    integers = iter(function.args[1:])
    arguments = [
        next(integers) if isinstance(kind, types.Integer) else _value_of(context, builder, kind, words)
        for kind in kernel.argtypes
    ]
    callee = context.declare_function(module, kernel)
    call = context.call_conv.call_function
    status, result = call(builder, callee, kernel.restype, kernel.argtypes, arguments)
    with builder.if_then(status.is_error):
        # Never taken; with it, what a kernel can raise stays in the code, where it is noticed.
        builder.ret(builder.ptrtoint(status.excinfoptr, _WORD))
    builder.ret(_WORD(0) if kernel.restype == types.none else result)


def _value_of(context: Any, builder: Any, kind: Any, words: Iterator[Any]) -> Any:
    """Return an array, or a tuple of them, from the address and the shape of each."""
    if not isinstance(kind, types.Array):
        return context.make_tuple(builder, kind, [_value_of(context, builder, each, words) for each in kind])
    array = _array_of(kind)(context, builder)
    address, *shape = (next(words) for _ in range(1 + kind.ndim))
    itemsize = _WORD(context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides = [itemsize]
    for n in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], n))
    data = builder.inttoptr(address, array.data.type)
    _populate(array, data, shape, strides, itemsize, meminfo=None)
    return array._getvalue()
