"""Score many recordings from a notebook, with a progress bar."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.model.config import load_config
from monitor.model.errors import InputError
from monitor.score_recording import Job, outcome_of
from monitor.scoring.columns import data_frame

ENDINGS = (".edf", ".bdf", ".xdf", ".xdfz", ".vhdr", ".gdf", ".fif")
_BAR_N = 30
_WHOLE = ("file", "error", "main_profile", "recording_h", "tib_h", "tst_h", "wake_h")
_OF_RULES = (
    *("n_lm", "n_plm", "n_plms", "plms_index", "n_plms_arousal", "plms_arousal_index"),
    "plm_per_hour_recorded",
)


@dataclass(frozen=True)
class Batch:
    """The results of many recordings.

    Attributes
    ----------
    summaries : tuple of dict
        As ``summary.json``, with ``file``; of recordings that could be scored.
    errors : dict of str to str
        The others, with the reason.
    messages : dict of str to tuple of str
        Notes of the readers on each file.
    """

    summaries: tuple[dict[str, Any], ...]
    errors: dict[str, str]
    messages: dict[str, tuple[str, ...]]

    def to_dataframe(self) -> Any:
        """Return one row per file: times, and the main indices of both rule sets.

        Raises
        ------
        MissingError
            If pandas is not installed.
        """
        rows = [self._row(one) for one in self.summaries]
        rows += [{"file": file, "error": error} for file, error in self.errors.items()]
        names = list(dict.fromkeys((*_WHOLE, *(name for row in rows for name in row))))
        return data_frame({name: [row.get(name) for row in rows] for name in names})

    def _row(self, summary: dict[str, Any]) -> dict[str, Any]:
        row = {name: summary.get(name) for name in _WHOLE}
        for rules, values in summary["rules"].items():
            row |= {f"{name}_{rules}": values.get(name) for name in _OF_RULES}
        return row

    def __repr__(self) -> str:
        """Return one line with the numbers of recordings."""
        failed = f", {len(self.errors)} failed ({', '.join(list(self.errors)[:3])})" if self.errors else ""
        return f"<Batch: {len(self.summaries)} recordings scored{failed}>"


def score_files(
    files: Path | str | Sequence[Path | str],
    out: Path | str | None = None,
    config: str = "default",
    *,
    progress: bool = True,
) -> Batch:
    """Score many recordings with the detector and the rules that run live.

    Parameters
    ----------
    files : path or sequence of paths
        A folder (all recordings in it and below), or files. A list ``<stem>_events.tsv`` beside a file is
        used instead of its annotations.
    out : path, optional
        Folder for the tables of each recording. Default: none are kept.
    config : str
        A configuration: a path, or the name of a supplied one.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Batch
        A file that cannot be scored does not stop the others.

    Raises
    ------
    InputError
        If no recording was found, or the configuration cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> from monitor import score_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "broken.edf").write_text("no recording")
    ...     score_files(folder, progress=False)
    <Batch: 0 recordings scored, 1 failed (broken.edf)>
    """
    settings, base, found = load_config(config), *_files(files)
    summaries, errors, messages = [], {}, {}
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch if out is None else out)
        for path, bar in _with_bar(found, progress):
            name = path.relative_to(base).as_posix()
            beside = path.with_name(f"{path.stem}_events.tsv")
            job = Job(path, root / Path(name).with_suffix(""), beside if beside.is_file() else None)
            outcome = outcome_of(job, settings, bar)
            messages[name] = outcome.messages
            if outcome.summary is None:
                errors[name] = outcome.error
            else:
                summaries.append({"file": name} | outcome.summary)
    return Batch(tuple(summaries), errors, messages)


def _files(files: Path | str | Sequence[Path | str]) -> tuple[Path, list[Path]]:
    if isinstance(files, (str, Path)):
        base = Path(files)
        if base.is_dir():
            found = sorted(path for path in base.rglob("*") if path.suffix.lower() in ENDINGS)
            if not found:
                endings = ", ".join(ENDINGS)
                raise InputError(str(base), "contains no recording", f"expected files with {endings}")
            return base, found
        files = [files]
    listed = [Path(one).absolute() for one in files]
    if not listed:
        raise InputError("files", "is empty", "expected a folder or paths of recordings")
    parents = [set(path.parents) for path in listed]
    return max(set.intersection(*parents), key=lambda path: len(path.parts)), listed


def _with_bar(found: Sequence[Path], is_shown: bool) -> Iterator[tuple[Path, Any]]:
    """Yield each file with what receives its completed share."""
    for index, path in enumerate(found):

        def show(share: float, index: int = index, path: Path = path) -> None:
            done = int((index + min(share, 1.0)) / len(found) * _BAR_N)
            bar = "#" * done + "." * (_BAR_N - done)
            sys.stderr.write(f"\r[{bar}] {index}/{len(found)} {path.name[:40]:<40}")
            sys.stderr.flush()

        yield path, show if is_shown else None
    if is_shown:
        sys.stderr.write(f"\r[{'#' * _BAR_N}] {len(found)}/{len(found)} {'':<40}\n")
