"""The command ``replay``: send a recorded file over LSL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.parameters import Number
from monitor.model.errors import InputError
from monitor.model.wording import counted

if TYPE_CHECKING:
    from monitor.files import Recording

_DELAY_S = 15.0
_WAITING = "Waiting for a receiver. Press Ctrl-C to end."


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--speed",
    type=Number(1, 60),
    default=1.0,
    show_default=True,
    help="Seconds of recording per second of real time.",
)
@click.option("--follow", is_flag=True, help="Send an EDF or BDF file while it is being written.")
@click.option(
    "--delay",
    "delay_s",
    type=Number(min=0.1, max=600),
    show_default=f"{_DELAY_S}",
    help="With --follow: seconds behind the end of the file; must exceed the interval between two writes.",
)
def replay(file: Path, speed: float, follow: bool, delay_s: float | None) -> None:
    """Send a recorded file over LSL.

    FILE is EDF, EDF+, BDF or XDF; its annotations are sent as markers. Sending starts when the first receiver
    connects and ends shortly after the last sample, or with Ctrl-C.
    """
    from monitor.files import read_recording
    from monitor.files.recording_markers import recording_markers
    from monitor.simulator.pacing import stopping_on_signals
    from monitor.simulator.replay import replay_recording

    if follow:
        _follow(file, speed, _DELAY_S if delay_s is None else delay_s)
        return
    if delay_s is not None:
        raise InputError(
            "--delay", f"{delay_s:g} without --follow", "a complete file is sent without a delay"
        )
    recording = read_recording(file)
    _describe(recording, has_markers=bool(recording_markers(recording.annotations)))
    with stopping_on_signals() as stop:
        click.echo(_WAITING, err=True)
        replay_recording(recording, speed, stop)


def _follow(file: Path, speed: float, delay_s: float) -> None:
    if speed != 1:
        raise InputError(
            "--speed", f"{speed:g} with --follow", "a file that is being written is sent at speed 1"
        )
    from monitor.files.growing_edf import GrowingEdf
    from monitor.simulator.follow_file import follow_recording
    from monitor.simulator.pacing import stopping_on_signals

    growing = GrowingEdf(file)
    if not growing.records:
        raise InputError(str(file), "has no complete data record yet", "start again when it has one")
    # Whether markers follow is not known yet: their stream is created in any case.
    _describe(growing.read(0, 1), has_markers=True)
    with stopping_on_signals() as stop:
        click.echo(_WAITING, err=True)
        begin_s = follow_recording(growing, delay_s, stop, lambda text: click.echo(text, err=True))
        click.echo(f"Sent the recording from {begin_s:g} s.", err=True)


def _describe(recording: Recording, *, has_markers: bool) -> None:
    from monitor.simulator.replay import marker_header

    for note in recording.notes:
        click.echo(note, err=True)
    for stream in recording.streams:
        size = f"{counted(len(stream.channels), 'channel')}, {stream.rate_hz:g} Hz, {stream.sample_n} samples"
        click.echo(f"{stream.name} ({stream.type}): {size}", err=True)
    if has_markers:
        header = marker_header(recording, 1.0)
        click.echo(f"{header.name} ({header.type}): the annotations", err=True)
