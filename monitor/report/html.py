"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

import jinja2

from monitor.report.blocks import Plot, Report, Table, Text

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("monitor.report", "."),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.tests |= {
    "table": lambda block: isinstance(block, Table),
    "plot": lambda block: isinstance(block, Plot),
    "paragraph": lambda block: isinstance(block, Text),
}


def to_html(report: Report) -> str:
    """Return a report as HTML."""
    return _ENVIRONMENT.get_template("report.html.j2").render(report=report)
