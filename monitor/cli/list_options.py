"""Options of all commands that read a scored list, and their meaning: all commands accept the same lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.parameters import Number

if TYPE_CHECKING:
    from monitor.files.list_arguments import ListArguments
    from monitor.files.scored_rows import ScoredList


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
            type=Number(min=0, min_open=True, max=600),
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
    from monitor.files.list_arguments import ListArguments

    return ListArguments(**{name: given.pop(name) for name in ("label", "stages", "epoch", "start", "zone")})


def messages(listed: ScoredList) -> list[str]:
    """Return what the reader ignored, assumed and corrected, each with its number."""
    ignored = [f"ignored: {n} x {label!r} (unknown type)" for label, n in listed.ignored.items()]
    return [*ignored, *listed.notes]
