"""The command ``guide``: the user's guide, one page a topic."""

from __future__ import annotations

from importlib import resources

import click

_PAGES = resources.files("monitor") / "guide"


def topics() -> list[str]:
    """Return the names of the pages."""
    return sorted(page.name.removesuffix(".md") for page in _PAGES.iterdir() if page.name.endswith(".md"))


def page(topic: str) -> str:
    """Return the text of a page."""
    return (_PAGES / f"{topic}.md").read_text(encoding="utf-8")


def summary_line(topic: str) -> str:
    """Return what a page is about: the line below its title."""
    return page(topic).splitlines()[2]


@click.command()
@click.argument("topic", type=click.Choice(topics()), required=False, metavar="[TOPIC]")
def guide(topic: str | None) -> None:
    """Show the user's guide.

    Without TOPIC: list the topics. In a terminal a page is shown in the pager ($PAGER).
    """
    if topic is not None:
        click.echo_via_pager(page(topic))
        return
    for name in topics():
        click.echo(f"{name:<14}{summary_line(name)}")
    click.echo("\nShow a topic: plms-monitor guide TOPIC")
