"""The command ``config``: check a configuration, show the whole of it."""

from __future__ import annotations

import json

import click

from monitor.config import load_config


@click.group()
def config() -> None:
    """Check or show a configuration."""


@config.command()
@click.argument("name", default="default", metavar="[F]")
def check(name: str) -> None:
    """Say whether a configuration can be used, with every error of it."""
    checked = load_config(name)
    click.echo(f"{name}: good (sha256 {checked.sha256[:12]})")


@config.command()
@click.argument("name", default="default", metavar="[F]")
def show(name: str) -> None:
    """Print the whole configuration, defaults included, as JSON."""
    click.echo(json.dumps(load_config(name).document, indent=2))
