"""The status line in a terminal: cut at the width of the terminal, so the order of its parts matters."""

from types import SimpleNamespace

from monitor.cli.terminal import status_line


def recorder(*, disk_s=None, trouble=""):
    return SimpleNamespace(
        time=SimpleNamespace(has_begun=True),
        recorded_s=75.0,
        sources={},
        state=SimpleNamespace(stage_at=lambda _: None),
        scores={},
        disk_s=disk_s,
        trouble=trouble,
    )


def test_what_needs_a_person_comes_right_after_the_time():
    assert status_line(recorder()) == "0:01:15 | no stages yet"
    line = status_line(recorder(disk_s=1800.0, trouble="the journal cannot be written: disk full"))
    assert line == (
        "0:01:15 | !!! the journal cannot be written: disk full | !! disk is full in 30 min | no stages yet"
    )
