"""The argument SESSION: a session folder, or its name in the default folder.

The command ``accept``: confirm a source that came back in another form.

The command ``stop``: end a running recording.

The command ``recover``: repair and close a session after a crash or a disk error.

The command ``export``: write a session for other programs.

The command ``report``: write the report of a session.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from monitor.model.errors import InputError, MonitorError
from monitor.model.facts import Fact
from monitor.model.wording import counted
from monitor.session.control import ControlClient
from monitor.session.damage import damage_words
from monitor.session.folder import SessionFolder, default_sessions_dir
from monitor.session.wall_time import clock_text


class SessionPath(click.Path):
    """A session folder; a name that does not exist here is looked up in the default sessions folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the folder; it is validated when it is opened."""
        path = Path(str(super().convert(value, param, ctx)))
        if path.name != str(path) or path.exists():
            return path
        try:
            usual = default_sessions_dir() / path
        except InputError:
            return path
        return usual if SessionFolder(usual).journal.exists() else path

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the sessions in the default folder, newest first, else folders."""
        with contextlib.suppress(InputError):
            found = sorted(default_sessions_dir().glob(f"{incomplete}*/journal.jsonl"), reverse=True)
            if found and "/" not in incomplete:
                return [CompletionItem(each.parent.name) for each in found]
        return super().shell_complete(ctx, param, incomplete)


_ACCEPT_PATIENCE_S = 20.0
_ACCEPT_LOOK_EVERY_S = 0.2


@click.command()
@click.argument("session", type=SessionPath())
@click.option("--left", metavar="CH", help="Channel of the left leg: label, or #n (counted from 1).")
@click.option("--right", metavar="CH", help="Channel of the right leg.")
@click.option(
    "--limb", "limbs", metavar="NAME=CH", multiple=True, help="Channel of another limb. Repeatable."
)
@click.option("--unit", metavar="U", help="Unit of the leg channels if the header has none or a wrong one.")
@click.option(
    "--stream",
    metavar="Q",
    help="Stream that replaces the source: uid=X, name=X, source_id=X, pred=XPATH or a name.",
)
@click.option("--source", metavar="NAME", help="Source to confirm, if the recording waits for several.")
@click.option("--author", metavar="WHO", help="Name of the person who confirms; written to the journal.")
def accept(
    *,
    session: Path,
    left: str | None,
    right: str | None,
    limbs: tuple[str, ...],
    unit: str | None,
    stream: str | None,
    source: str | None,
    author: str | None,
) -> None:
    """Confirm a source that came back with other channels.

    The recording of SESSION waits if a source comes back with other channels, or if two streams match it.
    This command assigns the channels; the decision is written to the journal and recording continues in
    the same session.
    """
    request = {
        "do": "accept_source",
        "left": left,
        "right": right,
        "limbs": dict(_limb(text) for text in limbs),
        "unit": unit,
        "stream": stream,
        "source": source,
        "author": author,
    }
    folder = SessionFolder.open(session)
    client = ControlClient(folder)
    client.ask({key: value for key, value in request.items() if value})
    pause, waited_s = threading.Event(), 0.0
    while not all(each["connected"] for each in client.ask({"do": "status"})["sources"]):
        if waited_s >= _ACCEPT_PATIENCE_S:
            click.echo("Accepted, but the stream is not on the network yet. The recorder keeps searching.")
            break
        pause.wait(_ACCEPT_LOOK_EVERY_S)
        waited_s += _ACCEPT_LOOK_EVERY_S
    else:
        click.echo("Source accepted; recording continues.")
    client.close()


def _limb(text: str) -> tuple[str, str]:
    name, equals, channel = text.partition("=")
    if not (name and equals and channel):
        raise InputError("--limb", f"{text!r} has no channel", "expected NAME=CH")
    return name, channel


_STOP_PATIENCE_S = 60.0
_STOP_LOOK_EVERY_S = 0.1


@click.command()
@click.argument("session", type=SessionPath())
def stop(session: Path) -> None:
    """End a running recording.

    Returns when the tables of SESSION are written.
    """
    folder = SessionFolder.open(session)
    client = ControlClient(folder)
    client.ask({"do": "stop"})
    client.close()
    pause = threading.Event()
    waited_s = 0.0
    # The recorder removes this file last, when everything is on disk.
    while folder.control.exists():
        if waited_s >= _STOP_PATIENCE_S:
            raise MonitorError(
                f"{session}: the recorder received the stop request but did not end within "
                f"{_STOP_PATIENCE_S:g} s; look at the terminal of `watch`: it may still write data"
            )
        pause.wait(_STOP_LOOK_EVERY_S)
        waited_s += _STOP_LOOK_EVERY_S
    click.echo(f"Recording ended. Session saved in {folder.path}")


