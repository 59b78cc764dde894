"""Run the program's commands as processes, and look at the sessions they leave."""

import csv
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from monitor.lsl.library import lsl
from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.journal import decode
from support.waiting import wait_for

# Compiling after a change of the numeric layer takes half a minute on a slow machine.
START_S = 90.0
END_S = 60.0


class Command:
    """One command of the program in a process of its own; what it says goes to a file, so it never blocks."""

    program: tuple[str, ...] = ("-m", "monitor")

    def __init__(
        self,
        log: Path,
        *arguments: str,
        environment: dict[str, str] | None = None,
        inside: Sequence[str] = (),
    ) -> None:
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [*inside, sys.executable, *self.program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def code(self) -> int | None:
        return self.process.poll()

    def wait_for(self, condition, what: str, deadline_s: float = START_S):
        """Wait until a condition gives something true; fail if the command ends or the deadline passes."""

        def unless_ended():
            # In this order: what it does last, before it ends, is found.
            code, found = self.code, condition()
            assert found or code is None, f"ended with {code} while waiting for {what}"
            return found

        try:
            return wait_for(unless_ended, what, deadline_s)
        except AssertionError as err:
            raise AssertionError(f"{err}:\n{self.said}") from None

    def end(self, deadline_s: float = END_S) -> int:
        """Wait for its own end; return the exit code."""
        try:
            return self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end within {deadline_s} s:\n{self.said}") from None

    def kill(self) -> None:
        if self.code is None:
            self.process.kill()
        self.process.wait(END_S)


class Watch(Command):
    """``watch --headless`` into a sessions folder."""

    def __init__(
        self,
        sessions: Path,
        *arguments: str,
        environment: dict[str, str] | None = None,
        inside: Sequence[str] = (),
    ) -> None:
        self.sessions = sessions
        self._known = set(session_paths(sessions))
        log = sessions.with_name(f"watch-{time.monotonic_ns()}.log")
        watch = ("watch", "--headless", "--sessions", str(sessions), *arguments)
        super().__init__(log, *watch, environment=environment, inside=inside)

    @property
    def folder(self) -> SessionFolder:
        """Its session, waited for."""
        paths = self.wait_for(lambda: set(session_paths(self.sessions)) - self._known, "session folder")
        return SessionFolder(paths.pop())

    def facts_until(self, condition, what: str, deadline_s: float = START_S) -> list[Fact]:
        """Wait until the facts on disk fulfil a condition; return them."""
        folder = self.folder
        return self.wait_for(
            lambda: (facts := whole_facts(folder.journal)) and condition(facts) and facts, what, deadline_s
        )


class Listener:
    """Hear one stream in a thread until it ends: liblsl drops what is queued when an outlet goes away."""

    def __init__(self, name: str) -> None:
        found = lsl().resolve_byprop("name", name, 1, START_S)
        assert found, f"no stream named {name}"
        self._inlet = lsl().StreamInlet(found[0], max_buflen=360, recover=False)
        self.info = self._inlet.info(END_S)
        self._inlet.open_stream(END_S)
        self.samples: list = []
        self.stamps: list[float] = []
        self.heard_s: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                samples, stamps = self._inlet.pull_chunk(0.2, max_samples=8192, min_samples=1)
            except lsl().util.LostError:
                return
            self.heard_s += [lsl().local_clock()] * len(stamps)
            self.stamps += stamps
            self.samples += samples

    def texts(self) -> list[str]:
        return [sample[0] for sample in self.samples]

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._inlet.close_stream()


def has_ended(process: psutil.Process) -> bool:
    """Whether a process is gone, or only waits for its parent to take note."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def session_paths(sessions: Path) -> list[Path]:
    """List the session folders under a folder (its locks are no sessions)."""
    return sorted(p for p in sessions.iterdir() if p.is_dir()) if sessions.is_dir() else []


def whole_facts(journal: Path) -> list[Fact]:
    """Read a journal that may be being written: its whole lines."""
    if not journal.is_file():
        return []
    return [decode(line) for line in journal.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def of_kind(facts: list[Fact], kind: str) -> list[Fact]:
    return [fact for fact in facts if fact.kind == kind]


def closed(facts: list[Fact]) -> list[Fact]:
    """List the movements that have ended."""
    return [fact for fact in of_kind(facts, "movement") if fact.data["phase"] == "closed"]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def movement_rows(folder: Path) -> list[tuple[str, float, float]]:
    """Read ``movements.tsv`` as (leg, onset, duration), in seconds."""
    rows = table(folder / "movements.tsv")
    return [(row["leg"], float(row["onset"]), float(row["duration"])) for row in rows]


def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text())


def run(*arguments: str, timeout_s: float = START_S, environment: dict[str, str] | None = None):
    """Run a command to its end; its standard streams come with the result."""
    return subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env=environment or dict(os.environ),
    )


def windows(environment, title):
    """List the windows whose title fits."""
    done = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", title],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.split()


def close_by_hand(environment, window, title="PLMS Monitor"):
    """Close a window as its frame's button does; repeat until it is gone, a young window may miss it."""
    keys = ["xdotool", "windowactivate", "--sync", window, "key", "--clearmodifiers", "alt+F4"]

    def press():
        subprocess.run(keys, env=environment, capture_output=True, check=False, timeout=END_S)

    wait_for(lambda: not windows(environment, title), "end of the window", START_S, press)
