"""Where the real recordings are that some tests need: beside the checkout, or where PLMS_TEST_DATA says.

None of it is part of the project; tests that need it are skipped where it is absent.
"""

import os
from pathlib import Path

REAL_DATA = Path(os.environ.get("PLMS_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