# Closed with damage: neither success (0) nor an error (2 invalid input, 3 a missing requirement).
DAMAGED = 4


@click.command()
@click.argument("session", type=SessionPath())
def recover(session: Path) -> None:
    """Repair and close a session after a crash or a disk error.

    Reports what SESSION contains, uses everything that can be read, writes the tables and closes the session.
    The original of a damaged file is kept in the session folder. Exit code 0: nothing is missing except the
    end of the last write. Exit code 4: the session is closed, and parts of it are damaged or missing.
    """
    from monitor.session.recovery import recover as recover_session

    folder = SessionFolder.open(session)
    done = recover_session(folder)
    found = done.found
    lost = [fact for fact in found.state.facts("damaged") if fact in found.damaged or fact.data.get("n") != 0]
    if lost:
        is_complete = all(fact.data.get("n") == 0 for fact in lost)
        what = "every fact could be read and is used" if is_complete else "parts of it could not be read"
        when = "" if found.damaged else " The damage was repaired earlier."
        click.echo(f"DAMAGED: files of this session were damaged; {what}.{when}")
    # Samples were received, so there was a recording.
    is_missing = not folder.recording.exists() and bool(found.state.facts("anchor"))
    if is_missing:
        what = "the signal cannot be shown, exported or scored again"
        click.echo(f"DAMAGED: {folder.recording.name} is missing; {what}.")
    for fact in lost:
        click.echo(f"  {_line(fact)}")
    for name, cut in (("journal", found.journal_cut_bytes), ("recording", found.recording_cut_bytes)):
        if cut:
            what = "line" if name == "journal" else "chunk"
            click.echo(
                f"The last {what} of the {name} was incomplete (a torn {what}): "
                f"{counted(cut, 'byte')} cut off and kept in a separate file."
            )
    for name, copy in found.kept.items():
        click.echo(f"  {name}: the original bytes are in {copy}")
    if done.set_aside:
        click.echo(done.set_aside)
    click.echo(f"{counted(found.n_facts, 'fact')}, {done.recorded_s / 3600:.2f} h recorded.")
    if done.was_open:
        click.echo("The session had not been ended; it is closed now.")
    else:
        rewritten = ", ".join(found.kept)
        click.echo(f"The session had ended already{'; rewritten: ' + rewritten if rewritten else ''}.")
    click.echo(f"Tables written in {folder.path}")
    if lost or is_missing:
        sys.exit(DAMAGED)


def _line(fact: Fact) -> str:
    """Describe what is missing: which facts or signal, and when."""
    data = fact.data
    span = ""
    if fact.t is not None and data.get("end") is not None:
        span = f", {clock_text(fact.t)} to {clock_text(data['end'])}"
    is_numbered = data.get("n") is not None and data.get("from_seq") is not None
    numbers = f" (seq {data['from_seq']} to {data['to_seq']})" if is_numbered else ""
    bytes_ = f", {counted(data['bytes'], 'byte')}" if data.get("bytes") else ""
    return f"{data['what']}: {damage_words(data)}{numbers}{span}{bytes_}"


_FORMATS = ("edf", "bids", "csv", "xdf")


@click.command()
@click.argument("session", type=SessionPath())
@click.option("--format", "form", type=click.Choice(_FORMATS), required=True, help="File format.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Output folder.")
@click.option("--all-channels", is_flag=True, help="EDF: include all channels, not only the legs.")
def export(session: Path, form: str, out: Path, all_channels: bool) -> None:
    """Write a session as EDF+, BIDS, CSV or XDF.

    SESSION is not changed. BIDS adds the session to a dataset; CSV writes tables.
    """
    # Imported here: readers and the compiler cost two seconds.
    from monitor.outputs.exports import export_session

    if all_channels and form != "edf":
        raise InputError("--all-channels", f"given with --format {form}", "it is for --format edf only")
    done = export_session(session, form, out, all_channels=all_channels)  # type: ignore[arg-type]
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    for path in done.files:
        click.echo(path)


@click.command()
@click.argument("session", type=SessionPath())
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="F.pdf|F.html", help="Output file."
)
def report(session: Path, out: Path) -> None:
    """Write the report of a session as PDF or HTML.

    SESSION may be finished or running.
    """
    # Imported here: page layout and plotting libraries cost a second.
    from monitor.outputs.report import write_report

    write_report(session, out)
    click.echo(f"Written: {out}")
