"""Soak tests use the helpers of the end-to-end tests, and an LSL of their own like them."""

import sys
from pathlib import Path

from monitor.lsl.library import use_loopback

sys.path.insert(0, str(Path(__file__).parent.parent / "e2e"))

# liblsl reads its configuration at first use: now, when pytest collects, is before that.
use_loopback()
