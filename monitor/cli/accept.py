"""The command ``accept``: say that a source which came back in another form is the right one."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from monitor.control import ControlClient
from monitor.errors import InputError
from monitor.session.folder import SessionFolder

_PATIENCE_S = 20.0
_LOOK_EVERY_S = 0.2


@click.command()
@click.argument("session", type=click.Path(path_type=Path))
@click.option("--left", metavar="CH", help="Channel of the left leg now: its label, or #n counted from 1.")
@click.option("--right", metavar="CH", help="Channel of the right leg now.")
@click.option(
    "--limb", "limbs", metavar="NAME=CH", multiple=True, help="Channel of another limb; repeatable."
)
@click.option("--unit", metavar="U", help="Unit of the legs, where the header is silent or wrong.")
@click.option(
    "--stream",
    metavar="Q",
    help="The stream that stands for it now: uid=X, name=X, source_id=X, pred=XPATH or a bare name.",
)
@click.option("--source", metavar="NAME", help="Which source, where several are waited for.")
@click.option("--author", metavar="WHO", help="Who says so; kept in the journal.")
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
    """Tell the running recording of SESSION to take a source that it waits for.

    A source that comes back with other channels, or beside another of its name, is not taken by itself. What
    is said here is noted in the journal, and the recording goes on in the same session.
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
        if waited_s >= _PATIENCE_S:
            click.echo("Noted; it has not been found yet, and is looked for.")
            break
        pause.wait(_LOOK_EVERY_S)
        waited_s += _LOOK_EVERY_S
    else:
        click.echo("Taken: the recording goes on.")
    client.close()


def _limb(text: str) -> tuple[str, str]:
    name, equals, channel = text.partition("=")
    if not (name and equals and channel):
        raise InputError("--limb", f"{text!r} names no channel", "use NAME=CH")
    return name, channel
