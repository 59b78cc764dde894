"""The command ``streams``: the LSL streams on the network and their interpretation."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.parameters import Number

if TYPE_CHECKING:
    from monitor.montage import Reading, StreamDescription


@click.command()
@click.option(
    "--wait",
    "wait_s",
    type=Number(0, 3600),
    default=2.0,
    show_default=True,
    help="Seconds to search.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def streams(wait_s: float, as_json: bool) -> None:
    """List the LSL streams on the network.

    Each is listed with its interpretation: channels, units, rate, leg channels, what is missing and the
    option that supplies it. What monitors publish themselves is not listed.
    """
    from monitor.lsl.discovery import Finder, is_of_monitor
    from monitor.model.config import MontageWish
    from monitor.montage import read_montage
    from monitor.recorder.stream_selection import listing

    finder = Finder(measure=True)
    threading.Event().wait(wait_s)
    found = [each for each in finder.found() if not is_of_monitor(each[1])]
    wish = MontageWish()
    if as_json:
        rows = [_row(stream, read_montage(stream, wish)) for _, stream in found]
        click.echo(json.dumps(rows, indent=2))
        return
    if not found:
        click.echo("No stream found. Check the LSL output of the amplifier and the network connection.")
    for line in listing(found, wish):
        click.echo(line.removeprefix("  "))


def _row(stream: StreamDescription, reading: Reading) -> dict[str, Any]:
    """Return a stream, its interpretation and a matching configuration as JSON types."""
    from monitor.montage import configuration_lines, stream_record

    return stream_record(stream, reading) | {"configuration": configuration_lines(stream, reading)}
