"""The command ``watch``: record live streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.limits import allocate_sparingly, require_limits, uncollected
from monitor.cli.parameters import Number
from monitor.model.errors import InputError, require_utf8
from monitor.model.units import EXPECTED_UNIT, unit_scale_uv


@click.command()
@click.option("--config", "config_name", metavar="F", help="Configuration: a file or a supplied name.")
@click.option(
    "--stream",
    "streams",
    multiple=True,
    metavar="Q",
    help="Stream to record: name=X, source_id=X, uid=X, pred=XPATH or a name. Repeatable.",
)
@click.option("--bed", default="bed-1", show_default=True, help="Name of the bed.")
@click.option("--study", default="", help="Study code. Do not use a patient name.")
@click.option("--left", metavar="CH", help="Channel of the left leg: label, or #n (counted from 1).")
@click.option("--right", metavar="CH", help="Channel of the right leg.")
@click.option(
    "--unit",
    metavar="U",
    help="Unit of the leg channels if the header has none or a wrong one: uV, mV, V, nV, or the value of one "
    "count, e.g. '0.1 uV'.",
)
@click.option(
    "--rules", type=click.Choice(["aasm3", "wasm2016"]), help="Main rule set; both are always computed."
)
@click.option(
    "--sit",
    is_flag=True,
    help="Suggested immobilisation test: an hour seated and awake, discomfort scores; needs the window.",
)
@click.option("--headless", is_flag=True, help="No window; print a status line in the terminal.")
@click.option(
    "--wait",
    "wait_s",
    type=Number(min=0),
    metavar="S",
    help="Seconds to wait for a stream; unlimited by default.",
)
@click.option(
    "--duration",
    "duration_s",
    type=Number(min=0, min_open=True),
    metavar="S",
    help="Seconds of signal to record; until Ctrl-C or `stop` by default.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Resume the interrupted session of the bed without asking (up to 18 hours old).",
)
@click.option(
    "--sessions", type=click.Path(path_type=Path), metavar="DIR", help="Folder for session folders."
)
def watch(
    *,
    config_name: str | None,
    streams: tuple[str, ...],
    bed: str,
    study: str,
    left: str | None,
    right: str | None,
    unit: str | None,
    rules: str | None,
    sit: bool,
    headless: bool,
    wait_s: float | None,
    duration_s: float | None,
    resume: bool,
    sessions: Path | None,
) -> None:
    """Record live LSL streams and score them.

    Without --stream, the only leg EMG stream on the network is selected. Ctrl-C or `plms-monitor stop
    SESSION` ends the recording.
    """
    if sit and headless:
        raise click.UsageError(
            "--sit needs the window: without it the test cannot be begun. Omit --headless."
        )
    allocate_sparingly()
    require_limits()
    from monitor.cli.window_process import early_window
    from monitor.lsl.discovery import Query
    from monitor.model.config import load_config
    from monitor.model.config_process import begin_reading
    from monitor.session.folder import check_code, default_sessions_dir

    # Options that cannot be used are reported before a window opens.
    if headless:
        reading = begin_reading(config_name, overrides(left, right, unit, rules))
        _load_recorder()
        config = reading()
    else:
        config = load_config(config_name, overrides(left, right, unit, rules))
    queries = [Query.parse(text) for text in streams]
    bed, study = check_code("--bed", bed), check_code("--study", study) if study else ""
    with early_window(headless=headless) as window:
        _load_recorder()
        from monitor.cli.recording import WatchOptions, run_watch

        options = WatchOptions(
            config=config,
            queries=queries,
            bed=bed,
            study=study,
            sessions=sessions or default_sessions_dir(),
            wait_s=wait_s,
            duration_s=duration_s,
            resume=resume,
            is_sit=sit,
        )
        run_watch(options, window)


def _load_recorder() -> None:
    with uncollected():
        import monitor.cli.recording  # noqa: F401


def overrides(
    left: str | None, right: str | None, unit: str | None, rules: str | None
) -> dict[str, dict[str, Any]]:
    """Convert the options that set configuration fields.

    If one leg is given, the other one is not scored unless it is given too.
    """
    if unit and unit_scale_uv(unit) is None:
        raise InputError("--unit", f"{unit!r} is not a unit", EXPECTED_UNIT)
    require_utf8("--left", left)
    require_utf8("--right", right)
    if left and left == right:
        raise InputError("--left and --right", f"are both {left!r}", "expected two different channels")
    if left is not None or right is not None:
        left, right = left or "", right or ""
    return {"legs": {"left": left, "right": right, "unit": unit}, "rules": {"main_profile": rules}}
