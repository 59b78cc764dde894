"""The screen: a viewer of a session folder or of a recorded file, in its own process. It records and detects nothing."""
