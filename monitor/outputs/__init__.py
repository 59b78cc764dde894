"""Files created from a session: the report and the exports."""
