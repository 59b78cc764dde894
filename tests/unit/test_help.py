"""`--help` is complete, and fast because it imports no heavy library."""

import json
import subprocess
import sys

import click
import pytest

from monitor.cli import cli
from monitor.cli.session import export
from monitor.outputs.exports import FORMS

CONTEXT = click.Context(cli, terminal_width=200, max_content_width=200)
COMMANDS = cli.list_commands(CONTEXT)
HEAVY = ("numba", "scipy", "PySide6", "pylsl", "matplotlib", "reportlab")
# Which heavy libraries are loaded after each help text, in one process: the first offender is named.
PROBE = f"""
import json, sys
from monitor.cli import cli
loaded = {{}}
def show(*arguments):
    cli([*arguments], prog_name="plms-monitor", standalone_mode=False)
    loaded[" ".join(arguments)] = [name for name in {HEAVY} if name in sys.modules]
show("--help"), show("--version")
for name in {COMMANDS}:
    show(name, "--help")
print("\\n" + json.dumps(loaded))
"""


def test_help_imports_no_heavy_library():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert len(loaded) == len(COMMANDS) + 2
    assert {command: names for command, names in loaded.items() if names} == {}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_has_the_first_line_of_their_help(name):
    command = cli.get_command(click.Context(cli), name)
    assert command.name == name
    listed = [line.split(maxsplit=1) for line in cli.get_help(CONTEXT).splitlines()]
    assert [name, command.help.splitlines()[0]] in listed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help_text(name):
    command = cli.get_command(click.Context(cli), name)
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []


def test_the_formats_of_export_are_those_it_writes():
    (form,) = [p for p in export.params if p.name == "form"]
    assert tuple(form.type.choices) == FORMS
