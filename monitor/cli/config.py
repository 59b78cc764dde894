"""The command ``config``: check, show and list configurations, print their schema.

The JSON schema of a configuration file, for editors that complete and check TOML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

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
    from monitor.model.config import load_config

    checked = load_config(name)
    click.echo(f"{name}: valid (sha256 {checked.sha256[:12]})")


@config.command()
@click.argument("name", default="default", metavar="[F]")
def show(name: str) -> None:
    """Print the complete configuration, defaults included, as JSON."""
    from monitor.model.config import load_config

    click.echo(json.dumps(load_config(name).document, indent=2))


@config.command("list")
def list_() -> None:
    """List the supplied configurations."""
    from monitor.model.config import shipped

    for name, path in shipped().items():
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        click.echo(f"{name:<24} {first.removeprefix('#').strip()}")


@config.command()
def schema() -> None:
    """Print the JSON schema of a configuration, for editors."""
    click.echo(json.dumps(json_schema(), indent=2))


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file; the descriptions are the comments of the reference."""
    from monitor.model.config import shipped
    from monitor.model.config_check import bare_schema
    from monitor.model.config_fields import remarks_on_fields

    schema = bare_schema()
    comments = remarks_on_fields(shipped()["reference"].read_text(encoding="utf-8"))
    _describe(schema, schema, "", comments)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "PLMS Monitor"}


def _describe(schema: dict[str, Any], node: dict[str, Any], name: str, comments: Mapping[str, str]) -> None:
    for key, field in node.get("properties", {}).items():
        dotted = f"{name}.{key}" if name else key
        # The WASM section has the same fields as the AASM one; the reference describes them once.
        description = comments.get(dotted) or comments.get(dotted.replace("rules.wasm2016.", "rules.aasm3."))
        if description:
            field["description"] = description
        inner = field.get("$ref", "").rpartition("/")[2]
        if inner:
            _describe(schema, schema["$defs"][inner], dotted, comments)
