"""Export a session to files of other programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from monitor.model.errors import InputError
from monitor.model.safe_file import write_private, write_private_bytes
from monitor.outputs.exports.bids import write_bids
from monitor.outputs.exports.csv_export import make_csvs
from monitor.outputs.exports.edf_export import make_edf
from monitor.outputs.exports.xdf_export import write_xdf
from monitor.session.damage import damage_notes, set_aside_text
from monitor.session.reader import Session, read_session

Form = Literal["edf", "bids", "csv", "xdf"]
FORMS: tuple[Form, ...] = get_args(Form)
_NOT_ENDED = "the recording has not ended: what was recorded until now is exported"


@dataclass(frozen=True, slots=True)
class Exported:
    """The written files, and the changes that their format required, as text."""

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def export_session(session: Path, form: Form, out: Path, *, all_channels: bool = False) -> Exported:
    """Write a session as EDF+, BIDS, CSV or XDF.

    Parameters
    ----------
    session : Path
        The session folder; nothing in it is changed.
    form : {"edf", "bids", "csv", "xdf"}
    out : Path
        The output folder, created if it does not exist; for BIDS the dataset, to which the session is added.
    all_channels : bool
        For EDF: include channels other than the legs.

    Returns
    -------
    Exported

    Raises
    ------
    InputError
        If the folder is not a session, contains no recording although one is required, or `out` is not
        writable.
    """
    read = read_session(session)
    unusable = set_aside_text(read.state)
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = _write(read, form, out, all_channels=all_channels)
    except OSError as err:
        raise InputError(str(out), f"cannot be written to ({err.strerror})", "choose another --out") from err
    except InputError as err:
        if not unusable:
            raise
        raise InputError(err.where, err.problem, f"{err.expected}; {unusable}") from err
    missing = (*damage_notes(read.state), *([unusable] if unusable else []))
    if read.is_running:
        missing = (_NOT_ENDED, *missing)
    return replace(made, notes=(*missing, *made.notes))


def _write(session: Session, form: Form, out: Path, *, all_channels: bool) -> Exported:
    name = session.folder.path.resolve().name
    if form == "bids":
        files, notes = write_bids(session, out)
        return Exported(tuple(files), notes)
    if form == "csv":
        tables = {out / f"{name}_{ending}.csv": text for ending, text in make_csvs(session).items()}
        for path, text in tables.items():
            write_private(path, text)
        return Exported(tuple(tables))
    path = out / f"{name}.{form}"
    if form == "xdf":
        return Exported((path,), write_xdf(session, path))
    edf = make_edf(session, all_channels=all_channels, notes=True)
    write_private_bytes(path, edf.data)
    return Exported((path,), edf.notes)
