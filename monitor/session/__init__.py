"""A session on disk: folder, journal, state, alerts, recovery, tables."""
