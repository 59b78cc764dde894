"""Check whether a journal line is a valid fact: with a correct checksum its content may still be invalid."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from monitor.model.facts import MOVEMENT_KINDS
from monitor.model.payloads import FORMS, LONGEST_S

_ENVELOPE = frozenset({"v", "seq", "kind", "t", "source", "supersedes", "crc"})
# In these kinds values are nested below the keys of the form.
_DEEP = frozenset({"session", "stream", "staging", "calibration", "manual"})
# These kinds have no time, or one that cannot be placed.
_PLACELESS = frozenset(
    {"clock", "marker_rejected", "withdrawn", "accept", "acknowledged", "sound", "sign", "damaged"}
    | {"author"}
)


def problem_of(row: Mapping[str, Any]) -> str:
    """Return why a journal line with a correct checksum cannot be used; empty if it can.

    Parameters
    ----------
    row : Mapping
        The line, parsed.
    """
    kind = row.get("kind")
    if not isinstance(kind, str) or kind not in FORMS:
        return f"unknown kind {str(kind)[:40]!r}"
    return _of_envelope(row, kind) or _of_payload(row, kind) or _of_unnamed(row, kind)


def _of_envelope(row: Mapping[str, Any], kind: str) -> str:
    if "t" not in row:
        return "t: Field required"
    t_s, source, supersedes = row["t"], row.get("source"), row.get("supersedes")
    if t_s is None:
        if kind not in _PLACELESS:
            return "t: a number is required"
    elif type(t_s) not in (float, int) or not -LONGEST_S <= t_s <= LONGEST_S:
        return f"t: {str(t_s)[:40]!r} is not a time within a session"
    if not isinstance(source, str) or not _is_utf8(source):
        return f"source: {str(source)[:40]!r} is not a source name"
    # The first entry, the start of the session, is never replaced.
    if supersedes is not None and (type(supersedes) is not int or supersedes < 1):
        return f"supersedes: {str(supersedes)[:40]!r} is not the number of an entry that can be replaced"
    return ""


def _is_utf8(text: str) -> bool:
    """Whether a text can be written again: JSON escapes can name half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of_payload(row: Mapping[str, Any], kind: str) -> str:
    # Validation without a checked copy is twice as fast; the copy is not needed.
    if _form(kind).is_met(row, strict=True):
        check = _CHECKS.get(kind)
        return "" if check is None else check(row)
    try:
        _form(kind).adapter.validate_python(row, strict=True)
    except ValidationError as err:
        first = err.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        found = "" if first["type"] == "missing" else f" ({str(first['input'])[:40]!r})"
        return f"{where}: {first['msg']}{found}"
    return "its keys do not match its kind"


def _of_unnamed(row: Mapping[str, Any], kind: str) -> str:
    """Check the keys that no form defines: it must be possible to write them again as they were read."""
    if kind not in _DEEP and row.keys() <= _form(kind).keys:
        return ""
    try:
        json.dumps(row, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as err:
        return f"a value that JSON cannot represent ({str(err)[:60]!r})"
    return ""


class _Form(NamedTuple):
    adapter: TypeAdapter[Any]
    is_met: Callable[..., bool]
    keys: frozenset[str]


@cache
def _form(kind: str) -> _Form:
    form: Any = FORMS[kind]
    adapter = TypeAdapter(form)
    named = form.__required_keys__ | form.__optional_keys__
    return _Form(adapter, adapter.validator.isinstance_python, named | _ENVELOPE)


def _motion(row: Mapping[str, Any]) -> str:
    is_long = row["phase"] == "closed" or (row["phase"] == "withdrawn" and row.get("twitch"))
    if is_long and "end" not in row:
        return "end: Field required"
    if "end" in row and row["end"] < row["onset"]:
        return f"end: {row['end']:g} is before the onset {row['onset']:g}"
    return ""


def _stream(row: Mapping[str, Any]) -> str:
    for lane in row.get("lanes", ()):
        if max(lane["channel"], lane.get("minus", 0)) >= len(row["channels"]):
            return f"channel: {lane['channel']} of {len(row['channels'])} channels"
    for first in (*row["legs"], *row.get("limbs", ())):
        for signal in (first, *first.get("further", ())):
            used = [signal["channel"], *([signal["minus"]] if "minus" in signal else ())]
            if max(used) >= len(row["channels"]):
                return f"channel: {max(used)} of {len(row['channels'])} channels"
            if "minus" in signal and "minus_scale_uv" not in signal:
                return "minus_scale_uv: Field required"
    counter = row.get("counter", -1)
    return "" if counter < len(row["channels"]) else f"counter: {counter} of {len(row['channels'])} channels"


def _manual(row: Mapping[str, Any]) -> str:
    for drawn in row["movements"]:
        if drawn["end"] <= drawn["onset"]:
            return f"end: {drawn['end']:g} is not after the onset {drawn['onset']:g}"
    return ""


def _further(row: Mapping[str, Any]) -> str:
    return "" if row["onset"] <= row["end"] else f"end: {row['end']:g} is before the onset {row['onset']:g}"


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    **dict.fromkeys(MOVEMENT_KINDS, _motion),
    "further_movement": _further,
    "stream": _stream,
    "manual": _manual,
}
