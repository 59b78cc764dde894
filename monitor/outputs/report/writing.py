"""Write the report of a session.

The HTML report is one self-contained file.
"""

from __future__ import annotations

from pathlib import Path

import jinja2

from monitor.model.clock import utc_now
from monitor.model.errors import InputError
from monitor.model.safe_file import write_private_bytes
from monitor.outputs.report.blocks import Blank, Plot, Report, Table, Text
from monitor.outputs.report.content import report_of
from monitor.outputs.report.pdf import to_pdf
from monitor.session.reader import read_session

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("monitor.outputs.report", "."),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.tests |= {
    "table": lambda block: isinstance(block, Table),
    "blank": lambda block: isinstance(block, Blank),
    "plot": lambda block: isinstance(block, Plot),
    "paragraph": lambda block: isinstance(block, Text),
}


def to_html(report: Report) -> str:
    """Return a report as HTML."""
    return _ENVIRONMENT.get_template("report.html.j2").render(report=report)


FORMS = (".pdf", ".html")


def write_report(session: Path, out: Path) -> None:
    """Write the report of a session, readable by its owner only.

    Parameters
    ----------
    session : Path
        The folder of a finished, interrupted or running session.
    out : Path
        ``.pdf`` or ``.html``; an existing file is replaced.

    Raises
    ------
    InputError
        If the folder is not a session, the extension is another one, or the file cannot be written.

    Notes
    -----
    The numbers are those of `summary.json`, recomputed from the journal by the same code.
    """
    form = out.suffix.lower()
    if form not in FORMS:
        raise InputError(
            "--out", f"{out.name!r} has the extension {form!r}", f"expected one of {', '.join(FORMS)}"
        )
    report = report_of(read_session(session), utc_now())
    data = to_pdf(report) if form == ".pdf" else to_html(report).encode()
    try:
        write_private_bytes(out, data)
    except OSError as err:
        raise InputError(str(out), f"cannot be written ({err.strerror})", "choose another --out") from err
