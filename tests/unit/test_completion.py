"""The shell's completion, as the README tells to switch it on."""

import sys

import pytest
from click.shell_completion import get_completion_class

from monitor.cli import cli


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_completes_commands_and_their_options(shell):
    completion = get_completion_class(shell)(cli, {}, "plms-monitor", "_PLMS_MONITOR_COMPLETE")
    assert "plms-monitor" in completion.source()
    names = {item.value for item in completion.get_completions([], "re")}
    assert {"replay", "report", "review", "recover"} <= names
    options = {item.value for item in completion.get_completions(["report"], "--")}
    assert "--out" in options


def test_names_are_told_without_loading_the_program():
    before = set(sys.modules)
    completion = get_completion_class("bash")(cli, {}, "plms-monitor", "_PLMS_MONITOR_COMPLETE")
    completion.get_completions([], "")
    assert {name for name in set(sys.modules) - before if name.startswith("monitor.cli.")} == set()
