"""Options of the commands that score recordings, and the list beside each file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.watch import overrides
from monitor.model.errors import InputError

if TYPE_CHECKING:
    from monitor.model.config import Config

_SIDECAR = "{}_events.tsv"


def scoring_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of how recordings are read and scored to a command."""
    options = (
        click.option(
            "--config", "config_name", metavar="F", help="Configuration: a file or a supplied name."
        ),
        click.option(
            "--events",
            type=click.Path(path_type=Path),
            metavar="LIST",
            help="Stages, events and lights of one FILE, used instead of its annotations; any form that "
            "score-events reads. Default: <stem>_events.tsv beside FILE, if it exists.",
        ),
        click.option("--left", metavar="CH", help="Channel of the left leg: label, or #n (counted from 1)."),
        click.option("--right", metavar="CH", help="Channel of the right leg."),
        click.option(
            "--unit", metavar="U", help="Unit of the leg channels if the file has none or a wrong one."
        ),
        click.option(
            "--rules",
            type=click.Choice(["aasm3", "wasm2016"]),
            help="Main rule set; both are always computed.",
        ),
        click.option(
            "--stage",
            "staged",
            type=click.Choice(["auto"]),
            help="auto: estimate sleep stages from the EEG where none was scored (extra `staging`).",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def scoring_config(given: dict[str, Any]) -> Config:
    """Take the options of the configuration out of the arguments of a command.

    Raises
    ------
    InputError
        If the configuration or a value is invalid.
    """
    from monitor.model.config import load_config

    name, staged = given.pop("config_name"), given.pop("staged")
    wanted = overrides(*(given.pop(key) for key in ("left", "right", "unit", "rules")))
    return load_config(name, wanted | {"staging": {"of_files": True if staged else None}})


def lists_of(files: Sequence[Path], given: Path | None) -> list[Path | None]:
    """Return the list of each file: the given one, or the one beside the file."""
    if given is not None:
        if len(files) > 1:
            remedy = f"place each list beside its file as {_SIDECAR.format('<stem>')}"
            raise InputError("--events", f"applies to one FILE, {len(files)} were given", remedy)
        return [given]
    # A path without a name ("." and "/") is a folder; that no folder is scored is said when it is read.
    beside = [file.with_name(_SIDECAR.format(file.stem)) if file.name else None for file in files]
    return [path if path is not None and _is_file(path) else None for path in beside]


def _is_file(path: Path) -> bool:
    """Return whether there is such a file; in a folder that cannot be read its FILE fails alone."""
    try:
        return path.is_file()
    except OSError:
        return False
