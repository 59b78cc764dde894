"""Shell completion, enabled as the README describes."""

import sys

import pytest
from click.shell_completion import get_completion_class
from click.testing import CliRunner
from support.sessions import beginning, make_session

from monitor.cli import cli
from monitor.model.facts import Fact
from monitor.session.folder import default_sessions_dir


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


@pytest.fixture
def usual_place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    folder = default_sessions_dir()
    assert folder.is_relative_to(tmp_path)
    return folder


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the usual place is elsewhere")
def test_a_session_in_the_usual_place_goes_by_its_name(usual_place, tmp_path):
    newest, older = "2026-11-20T221500Z_bed-3", "2026-11-19T221500Z_bed-3"
    for name in (older, newest):
        make_session(usual_place / name, [*beginning(), Fact("stop", 60.0, "recorder", {"reason": "test"})])
    completion = get_completion_class("bash")(cli, {}, "plms-monitor", "_PLMS_MONITOR_COMPLETE")
    names = [item.value for item in completion.get_completions(["review"], "2026")]
    assert names == [newest, older]
    done = CliRunner().invoke(cli, ["report", newest, "--out", "night.html"])
    assert (done.exit_code, done.output) == (0, "Written: night.html\n")
    for command in ("accept", "stop"):
        found = CliRunner().invoke(cli, [command, newest])
        assert f"{usual_place / newest}: is not being recorded" in found.stderr
    # A folder of that name where one is goes before.
    (tmp_path / newest).mkdir()
    refused = CliRunner().invoke(cli, ["report", newest, "--out", "night.html"])
    assert (refused.exit_code, "is not a session folder" in refused.stderr) == (2, True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the usual place is elsewhere")
@pytest.mark.parametrize("name", ["stop", "accept", "review", "report", "export", "recover"])
def test_what_is_no_session_anywhere_is_refused_by_the_name_that_was_given(usual_place, name):
    more = {"report": ["--out", "x.pdf"], "export": ["--out", "x", "--format", "csv"]}.get(name, [])
    refused = CliRunner().invoke(cli, [name, "2026-11-20T221500Z_bed-3", *more])
    assert refused.exit_code == 2
    assert refused.stderr.startswith("plms-monitor: 2026-11-20T221500Z_bed-3: is not a session folder")
