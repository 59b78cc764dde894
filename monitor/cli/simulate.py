"""The command ``simulate``: a simulated amplifier as an outlet, or its signal as a file."""

from __future__ import annotations

import math
from pathlib import Path

import click

from monitor.cli.parameters import Number, WholeNumber
from monitor.model.errors import InputError
from monitor.simulator.conditions import CONDITIONS, MEANING, Condition
from monitor.simulator.schedule import PROFILES, WHOLE_NIGHTS, Profile

_ENDLESS_FILE_HOURS = 1.0
# click does not wrap a paragraph after \b: one line per condition.
_MEANINGS = "\b\nConditions:\n" + "".join(f"  {name:15}{words}\n" for name, words in MEANING.items())


@click.command(epilog=_MEANINGS)
@click.option(
    "--seed", type=WholeNumber(min=0), default=1, show_default=True, help="Seed of the random numbers."
)
@click.option(
    "--rate",
    "rate_hz",
    type=Number(100, 20_000),
    default=500.0,
    show_default=True,
    help="Samples per second.",
)
@click.option(
    "--hours",
    type=Number(min=0, min_open=True, max=1000),
    help="Length of the signal. Default: 8 with profile night or healthy, else 1 for a file, unlimited for a "
    "stream.",
)
@click.option(
    "--speed",
    type=Number(1, 60),
    default=1.0,
    show_default=True,
    help="Seconds of signal per second of real time (streams only).",
)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="demo",
    show_default=True,
    help="Course of the recording: all kinds of events in ten minutes, a night with PLMS, one of a healthy "
    "sleeper, or rest without movements.",
)
@click.option(
    "--ecg-leak",
    "ecg_leak_uv",
    type=Number(0, 200),
    default=3.0,
    show_default=True,
    help="Amplitude of the ECG R wave in the leg channels (uV).",
)
@click.option(
    "--condition",
    "conditions",
    type=click.Choice(CONDITIONS),
    multiple=True,
    help="Disturbance of the signal. Repeatable. The truth table remains exact.",
)
@click.option(
    "--eeg", is_flag=True, help="Also send simulated EEG, EOG and chin EMG, for tests of sleep staging."
)
@click.option("--wait-for-receiver", is_flag=True, help="Start when the first receiver connects.")
@click.option(
    "--edf", type=click.Path(dir_okay=False, path_type=Path), help="Write this EDF+ file instead of sending."
)
@click.option(
    "--truth",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write this table of the true movements (TSV) instead of sending.",
)
def simulate(
    *,
    seed: int,
    rate_hz: float,
    hours: float | None,
    speed: float,
    profile: Profile,
    ecg_leak_uv: float,
    conditions: tuple[Condition, ...],
    eeg: bool,
    wait_for_receiver: bool,
    edf: Path | None,
    truth: Path | None,
) -> None:
    """Send or write the signal of a simulated amplifier.

    It has two leg channels and an ECG; a marker stream carries sleep stages and events. Sending continues to
    the end of the signal or Ctrl-C. With --edf or --truth files are written instead.
    """
    from monitor.simulator.amplifier import (
        EMG_STREAM_NAME,
        MARKER_STREAM_NAME,
        AmplifierSettings,
        stream_amplifier,
    )
    from monitor.simulator.file_output import write_edf, write_truth
    from monitor.simulator.pacing import stopping_on_signals

    if edf is not None or truth is not None:
        for option, path in (("--edf", edf), ("--truth", truth)):
            if path is not None and path.exists() and path.stat().st_size:
                raise InputError(option, f"{path} exists and is not replaced", "name a new file")
        if edf == truth:
            raise InputError("--edf and --truth", f"are both {edf}", "expected two different files")
        if wait_for_receiver:
            raise InputError("--wait-for-receiver", "given with --edf or --truth", "a file has no receiver")
        if speed != 1:
            raise InputError("--speed", f"{speed:g} with --edf or --truth", "speed applies to streams only")
        if hours is None and profile not in WHOLE_NIGHTS:
            hours = _ENDLESS_FILE_HOURS
    settings = AmplifierSettings(
        seed, rate_hz, profile, speed, hours, ecg_leak_uv, wait_for_receiver, conditions, eeg
    )
    if truth is not None:
        schedule = settings.schedule()
        write_truth(truth, schedule.truth(math.inf))
        click.echo(f"Wrote {truth}", err=True)
    if edf is not None:
        write_edf(edf, settings)
        click.echo(f"Wrote {edf}", err=True)
    if edf is None and truth is None:
        with stopping_on_signals() as stop:
            click.echo(
                f"Sending the simulated streams {EMG_STREAM_NAME} ({rate_hz:g} Hz, seed {seed}) and "
                f"{MARKER_STREAM_NAME} (stages, events). Press Ctrl-C to end.",
                err=True,
            )
            stream_amplifier(settings, stop)
