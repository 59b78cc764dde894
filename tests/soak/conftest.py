"""Soak tests use the helpers of the end-to-end tests, and an LSL of their own like them."""

from monitor.lsl.library import use_loopback

# liblsl reads its configuration at first use: now, when pytest collects, is before that.
use_loopback()
