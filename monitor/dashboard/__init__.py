"""The screen: a viewer of a session folder or a recorded file, in its own process. It detects nothing."""
