"""The command ``replay``: a recording as an outlet."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.errors import InputError
from monitor.recordings import Recording, read_recording
from monitor.recordings.growing import GrowingEdf
from monitor.sources.follow import follow_recording
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
@click.option("--follow", is_flag=True, help="FILE is an EDF or BDF still being written: send its end.")
@click.option(
    "--delay",
    "delay_s",
    type=click.FloatRange(min=0.1, max=600),
    default=15.0,
    show_default=True,
    help="With --follow: seconds behind the file's end. Longer than its writer waits between two writes.",
)
def replay(file: Path, speed: float, follow: bool, delay_s: float) -> None:
    """Send an EDF, EDF+, BDF or XDF recording over LSL, its annotations as markers.

    Begins when the first receiver connects and ends a little after the last sample, or with Ctrl-C.
    """
    if follow:
        _follow(file, speed, delay_s)
        return
    recording = read_recording(file)
    _describe(recording)
    with stopping_on_signals() as stop:
        click.echo("Waiting for a receiver. Ctrl-C ends it.", err=True)
        replay_recording(recording, speed, stop)


def _follow(file: Path, speed: float, delay_s: float) -> None:
    if speed != 1:
        raise InputError("--speed", f"{speed:g} with --follow", "what is being recorded has its own pace")
    growing = GrowingEdf(file)
    if not growing.records:
        raise InputError(str(file), "holds no whole data record yet", "start again when it does")
    _describe(growing.read(0, 1))
    with stopping_on_signals() as stop:
        click.echo("Waiting for a receiver. Ctrl-C ends it.", err=True)
        begin_s = follow_recording(growing, delay_s, stop, lambda text: click.echo(text, err=True))
        click.echo(f"Sent from {begin_s:g} s of the recording on.", err=True)


def _describe(recording: Recording) -> None:
    for note in recording.notes:
        click.echo(note, err=True)
    for stream in recording.streams:
        size = f"{len(stream.channels)} channels, {stream.rate_hz:g} Hz, {stream.sample_n} samples"
        click.echo(f"{stream.name} ({stream.type}): {size}", err=True)
