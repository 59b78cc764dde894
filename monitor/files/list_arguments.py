"""Options for reading a scored list as text, and their meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from monitor.files.scored_clock import read_start, read_zone
from monitor.files.scored_rows import ListOptions
from monitor.model.config import Config
from monitor.model.errors import InputError
from monitor.model.labels import LIST_LABELS, normalise


@dataclass(frozen=True, slots=True)
class ListArguments:
    """Hold the options for reading a list as text, as a command line has them."""

    label: tuple[str, ...] = ()
    stages: str | None = None
    epoch: float = 30.0
    start: str | None = None
    zone: str | None = None

    def sha256_with(self, configuration: str) -> str:
        """Return the hash of a configuration and of these options, if any is given."""
        if self == ListArguments():
            return configuration
        return hashlib.sha256(f"{configuration} {self}".encode()).hexdigest()


def options_of(given: ListArguments, config: Config) -> ListOptions:
    """Return how to read a list, from the command line and the configuration.

    Raises
    ------
    InputError
        If a word, the start or the zone is not valid.
    """
    named = _labels(given.label, frozenset(config.labels.values()))
    synonyms = config.document.get("markers", {}).get("synonyms", {})
    return ListOptions(
        labels={**LIST_LABELS, **config.labels, **named},
        declared=frozenset({*named, *map(normalise, synonyms)}),
        began=None if given.start is None else read_start(given.start),
        zone=None if given.zone is None else read_zone(given.zone),
        numeric_stages=given.stages == "numeric",
        epoch_s=Decimal(str(given.epoch)),
    )


def _labels(pairs: Sequence[str], known: frozenset[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        word, _, ours = (part.strip() for part in pair.rpartition("="))
        if not word or ours not in known:
            expected = f"expected WORD=TYPE, TYPE one of {', '.join(sorted(known))}"
            raise InputError("--label", f"{pair!r} is not valid", expected)
        found[normalise(word)] = ours
    return found
