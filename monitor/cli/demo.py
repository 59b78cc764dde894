"""The command ``demo``: record the built-in simulated amplifier over LSL."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.limits import require_limits, uncollected
from monitor.cli.parameters import Number, WholeNumber

if TYPE_CHECKING:
    from monitor.cli.window_process import WindowProcess


@click.command()
@click.option("--headless", is_flag=True, help="No window; print a status line in the terminal.")
@click.option(
    "--duration",
    "duration_s",
    type=Number(min=0, min_open=True),
    metavar="S",
    help="Seconds of signal to record; until Ctrl-C by default.",
)
@click.option(
    "--seed", type=WholeNumber(min=0), default=1, show_default=True, help="Seed of the random numbers."
)
@click.option(
    "--speed",
    type=Number(1, 60),
    default=1.0,
    show_default=True,
    help="Seconds of signal per second of real time.",
)
@click.option(
    "--sessions", type=click.Path(path_type=Path), metavar="DIR", help="Folder for session folders."
)
def demo(headless: bool, duration_s: float | None, seed: int, speed: float, sessions: Path | None) -> None:
    """Record a simulated sleeper; no amplifier, no patient.

    The simulated amplifier runs in a process of its own and sends over LSL on the loopback interface.
    """
    require_limits()
    from monitor.cli.window_process import early_window
    from monitor.lsl.library import use_loopback

    # Before the first use of liblsl: no other stream is visible here, and these are not visible elsewhere.
    use_loopback()
    with early_window(headless=headless) as window:
        amplifier = multiprocessing.get_context("spawn").Process(
            target=_send,
            kwargs={"seed": seed, "speed": speed, "profile": "demo", "wait_for_receiver": True},
            name="simulated-amplifier",
            daemon=True,
        )
        amplifier.start()
        click.echo("Simulated amplifier started. The signals are artificial, not from a patient.")
        try:
            _record(window, seed, sessions, duration_s)
        finally:
            amplifier.terminate()
            amplifier.join()


def _send(**simulated: Any) -> None:
    """Run the amplifier, in its process: only there it has to be loaded."""
    from monitor.simulator.amplifier import run_amplifier

    run_amplifier(**simulated)


def _record(window: WindowProcess | None, seed: int, sessions: Path | None, duration_s: float | None) -> None:
    with uncollected():
        from monitor.cli.recording import WatchOptions, run_watch
        from monitor.lsl.discovery import Query
        from monitor.model.config import load_config
        from monitor.session.folder import default_sessions_dir

    options = WatchOptions(
        config=load_config("demo"),
        queries=[Query("source_id", f"plms-sim-emg-{seed}"), Query("name", "PLMS-Sim-Markers")],
        bed="demo",
        study="",
        sessions=sessions or default_sessions_dir(),
        wait_s=60.0,
        duration_s=duration_s,
        resume=False,
        is_demo=True,
    )
    run_watch(options, window)
