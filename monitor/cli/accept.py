"""The command ``accept``: confirm a source that came back in another form."""

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
        if waited_s >= _PATIENCE_S:
            click.echo("Accepted, but the stream is not on the network yet. The recorder keeps searching.")
            break
        pause.wait(_LOOK_EVERY_S)
        waited_s += _LOOK_EVERY_S
    else:
        click.echo("Source accepted; recording continues.")
    client.close()


def _limb(text: str) -> tuple[str, str]:
    name, equals, channel = text.partition("=")
    if not (name and equals and channel):
        raise InputError("--limb", f"{text!r} has no channel", "expected NAME=CH")
    return name, channel
