"""The command line: it combines all packages."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from monitor import __version__
from monitor.cli.limits import what_ran_out
from monitor.model.errors import MissingError, MonitorError, path_error
from monitor.model.process_end import ended_beside_threads

# Module and name of each command, and its line in the list of commands: the first line of its help.
_COMMANDS = {
    "accept": ("monitor.cli.session:accept", "Confirm a source that came back with other channels."),
    "compare": ("monitor.cli.compare:compare", "Compare two scorings of one or many recordings."),
    "config": ("monitor.cli.config:config", "Check, show or list configurations."),
    "demo": ("monitor.cli.demo:demo", "Record a simulated sleeper; no amplifier, no patient."),
    "doctor": ("monitor.cli.doctor:doctor", "Check whether this computer can record."),
    "export": ("monitor.cli.session:export", "Write a session as EDF+, BIDS, CSV or XDF."),
    "guide": ("monitor.cli.guide:guide", "Show the user's guide."),
    "recover": ("monitor.cli.session:recover", "Repair and close a session after a crash or a disk error."),
    "replay": ("monitor.cli.replay:replay", "Send a recorded file over LSL."),
    "report": ("monitor.cli.session:report", "Write the report of a session as PDF or HTML."),
    "review": ("monitor.cli.review:review", "Open the window on a session or a recorded file."),
    "score": ("monitor.cli.score:score", "Detect and score leg movements in recorded files."),
    "score-events": ("monitor.cli.score_events:score_events", "Apply the scoring rules to a scored list."),
    "simulate": ("monitor.cli.simulate:simulate", "Send or write the signal of a simulated amplifier."),
    "stop": ("monitor.cli.session:stop", "End a running recording."),
    "streams": ("monitor.cli.streams:streams", "List the LSL streams on the network."),
    "trend": ("monitor.cli.trend:trend", "Summarise the nights of one study code."),
    "ward": ("monitor.cli.ward:ward", "Show all beds that are recorded on the network."),
    "watch": ("monitor.cli.watch:watch", "Record live LSL streams and score them."),
}


class _Group(click.Group):
    """Import a command when it is run: `--help` and Tab import none, `score-events` needs no LSL."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        matches = [
            CompletionItem(name, help=_COMMANDS[name][1])
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return matches + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MonitorError as err:
            click.echo(f"plms-monitor: {err}", err=True)
            sys.exit(err.exit_code)
        except (MemoryError, RuntimeError, ImportError, OSError) as err:
            if text := what_ran_out(err):
                click.echo(f"plms-monitor: {text}", err=True)
                sys.exit(MissingError.exit_code)
            if isinstance(err, OSError) and (refused := path_error(err)) is not None:
                click.echo(f"plms-monitor: {refused}", err=True)
                sys.exit(refused.exit_code)
            raise


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Guide to the program: plms-monitor guide",
)
@click.version_option(__version__, prog_name="plms-monitor")
def cli() -> None:
    """Score periodic limb movements during a live sleep recording.

    For research use; not a medical device. Every value is provisional until a person has reviewed the
    recording.
    """


def _open_standard_streams() -> None:
    """Open the null device for every closed standard stream.

    Otherwise the next opened file gets its descriptor, and output of a library to standard error is written
    into a session's journal.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            # `open` uses the lowest free descriptor: this one.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def main() -> None:
    """Run the command line."""
    _open_standard_streams()
    # Looking for plug-ins reads the description of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A setting for the search of errors in other programs: nothing of this one can be compiled with it.
    os.environ.pop("NUMBA_DISABLE_JIT", None)
    if sys.flags.safe_path or str(Path(__file__).parents[2]) in sys.path[1:]:
        # Otherwise each process that it starts looks for modules in the current folder first: with a file
        # `queue.py` there no window would open.
        os.environ["PYTHONSAFEPATH"] = "1"
    with ended_beside_threads():
        cli(prog_name="plms-monitor")
