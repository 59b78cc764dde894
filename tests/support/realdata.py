"""Where the real recordings are that some tests need: beside the checkout, or where PLMS_TEST_DATA says.

None of it is part of the project. Tests that need it are skipped where it is absent; the reason says where
it is from.
"""

import os
from pathlib import Path

import pytest

REAL_DATA = Path(os.environ.get("PLMS_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
SOURCES = {
    "xdf_delsys": "the recording of github.com/nielsr2/XDF-LSL-replayer",
    "nox_a1_psg": "subject1.edf of github.com/boupetch/rsleep",
    "scored_nights": "nox_night.tsv of github.com/boupetch/rsleep, "
    "two_raters_leg_bursts_rater1.tsv and rater2 of github.com/aroethen/RBDtector",
}


def needs(name: str) -> pytest.MarkDecorator:
    """Skip a test where one of the folders of real data is absent; the reason says where it is from."""
    return pytest.mark.skipif(
        not (REAL_DATA / name).is_dir(),
        reason=f"needs {name} in the folder PLMS_TEST_DATA: {SOURCES[name]}",
    )
