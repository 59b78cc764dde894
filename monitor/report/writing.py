"""Write a session's report."""

from __future__ import annotations

from pathlib import Path

from monitor.errors import InputError
from monitor.report.content import report_of
from monitor.report.html import to_html
from monitor.report.pdf import to_pdf
from monitor.safefile import write_private_bytes
from monitor.session.clock import utc_now
from monitor.session.reader import read_session

FORMS = (".pdf", ".html")


def write_report(session: Path, out: Path) -> None:
    """Write the report of a session, readable by its owner only.

    Parameters
    ----------
    session : Path
        The folder; of a finished, a crashed or a running session.
    out : Path
        ``.pdf`` or ``.html``; replaced if there is one.

    Raises
    ------
    InputError
        If it is no session, the ending is another, or the file cannot be written.

    Notes
    -----
    The numbers are those of `summary.json`, made anew from the journal by the same code.
    """
    form = out.suffix.lower()
    if form not in FORMS:
        raise InputError("--out", f"{out.name!r} ends in {form or 'nothing'!r}", f"one of {', '.join(FORMS)}")
    report = report_of(read_session(session), utc_now())
    data = to_pdf(report) if form == ".pdf" else to_html(report).encode()
    try:
        write_private_bytes(out, data)
    except OSError as err:
        raise InputError(
            str(out), f"cannot be written ({err.strerror})", "choose another with --out"
        ) from err
