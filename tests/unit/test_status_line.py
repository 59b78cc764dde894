"""The status line in a terminal: cut at the width of the terminal, so the order of its parts matters."""

from types import SimpleNamespace

from monitor.cli.terminal import status_line


def recorder(*, disk_s=None, trouble="", waiting_s=0.0, compiled_share=1.0):
    return SimpleNamespace(
        time=SimpleNamespace(has_begun=True),
        recorded_s=75.0,
        sources={},
        state=SimpleNamespace(stage_at=lambda _: None),
        scores={},
        disk_s=disk_s,
        trouble=trouble,
        waiting_s=waiting_s,
        compilation=SimpleNamespace(is_done=compiled_share == 1.0, share=compiled_share),
    )


def test_what_needs_a_person_comes_right_after_the_time():
    assert status_line(recorder()) == "0:01:15 | no stages yet"
    line = status_line(recorder(disk_s=1800.0, trouble="the journal cannot be written: disk full"))
    assert line == (
        "0:01:15 | !!! the journal cannot be written: disk full | !! disk will be full in 30 min "
        "| no stages yet"
    )


def test_what_waits_for_the_detector_is_said():
    line = status_line(recorder(waiting_s=12.3, compiled_share=0.43))
    assert "| detector is being compiled (43%), recording raw: 12 s wait for it |" in line
    assert "| detector is catching up: 2 s wait for it |" in status_line(recorder(waiting_s=2.0))
