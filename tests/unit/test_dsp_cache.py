"""The cache of compiled kernels: damage costs a compilation, never the program and never a wrong number."""

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from dsp._cache import verified

# A kernel that compiles in a moment, under the cache of the program.
KERNELS = """
import json
import numpy as np
import dsp
from dsp.kernels.filters import reset_stages
from dsp.state import Stage

stages = np.ones(1, Stage.dtype)
reset_stages(stages)
assert stages["x1"][0] == 0.0
r = dsp.cache_report
print(json.dumps({"folder": str(r.folder), "loaded": r.loaded_n, "compiled": r.compiled_n,
                  "repaired": r.repaired, "unsaved": r.unsaved, "notes": r.notes()}))
"""


@pytest.fixture
def use(tmp_path):
    """Run the kernels in a new process under a cache folder of the test; return what it says."""

    return partial(use_cache, tmp_path / "cache")


def use_cache(place):
    given = os.environ | {"NUMBA_CACHE_DIR": str(place)}
    done = subprocess.run(
        [sys.executable, "-c", KERNELS], capture_output=True, text=True, env=given, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Compile the kernels once into a cache to copy."""
    place = tmp_path_factory.mktemp("compiled") / "cache"
    use_cache(place)
    return place


@pytest.fixture
def filled(compiled, tmp_path):
    """Fill the cache of the test."""
    return shutil.copytree(compiled, tmp_path / "cache")


def files(folder):
    return sorted(folder.rglob("*.kernel"))


def test_processes_that_start_together_compile_each_kernel_once(use, tmp_path):
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: use(), range(3)))
    assert sum(each["compiled"] for each in found) == len(files(tmp_path)) > 0
    assert not list(tmp_path.rglob("*.lock"))


def test_a_second_process_compiles_nothing(use, tmp_path):
    assert use()["compiled"] == len(files(tmp_path)) > 0
    again = use()
    assert (again["compiled"], again["repaired"], again["notes"]) == (0, [], [])
    assert again["loaded"] > 0


DAMAGE = {
    "empty": lambda data: b"",
    "inside the checksum": lambda data: data[:20],
    "only the checksum": lambda data: data[:32],
    "half": lambda data: data[: len(data) // 2],
    "last byte missing": lambda data: data[:-1],
    "one bit flipped in the machine code": lambda data: (
        data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
    ),
    "zeros": lambda data: bytes(len(data)),
    "garbage": lambda data: bytes(range(256)) * (len(data) // 256 + 1),
    "another program's file": lambda data: b"PK\x03\x04" + data,
}


SOON = ("one bit flipped in the machine code",)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "damage", [pytest.param(each, marks=[] if each in SOON else pytest.mark.slow) for each in DAMAGE]
)
def test_a_damaged_file_is_deleted_and_compiled_again(use, tmp_path, damage):
    for path in files(tmp_path):
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    repaired = use()
    assert repaired["compiled"] == len(files(tmp_path))
    assert len(repaired["repaired"]) == repaired["compiled"]
    (note,) = repaired["notes"]
    assert "damaged file(s)" in note
    assert str(tmp_path) in note
    assert use()["notes"] == []


def test_any_byte_cut_off_is_noticed():
    content = pickle.dumps({"code": b"x" * 200})
    sealed = hashlib.sha256(content).digest() + content
    assert verified(sealed) == content
    for n in range(len(sealed)):
        with pytest.raises(ValueError, match=f"{n} bytes with a wrong checksum"):
            verified(sealed[:n])


@pytest.mark.usefixtures("filled")
def test_a_content_that_fits_its_checksum_but_is_no_kernel_is_compiled_again(use, tmp_path):
    content = pickle.dumps(("not", "a", "kernel"))
    for path in files(tmp_path):
        path.write_bytes(hashlib.sha256(content).digest() + content)
    assert use()["compiled"] == len(files(tmp_path))
    assert use()["compiled"] == 0


@pytest.mark.usefixtures("filled")
def test_a_folder_in_a_files_place_is_not_fatal(use, tmp_path):
    for path in files(tmp_path):
        path.unlink()
        path.mkdir()
    found = use()
    assert found["compiled"] > 0
    assert "cannot be written to" in found["notes"][-1]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_under_the_cache_leaves_kernels_in_memory(use, tmp_path):
    place = tmp_path / "cache"
    place.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "none", str(place)],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        (place / "filler").write_bytes(bytes(52 << 10))
        found = use()
        assert "No space left" in found["unsaved"]
        assert "compiled again at the next start" in found["notes"][0]
        assert list(place.rglob("*.part")) == []
        assert use()["compiled"] > 0
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_without_any_folder_kernels_are_compiled_in_memory(use, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    # Not through the environment: a folder there that cannot be used is passed over.
    program = "import tempfile; tempfile.tempdir = '/dev/null/x'\n" + KERNELS
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env=os.environ | {"NUMBA_CACHE_DIR": str(blocked)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no folder is writable" in done.stdout
