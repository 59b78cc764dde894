"""PLMS Monitor: live scoring of periodic limb movements from a running sleep recording."""

__version__ = "0.1.0"
