"""Options of all commands that read a scored list, and their meaning: all commands accept the same lists."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from monitor.model.errors import InputError

if TYPE_CHECKING:
    from monitor.files.scored_rows import ListOptions, ScoredList
    from monitor.model.config import Config


@dataclass(frozen=True, slots=True)
class ListArguments:
    """Hold the options of the command line as given."""

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


def list_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for reading a list to a command."""
    options = (
        click.option(
            "--label",
            multiple=True,
            metavar="WORD=TYPE",
            help="Meaning of a word in the list, e.g. LeftLegPhasic=LM_left. Repeatable.",
        ),
        click.option(
            "--stages",
            type=click.Choice(["numeric"]),
            help="numeric: numbers in the list are stages. Default: only where the list itself says so.",
        ),
        click.option(
            "--epoch",
            type=click.FloatRange(min=0, min_open=True, max=600),
            default=30.0,
            show_default=True,
            help="Length of an epoch (s) where the list does not state it.",
        ),
        click.option(
            "--start",
            metavar="TIME",
            help="Start of the recording, e.g. '2026-11-20 22:15:30', for lists with times of day.",
        ),
        click.option(
            "--zone",
            metavar="NAME",
            help="Time zone of these times, e.g. Europe/Berlin, for a night in which the clocks change.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def list_arguments(given: dict[str, Any]) -> ListArguments:
    """Take the options of `list_options` out of the arguments of a command."""
    return ListArguments(**{name: given.pop(name) for name in ("label", "stages", "epoch", "start", "zone")})


def options_of(given: ListArguments, config: Config) -> ListOptions:
    """Return how to read a list, from the command line and the configuration.

    Raises
    ------
    InputError
        If a word, the start or the zone is not valid.
    """
    from monitor.files.scored_clock import read_start, read_zone
    from monitor.files.scored_rows import ListOptions
    from monitor.model.labels import normalise

    named = _labels(given.label, frozenset(config.labels.values()))
    synonyms = config.document.get("markers", {}).get("synonyms", {})
    return ListOptions(
        labels={**config.labels, **named},
        declared=frozenset({*named, *map(normalise, synonyms)}),
        began=None if given.start is None else read_start(given.start),
        zone=None if given.zone is None else read_zone(given.zone),
        numeric_stages=given.stages == "numeric",
        epoch_s=Decimal(str(given.epoch)),
    )


def messages(listed: ScoredList) -> list[str]:
    """Return what the reader ignored, assumed and corrected, each with its number."""
    ignored = [f"ignored: {n} x {label!r} (unknown type)" for label, n in listed.ignored.items()]
    return [*ignored, *listed.notes]


def _labels(pairs: Sequence[str], known: frozenset[str]) -> dict[str, str]:
    from monitor.model.labels import normalise

    found = {}
    for pair in pairs:
        word, _, ours = (part.strip() for part in pair.rpartition("="))
        if not word or ours not in known:
            expected = f"expected WORD=TYPE, TYPE one of {', '.join(sorted(known))}"
            raise InputError("--label", f"{pair!r} is not valid", expected)
        found[normalise(word)] = ours
    return found
