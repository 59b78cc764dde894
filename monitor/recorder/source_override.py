"""A person accepts a source that returned with a changed header, or a replacement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.lsl.discovery import Query
from monitor.model.config import MontageWish
from monitor.model.errors import InputError
from monitor.model.facts import LEGS, Fact, Leg
from monitor.recorder.requests import PERSON, RefusedError, author_of
from monitor.recorder.source_identity import SourceIdentity, SourceOverride

_LONGEST = 200


def accept_source(request: Mapping[str, Any], sources: Iterable[SourceIdentity], recorded_s: float) -> Fact:
    """Accept a source that the recorder waits for.

    Parameters
    ----------
    request : Mapping
        ``left``, ``right``, ``limbs`` (by name) and ``unit`` where its channels are others now; ``stream``, a
        query, if another stream replaces it; ``source``, its name, if several are awaited.
    sources : iterable of SourceIdentity
    recorded_s : float
        Length of the recording so far (s).

    Returns
    -------
    Fact
        To be recorded; the source searches for the selection.

    Raises
    ------
    RefusedError
        Naming what is wrong or missing.
    """
    source = _waiting(sources, _text(request, "source"))
    query = _text(request, "stream")
    named = {leg: text for leg in LEGS if (text := _text(request, leg))}
    if not query and not named:
        raise RefusedError("name its legs (--left CH, --right CH), or the stream to use (--stream Q)")
    override = SourceOverride(
        _wish(request, source, named) if named else MontageWish(), None if query else source.offered
    )
    if not query and override.form is None:
        raise RefusedError(f"{source.stream.name!r} has not returned with a changed header")
    if override.form is not None:
        found = override.channels_in(source.stream, source.channels, override.form)
        if isinstance(found, str):
            raise RefusedError(found)
    try:
        looked_for = Query.parse(query) if query else None
    except InputError as err:
        raise RefusedError(str(err)) from err
    source.assign(override, looked_for)
    data: dict[str, Any] = {"name": source.stream.name, "unit": override.wish.unit, "stream": query}
    data.update(named.items())
    if override.wish.limbs:
        data["limbs"] = dict(override.wish.limbs)
    return Fact("source_accepted", recorded_s, PERSON, data | author_of(request))


def _waiting(sources: Iterable[SourceIdentity], name: str) -> SourceIdentity:
    away = [s for s in sources if s.legs and not s.is_connected and name in ("", s.stream.name)]
    if not away:
        raise RefusedError(f"not waiting for a source {name!r}" if name else "not waiting for a source")
    if len(away) > 1:
        names = ", ".join(repr(source.stream.name) for source in away)
        raise RefusedError(f"waiting for several sources: {names}; select one with --source NAME")
    return away[0]


def _wish(request: Mapping[str, Any], source: SourceIdentity, named: Mapping[Leg, str]) -> MontageWish:
    """Check that the legs are those recorded from this source: the legs of a session do not change."""
    have = set(source.leg_names)
    if set(named) != have:
        wanted = " ".join(f"--{leg} CH" for leg in LEGS if leg in have)
        raise RefusedError(
            f"{source.stream.name!r} is recorded for: {', '.join(sorted(have))}; give {wanted}"
        )
    limbs = request.get("limbs", {})
    if not isinstance(limbs, dict) or not set(limbs) <= set(source.limb_names):
        raise RefusedError(f"limbs = {str(limbs)[:40]}: expected names of recorded limbs")
    return MontageWish(dict(named), _text(request, "unit"), {str(k): str(v) for k, v in limbs.items()})


def _text(request: Mapping[str, Any], key: str) -> str:
    value = request.get(key) or ""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise RefusedError(f"{key} = {str(value)[:40]!r}: expected text of at most {_LONGEST} characters")
    return value.encode("utf-8", "replace").decode().strip()
