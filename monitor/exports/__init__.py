"""A session in the forms other programs open: EDF+, BIDS, CSV, XDF."""

from monitor.exports.writing import FORMS, Exported, export_session

__all__ = ["FORMS", "Exported", "export_session"]
