"""The command ``watch``: record a night."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.config import load_config
from monitor.lsl.find import Query
from monitor.session.folder import check_code, default_sessions_dir


@click.command()
@click.option("--config", "config_name", metavar="F", help="Configuration: a path or a shipped name.")
@click.option(
    "--stream",
    "streams",
    multiple=True,
    metavar="Q",
    help="name=X, source_id=X, uid=X, pred=XPATH or a bare name; repeatable.",
)
@click.option("--bed", default="bed-1", show_default=True, help="Name of the bed.")
@click.option("--study", default="", help="Study code; no name of a patient.")
@click.option("--left", metavar="CH", help="Channel of the left leg: its label, or #n counted from 1.")
@click.option("--right", metavar="CH", help="Channel of the right leg.")
@click.option(
    "--unit",
    metavar="U",
    help="Unit of the legs where the header is silent or wrong: uV, mV, V, nV, or a count's step: '0.1 uV'.",
)
@click.option(
    "--rules", type=click.Choice(["aasm3", "wasm2016"]), help="Main profile; both are always computed."
)
@click.option("--headless", is_flag=True, help="No window: a status line in the terminal.")
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(min=0),
    metavar="S",
    help="Seconds to wait for a stream; for ever by default.",
)
@click.option(
    "--duration",
    "duration_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Seconds of signal to record.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the bed's session if it was cut off in this night, without asking.",
)
@click.option("--sessions", type=click.Path(path_type=Path), metavar="DIR", help="Where session folders go.")
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
    headless: bool,
    wait_s: float | None,
    duration_s: float | None,
    resume: bool,
    sessions: Path | None,
) -> None:
    """Record a night from a live LSL stream and keep the running index.

    Ctrl-C, or `plms-monitor stop SESSION`, ends it cleanly.
    """
    from monitor.cli.recording import WatchOptions, run_watch

    options = WatchOptions(
        config=load_config(config_name, overrides(left, right, unit, rules)),
        queries=[Query.parse(text) for text in streams],
        bed=check_code("--bed", bed),
        study=check_code("--study", study) if study else "",
        sessions=sessions or default_sessions_dir(),
        wait_s=wait_s,
        duration_s=duration_s,
        resume=resume,
    )
    run_watch(options, headless=headless)


def overrides(
    left: str | None, right: str | None, unit: str | None, rules: str | None
) -> dict[str, dict[str, Any]]:
    """Put the options that stand for fields of the configuration into its form.

    Naming either leg names both: a leg that is not named is then not scored.
    """
    if left is not None or right is not None:
        left, right = left or "", right or ""
    return {"legs": {"left": left, "right": right, "unit": unit}, "rules": {"main_profile": rules}}
