"""The units for systemd start the program as it is."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

from monitor.cli.watch import watch

UNITS = Path(__file__).parents[2] / "configs" / "systemd"


def section(unit: str, name: str) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str
    parser.read(UNITS / unit)
    return dict(parser[name])


def example() -> str:
    lines = (UNITS / "plms-monitor@.service").read_text().splitlines()
    return next(line for line in lines if "PLMS_ARGS=" in line and line.startswith("#")).split("PLMS_ARGS=")[
        1
    ]


def test_a_bed_is_recorded_headless_and_goes_on_with_its_session_after_a_crash() -> None:
    service = section("plms-monitor@.service", "Service")
    program, command, *arguments = shlex.split(service["ExecStart"].replace("$PLMS_ARGS", example()))
    assert (Path(program).name, command) == ("plms-monitor", "watch")
    given = watch.make_context("watch", [word.replace("%i", "bed-3") for word in arguments]).params
    assert (given["bed"], given["headless"], given["resume"]) == ("bed-3", True, True)
    assert given["streams"] == ("name=SAGA-3", "name=Stager-3")
    assert (given["left"], given["right"]) == ("EMG LAT", "EMG RAT")
    assert given["sessions"].is_relative_to(Path("/var/lib") / service["StateDirectory"])
    assert given["duration_s"] is None


def test_a_crash_is_always_followed_by_a_restart_and_a_clean_end_by_none() -> None:
    service, unit = (section("plms-monitor@.service", name) for name in ("Service", "Unit"))
    assert service["Restart"] == "on-failure"
    assert not any(key.startswith("RestartPrevent") for key in service)
    assert unit["StartLimitIntervalSec"] == "0"
    assert "plms-monitor-warm.service" in unit["After"]
    assert (UNITS / "plms-monitor-warm.service").is_file()


def test_only_its_user_can_read_what_it_writes() -> None:
    service = section("plms-monitor@.service", "Service")
    assert (service["UMask"], service["StateDirectoryMode"]) == ("0077", "0700")


def test_what_the_read_only_system_needs_to_be_written_can_be_written() -> None:
    for unit in ("plms-monitor@.service", "plms-monitor-warm.service"):
        service = section(unit, "Service")
        # liblsl's settings, the compiler and the control channel use temporary files.
        assert (service["ProtectSystem"], service["PrivateTmp"]) == ("strict", "true")
    service = section("plms-monitor@.service", "Service")
    places = dict(word.split("=") for word in service["Environment"].split())
    # The folder goes when its service stops: that of one bed must not take another's contact with it.
    assert places["XDG_RUNTIME_DIR"] == f"/run/{service['RuntimeDirectory']}"
    assert "%i" in service["RuntimeDirectory"]
