"""``python -m monitor.dashboard SESSION``: the window alone, without the recorder."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from monitor.dashboard.shell.display import load_qt, use_display_that_answers, why_no_window
from monitor.model.errors import InputError, MissingError, MonitorError
from monitor.model.process_end import ended_beside_threads


@click.command()
@click.argument("session", required=False, type=click.Path(path_type=Path))
@click.option(
    "--lobby", type=click.Path(path_type=Path), metavar="CONTACT", help="Start screen of a recorder."
)
@click.option("--file", "is_file", is_flag=True, help="SESSION is a recording; its scoring comes on stdin.")
@click.option("--theme", "theme_name", help="night, red or day; default: as last used on this bed.")
@click.option(
    "--screenshot", "picture", type=click.Path(path_type=Path), metavar="F", help="Render and quit."
)
@click.option("--size", default="1920x1080", show_default=True, metavar="WxH", help="Size of the screenshot.")
@click.option(
    "--after", "after_s", default=3.0, show_default=True, metavar="S", help="Seconds until the screenshot."
)
def main(
    session: Path | None,
    lobby: Path | None,
    is_file: bool,
    theme_name: str | None,
    picture: Path | None,
    size: str,
    after_s: float,
) -> None:
    """Show a session that is running, finished or cut off."""
    if lobby is not None:
        # Until the window is loaded: looking for garbage takes a tenth of that time.
        gc.disable()
    try:
        sys.exit(_run(session, lobby, is_file, theme_name, picture, size, after_s))
    except MonitorError as err:
        click.echo(f"plms-monitor: {err}", err=True)
        sys.exit(err.exit_code)


def _run(
    session: Path | None,
    lobby: Path | None,
    is_file: bool,
    theme_name: str | None,
    picture: Path | None,
    size: str,
    after_s: float,
) -> int:
    if session is not None and lobby is not None:
        raise InputError("SESSION", "and --lobby are both given", "give one of them")
    why = why_no_window()
    if why:
        raise MissingError(why)
    use_display_that_answers()
    try:
        # Imported here: a Qt library that `why_no_window` does not check may be missing.
        load_qt()
        from monitor.dashboard.shell import app
    except ImportError as err:
        raise MissingError(f"The window needs Qt, which cannot be loaded: {err}.") from err
    from monitor.dashboard.theme import theme_named

    try:
        theme = theme_named(theme_name) if theme_name else None
        width, height = (int(part) for part in size.split("x"))
    except ValueError as err:
        raise InputError("--theme or --size", str(err), "night, red or day; WIDTHxHEIGHT") from err
    if lobby is not None:
        return app.run_start_screen(lobby, theme)
    if session is None:
        raise InputError("SESSION", "is missing", "give the path of a session folder")
    if is_file:
        return app.run_file(session, sys.stdin.fileno(), theme)
    if picture is not None:
        return app.screenshot(session, picture, (width, height), theme, after_s)
    return app.run_session(session, theme)


if __name__ == "__main__":
    with ended_beside_threads():
        main()
