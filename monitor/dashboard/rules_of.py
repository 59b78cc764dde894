"""The rule sets a night is scored by, as its own journal names them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from monitor.rules import PROFILES, RulesProfile


def rules_of(session: Mapping[str, Any]) -> dict[str, RulesProfile]:
    """Return both rule sets, with the switches the session was begun with.

    Parameters
    ----------
    session : Mapping
        Data of the ``session`` fact; without ``config`` the published defaults stand.
    """
    written = session.get("config", {}).get("rules", {})
    made = {}
    for name, profile in PROFILES.items():
        known = {field.name: getattr(profile, field.name) for field in dataclasses.fields(profile)}
        changes = {
            key: frozenset(value) if isinstance(known[key], frozenset) else value
            for key, value in written.get(name, {}).items()
            if key in known
        }
        audience = written.get("audience", profile.audience)
        made[name] = dataclasses.replace(profile, **changes | {"audience": audience})
    return made
