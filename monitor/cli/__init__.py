"""The command line: the one place where all parts are put together."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click
from click.shell_completion import CompletionItem

from monitor import __version__
from monitor.errors import MonitorError

_COMMANDS = {
    "accept": "monitor.cli.accept:accept",
    "compare": "monitor.cli.compare:compare",
    "demo": "monitor.cli.demo:demo",
    "doctor": "monitor.cli.doctor:doctor",
    "config": "monitor.cli.config:config",
    "export": "monitor.cli.export:export",
    "recover": "monitor.cli.recover:recover",
    "replay": "monitor.cli.replay:replay",
    "report": "monitor.cli.report:report",
    "review": "monitor.cli.review:review",
    "score": "monitor.cli.score:score",
    "score-events": "monitor.cli.score_events:score_events",
    "simulate": "monitor.cli.simulate:simulate",
    "stop": "monitor.cli.stop:stop",
    "streams": "monitor.cli.streams:streams",
    "ward": "monitor.cli.ward:ward",
    "watch": "monitor.cli.watch:watch",
}


class _Group(click.Group):
    """Load a command only when it is asked for: `score-events` needs no LSL, `stop` no compiler."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        # Names alone: with their help all of the program would be loaded at each press of Tab.
        names = [CompletionItem(name) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MonitorError as err:
            click.echo(f"plms-monitor: {err}", err=True)
            sys.exit(err.exit_code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="plms-monitor")
def cli() -> None:
    """Live scoring of periodic limb movements. It informs; it is not a medical device and never diagnoses."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="plms-monitor")
