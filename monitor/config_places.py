"""Where the fields of a TOML file stand, for messages: a parser of TOML tells values, not lines."""

from __future__ import annotations

import re

_KEY = r"""(?:"[^"\n]*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?")
_FIELD = re.compile(rf"\s*({_DOTTED})\s*=")
_LONG_QUOTES = ('"""', "'''")


def lines_of_fields(text: str) -> dict[str, int]:
    """Say on which line each section and field of a TOML file begins.

    Parameters
    ----------
    text : str
        The file. It need not be right.

    Returns
    -------
    dict of str to int
        Line from 1, by the field's dotted name.
    """
    places: dict[str, int] = {}
    section: list[str] = []
    closing = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := _HEADER.match(line):
            section = _parts(header[1])
            _note(places, section, number)
        elif field := _FIELD.match(line):
            _note(places, [*section, *_parts(field[1])], number)
        closing = next((quotes for quotes in _LONG_QUOTES if line.count(quotes) % 2), "")
    return places


def remarks_on_fields(text: str) -> dict[str, str]:
    """Return the remarks above each section and field of a commented TOML file, by its dotted name."""
    remarks: dict[str, str] = {}
    section: list[str] = []
    above: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        header, field = _HEADER.match(bare), _FIELD.match(bare.removeprefix("# "))
        if header:
            section = _parts(header[1])
            remarks[".".join(section)] = " ".join(above)
        elif field and (not bare.startswith("#") or "not set by default" in bare):
            remarks[".".join([*section, *_parts(field[1])])] = " ".join(above)
        elif bare.startswith("#"):
            above.append(bare.removeprefix("#").strip())
            continue
        above = []
    return remarks


def with_line(problem: str, places: dict[str, int]) -> str:
    """Put the line before a problem that begins with the name of its field."""
    name = re.match(r"[^\s:=]+", problem)
    parts = name[0].split(".") if name else []
    for depth in range(len(parts), 0, -1):
        line = places.get(".".join(parts[:depth]))
        if line is not None:
            return f"line {line}: {problem}"
    return problem


def _note(places: dict[str, int], parts: list[str], number: int) -> None:
    for depth in range(1, len(parts) + 1):
        places.setdefault(".".join(parts[:depth]), number)


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_KEY, dotted)]
