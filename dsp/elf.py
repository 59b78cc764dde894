"""Object code of Linux on x86-64, placed in memory and ready to be called without LLVM.

LLVM would do the same, but it takes 6 MB of each recorder, and 45 MB that all of them share. The code of the
detector is of the simplest kind: instructions and constants, with whole addresses in them. Everything else is
left to LLVM.

Format: System V Application Binary Interface, chapter 4 "Object Files", and its AMD64 supplement.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

IS_SUPPORTED = sys.platform == "linux" and os.uname().machine == "x86_64" and sys.maxsize > 2**32

# The names of the standard are on the right.
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # Elf64_Ehdr
_BEGINNING, _X86_64 = b"\x7fELF\x02\x01\x01", 62  # e_ident of 64 bits, little-endian; EM_X86_64
_SECTION = struct.Struct("<IIQQQQIIQQ")  # Elf64_Shdr
_SYMBOL = struct.Struct("<IBBHQQ")  # Elf64_Sym
# Where in a section the address of a symbol is to be written.
_REFERENCE = struct.Struct("<QIIq")  # Elf64_Rela
_IS_SYMBOLS, _IS_REFERENCES, _IS_ZEROS = 2, 4, 8  # SHT_SYMTAB, SHT_RELA, SHT_NOBITS
_WRITABLE, _IN_MEMORY, _OF_A_THREAD = 0x1, 0x2, 0x400  # SHF_WRITE, SHF_ALLOC, SHF_TLS
_WHOLE_ADDRESS, _ADDRESS_BYTES = 1, 8  # R_X86_64_64
_NOT_HERE = 0  # SHN_UNDEF


class UnsupportedError(ValueError):
    """Only LLVM can place this code."""


class _Section(NamedTuple):
    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    row_bytes: int

    def content(self, code: bytes) -> bytes:
        return code[self.offset : self.offset + self.size]


def require_execution() -> None:
    """Check that memory that was written to may be executed.

    Raises
    ------
    OSError
    """
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def load(code: bytes) -> Mapping[str, int]:
    """Place object code in memory.

    Parameters
    ----------
    code : bytes
        A relocatable ELF file. Not every damage is noticed: the file in the cache has a checksum.

    Returns
    -------
    dict of str to int
        The addresses of the symbols that have a name. They are valid until the process ends.

    Raises
    ------
    UnsupportedError
    OSError
        If the system does not let the program execute it.
    """
    sections = _sections(code)
    offsets, size = _layout(sections)
    memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for n, offset in offsets.items():
        memory[offset : offset + sections[n].size] = sections[n].content(code)
    symbols = list(_symbols(code, sections, {n: base + offset for n, offset in offsets.items()}))
    for each in sections:
        if each.kind != _IS_REFERENCES or each.info not in offsets:
            continue
        for at, kind, symbol, addend in _REFERENCE.iter_unpack(each.content(code)):
            name, address = symbols[symbol]
            if kind != _WHOLE_ADDRESS or address is None:
                raise UnsupportedError(f"a reference of kind {kind} to {name!r}")
            place = offsets[each.info] + at
            memory[place : place + _ADDRESS_BYTES] = (address + addend).to_bytes(_ADDRESS_BYTES, "little")
    _let_execute(base, size)
    # Never freed: a thread may run the code while the interpreter ends, which frees what modules hold.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(memory))
    return {name: address for name, address in symbols if name and address is not None}


def _sections(code: bytes) -> Sequence[_Section]:
    if not code.startswith(_BEGINNING) or len(code) < _HEADER.size:
        raise UnsupportedError("it is not an ELF file for this kind of computer")
    header = _HEADER.unpack_from(code)
    machine, begin, count_n = header[2], header[6], header[12]
    if machine != _X86_64:
        raise UnsupportedError("it is code for another kind of processor")
    table = code[begin : begin + count_n * _SECTION.size]
    return [_Section(*row) for row in _SECTION.iter_unpack(table)]


def _layout(sections: Sequence[_Section]) -> tuple[Mapping[int, int], int]:
    """Return the offset in memory of each section that belongs there, by its number, and the size of all."""
    offsets, size = {}, 0
    for n, each in enumerate(sections):
        if not each.flags & _IN_MEMORY:
            continue
        if each.kind == _IS_ZEROS or each.flags & (_WRITABLE | _OF_A_THREAD) or each.align > mmap.PAGESIZE:
            raise UnsupportedError(
                "it has variables, or constants that must begin at a multiple of more than a page"
            )
        offsets[n] = -(-size // max(1, each.align)) * max(1, each.align)
        size = offsets[n] + each.size
    return offsets, max(1, size)


def _symbols(
    code: bytes, sections: Sequence[_Section], addresses: Mapping[int, int]
) -> Iterator[tuple[str, int | None]]:
    """Yield the name and the address of each symbol, None where it has no address in memory."""
    process = ctypes.CDLL(None)
    for table in (each for each in sections if each.kind == _IS_SYMBOLS):
        names = sections[table.link].content(code)
        for begin, _, _, section, value, _ in _SYMBOL.iter_unpack(table.content(code)):
            name = names[begin : names.index(b"\0", begin)].decode()
            address = addresses[section] + value if section in addresses else None
            if section == _NOT_HERE and name:
                try:
                    address = ctypes.addressof(ctypes.c_char.in_dll(process, name))
                except ValueError as err:
                    raise UnsupportedError(f"{name} is not known") from err
            yield name, address


def _let_execute(address: int, size: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    protection = mmap.PROT_READ | mmap.PROT_EXEC
    if libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), protection):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
