"""The command ``config``: check a configuration, show the whole of it, list those that come along."""

from __future__ import annotations

import json

import click

from monitor.config import load_config, shipped
from monitor.config_schema import json_schema


@click.group()
def config() -> None:
    """Check, show or list configurations. F is a file, or the name of one that comes with the program."""


@config.command()
@click.argument("name", default="default", metavar="[F]")
def check(name: str) -> None:
    """Say whether a configuration can be used, with every error of it and its line."""
    checked = load_config(name)
    click.echo(f"{name}: good (sha256 {checked.sha256[:12]})")


@config.command()
@click.argument("name", default="default", metavar="[F]")
def show(name: str) -> None:
    """Print the whole configuration, defaults included, as JSON."""
    click.echo(json.dumps(load_config(name).document, indent=2))


@config.command("list")
def list_() -> None:
    """List the configurations that come with the program, with their first line."""
    for name, path in shipped().items():
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        click.echo(f"{name:<24} {first.removeprefix('#').strip()}")


@config.command()
def schema() -> None:
    """Print the JSON schema of a configuration, for editors that complete and check TOML."""
    click.echo(json.dumps(json_schema(), indent=2))
