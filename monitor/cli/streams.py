"""The command ``streams``: what is on LSL now, and what the monitor makes of it."""

from __future__ import annotations

import json
import threading
from typing import Any

import click

from monitor.montage import (
    MontageWish,
    Reading,
    StreamDescription,
    configuration_lines,
    read_montage,
    stream_record,
)


@click.command()
@click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0), default=2.0, show_default=True, help="Seconds to look."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def streams(wait_s: float, as_json: bool) -> None:
    """List the streams on the network, each with the monitor's reading of it."""
    from monitor.lsl.find import Finder
    from monitor.recorder.lobby import listing

    finder = Finder(measure=True)
    threading.Event().wait(wait_s)
    found = finder.found()
    wish = MontageWish()
    if as_json:
        rows = [_row(stream, read_montage(stream, wish)) for _, stream in found]
        click.echo(json.dumps(rows, indent=2))
        return
    if not found:
        click.echo(
            "There is no stream on the network. Is the amplifier's LSL output on, and this network its own?"
        )
    for line in listing(found, wish):
        click.echo(line.removeprefix("  "))


def _row(stream: StreamDescription, reading: Reading) -> dict[str, Any]:
    """Put a stream, its reading and the configuration that would settle it in JSON's own types."""
    return stream_record(stream, reading) | {"configuration": configuration_lines(stream, reading)}
