"""Run a recording: bed lock, stream selection, recorder.

The detector is compiled in the background, while the streams are selected and as long as it takes after that.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dsp import cache_report
from monitor.cli.limits import return_free_memory
from monitor.cli.resume import Prompt, reopened, resumed_settings, session_to_resume, successors_of
from monitor.cli.terminal import Terminal
from monitor.cli.window_process import WindowProcess
from monitor.lsl.discovery import Finder, Query
from monitor.lsl.library import lsl
from monitor.model.config import Config
from monitor.model.errors import InputError, MissingError
from monitor.model.run_info import scored_with
from monitor.model.wording import argument
from monitor.montage import Chosen
from monitor.recorder.compilation import Compilation
from monitor.recorder.outlets import other_recorder
from monitor.recorder.recorder import RecordingPlan
from monitor.recorder.resumed import Resumed
from monitor.recorder.run import Recording, StopRequest, record
from monitor.recorder.sleep_inhibitor import sleep_inhibited
from monitor.recorder.start_screen import Preview, StartScreen
from monitor.recorder.stream_selection import StreamSelection
from monitor.session.folder import BedLock, SessionFolder, SessionLock, check_code
from monitor.session.resume import CutOff

_COMPILING = (
    "The detector is being compiled, once on this computer. Until then the signal is recorded raw; the "
    "detector processes it afterwards."
)


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """The validated options of ``watch``."""

    config: Config
    queries: Sequence[Query]
    bed: str
    study: str
    sessions: Path
    wait_s: float | None
    duration_s: float | None
    resume: bool
    is_demo: bool = False
    is_sit: bool = False


class _Beds:
    """The lock of the recorded bed; the start screen may change the bed."""

    def __init__(self, sessions: Path) -> None:
        self._sessions = sessions
        self._held: tuple[str, BedLock] | None = None

    def claim(self, bed: str) -> None:
        """Acquire the lock of a bed and release the previous one."""
        if self._held is not None and self._held[0] == bed:
            return
        lock = BedLock(self._sessions, check_code("--bed", bed))
        lock.acquire()
        self.release()
        self._held = (bed, lock)

    def release(self) -> None:
        """Release the lock."""
        if self._held is not None:
            self._held[1].release()
            self._held = None


def run_watch(options: WatchOptions, window: WindowProcess | None = None) -> None:
    """Find the streams, record, and close the session.

    Parameters
    ----------
    options : WatchOptions
    window : WindowProcess or None
        None: the recording runs in the terminal.

    Raises
    ------
    MonitorError
        Before recording starts: the problem and what to do.
    """
    terminal, ending = Terminal(), StopRequest()
    ending.on_signals()
    with ExitStack() as stack:
        beds = _Beds(options.sessions)
        stack.callback(beds.release)
        beds.claim(options.bed)
        compilation = Compilation()
        compilation.start()
        screen = _start_screen(options, beds, compilation)
        if window is not None:
            window.serve(screen.answer)
        if options.is_sit and window is None:
            raise MissingError("--sit needs the window, and none can be opened. Nothing was recorded.")
        interrupted = None
        if not options.is_demo:
            stack.enter_context(sleep_inhibited(f"recording {options.bed}", terminal.say))
            prompt = Prompt(options.resume, screen if window is not None else None, terminal, ending)
            interrupted = session_to_resume(
                options.sessions, options.bed, options.study, prompt, is_sit=options.is_sit
            )
        # Without a window nobody chooses: the other streams of a ward are not read.
        chooser = screen if window is not None else None
        config, selection = _selection(options, interrupted, screen, chooser, terminal, ending)
        chosen = _wait_for_streams(selection, options, terminal)
        if chosen is None or ending.asked:
            terminal.say("Nothing was recorded.")
            return
        for each in chosen:
            terminal.selected(each)
        if compilation.share < 1.0:
            terminal.say(_COMPILING)
        _begin(options, config, chosen, interrupted, screen, terminal, ending, compilation)
        for note in cache_report.notes():
            terminal.say(note)


def _start_screen(options: WatchOptions, beds: _Beds, compilation: Compilation) -> StartScreen:
    return StartScreen(
        options.bed,
        options.config.main_profile,
        options.config.wish,
        lambda: compilation.is_done,
        beds.claim,
        Preview(options.config.wish),
        options.study,
        options.config.lanes,
    )


def _selection(
    options: WatchOptions,
    interrupted: CutOff | None,
    screen: StartScreen,
    chooser: StartScreen | None,
    terminal: Terminal,
    ending: StopRequest,
) -> tuple[Config, StreamSelection]:
    """Return the configuration and the selection of streams: as given, or of the interrupted session."""
    queries, config = list(options.queries), options.config
    if interrupted is not None:
        screen.resumes(interrupted.study)
        queries, config = resumed_settings(interrupted, queries, config)
    successors = {} if interrupted is None else successors_of(interrupted)
    # Only its own streams are visible to the demonstration.
    settle = {"settle_s": 0.0} if options.is_demo else {}
    return config, StreamSelection(
        queries, config.wish, terminal.say, lsl().local_clock, ending.wait, chooser, successors, **settle
    )


def _begin(
    options: WatchOptions,
    config: Config,
    chosen: list[Chosen],
    interrupted: CutOff | None,
    screen: StartScreen,
    terminal: Terminal,
    ending: StopRequest,
    compilation: Compilation,
) -> None:
    """Resume the interrupted session of the bed if that is possible, or begin a new one."""
    picked, resumption = screen.picked, None
    bed, study = (options.bed, options.study) if picked is None else (picked.bed, picked.study)
    is_other = interrupted is not None and picked is not None and study != interrupted.study
    if is_other:
        terminal.say(
            "The study code was changed: the interrupted session is not resumed. A new session starts."
        )
    if interrupted is not None and bed == options.bed and not is_other:
        resumption = reopened(interrupted, chosen, lsl().local_clock, terminal)
    if resumption is None:
        config = options.config
        if picked is not None:
            config = config.with_main_profile(picked.main_profile)
            config = config if picked.lanes is None else config.with_lanes(picked.lanes)
    options = replace(options, study=study)
    _record(options, config, bed, chosen, screen, terminal, ending, compilation, resumption)


def _wait_for_streams(
    selection: StreamSelection, options: WatchOptions, terminal: Terminal
) -> list[Chosen] | None:
    """Wait for the streams and check whether another recorder uses this bed.

    Two recorders of one bed would publish the same stream names, also from different sessions folders.
    """
    bed = options.bed
    namesakes = Finder(Query("name", f"PLMS-Markers-{bed}"))
    chosen = selection.wait(options.wait_s)
    if chosen is None:
        return None
    other = other_recorder(bed, [stream.source_id for _, stream in namesakes.found()])
    if other == "here":
        raise InputError(
            "--bed",
            f"another recorder of {bed!r} is running on this computer with another --sessions folder",
            "stop it first, or choose another bed",
        )
    if other == "elsewhere":
        terminal.say(
            f"Another computer on this network also records a bed named {bed!r}. Rename one of them."
        )
    return chosen


def _record(
    options: WatchOptions,
    config: Config,
    bed: str,
    chosen: Sequence[Chosen],
    screen: StartScreen,
    terminal: Terminal,
    ending: StopRequest,
    compilation: Compilation,
    resumption: tuple[SessionFolder, SessionLock, Resumed] | None,
) -> None:
    about = {"study": options.study or None, "config": dict(config.document)} | scored_with(config)
    about |= {"mode": "sit"} if options.is_sit else {}
    plan = RecordingPlan(
        bed, config.main_profile, config.rules, config.labels, about, config.staging, config.lanes
    )
    if resumption is not None:
        folder, lock, resumed = resumption
    else:
        folder, resumed = SessionFolder.create(options.sessions, bed), None
        lock = SessionLock(folder)
        lock.acquire()
    terminal.say(f"Recording into {folder.path}")
    terminal.say(f"End it with Ctrl-C, or with: plms-monitor stop {argument(folder.path)}")
    recording = Recording(
        folder, plan, config.detector, chosen, options.duration_s, terminal.status, compilation, resumed
    )

    def begun() -> None:
        screen.advance("recording", str(folder.path))
        return_free_memory()

    try:
        recorder = record(recording, ending, begun)
    finally:
        lock.release()
    screen.advance("ended", str(folder.path))
    terminal.ended(recorder)
