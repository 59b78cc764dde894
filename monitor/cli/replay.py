"""The command ``replay``: a recording as an outlet."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.recordings import read_recording
from monitor.sources.pacing import stopping_on_signals
from monitor.sources.replay import replay_recording


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--speed",
    type=click.FloatRange(1, 60),
    default=1.0,
    show_default=True,
    help="Seconds of recording per second.",
)
def replay(file: Path, speed: float) -> None:
    """Send an EDF, EDF+, BDF or XDF recording over LSL, its annotations as markers.

    Begins when the first receiver connects and ends a little after the last sample, or with Ctrl-C.
    """
    recording = read_recording(file)
    for note in recording.notes:
        click.echo(note, err=True)
    for stream in recording.streams:
        size = f"{len(stream.channels)} channels, {stream.rate_hz:g} Hz, {stream.sample_n} samples"
        click.echo(f"{stream.name} ({stream.type}): {size}", err=True)
    with stopping_on_signals() as stop:
        click.echo("Waiting for a receiver. Ctrl-C ends it.", err=True)
        replay_recording(recording, speed, stop)
