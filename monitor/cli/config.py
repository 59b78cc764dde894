"""The command ``config``: check, show and list configurations, print their schema."""

from __future__ import annotations

import json

import click


@click.group()
def config() -> None:
    """Check, show or list configurations.

    F is a file or the name of a supplied configuration (`config list`).
    """


@config.command()
@click.argument("name", default="default", metavar="[F]")
def check(name: str) -> None:
    """Check a configuration; report every error with its line."""
    from monitor.config import load_config

    checked = load_config(name)
    click.echo(f"{name}: valid (sha256 {checked.sha256[:12]})")


@config.command()
@click.argument("name", default="default", metavar="[F]")
def show(name: str) -> None:
    """Print the complete configuration, defaults included, as JSON."""
    from monitor.config import load_config

    click.echo(json.dumps(load_config(name).document, indent=2))


@config.command("list")
def list_() -> None:
    """List the supplied configurations."""
    from monitor.config import shipped

    for name, path in shipped().items():
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        click.echo(f"{name:<24} {first.removeprefix('#').strip()}")


@config.command()
def schema() -> None:
    """Print the JSON schema of a configuration, for editors."""
    from monitor.config_schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
