"""A system that gives little: one sentence before a recording starts, or a recording without it."""

import os
import shutil
import subprocess
import sys

import pytest
from support.watching import START_S, Command

import dsp
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and users of Linux")

WATCH = (sys.executable, "-m", "monitor", "watch", "--headless", "--stream", "nobody", "--wait", "1")
# Another one in each process of tests: the system counts the threads of a user.
NOBODY = ("setpriv", "--reuid", str(20_000 + os.getpid() % 30_000), "--clear-groups")


def run(*command, environment=None):
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_S, check=False,
        env=os.environ if environment is None else environment,
    )  # fmt: skip


def limited(limit, *command):
    return run("bash", "-c", f'ulimit {limit}; exec "$@"', "bash", *command)


def is_one_sentence(done, code):
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("plms-monitor: ")
    return line


@pytest.fixture
def homeless(tmp_path):
    """An environment without a home, for a user nobody knows; its folder can be written to by all."""
    can_be = shutil.which("setpriv") and os.geteuid() == 0
    if not can_be or run(*NOBODY, sys.executable, "-c", "import numba").returncode:
        pytest.skip("cannot run as another user here")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder.name.startswith("test_"):
            folder.chmod(0o777)
    kept = ("PATH", "PYTHONPATH", "LSLAPICFG")
    return {key: os.environ[key] for key in kept if key in os.environ}


def test_without_a_home_watch_asks_for_a_folder(homeless):
    done = run(*NOBODY, *WATCH, environment=homeless)
    assert "--sessions: not given, and no home directory is known (HOME)" in is_one_sentence(done, 2)
    done = run(*NOBODY, sys.executable, "-m", "monitor", "doctor", environment=homeless)
    assert "name a folder with --sessions" in is_one_sentence(done, 2)


def test_without_a_home_no_command_ends_in_a_traceback(homeless):
    for arguments in (("stop", "none"), ("config", "check"), ("review", "none"), ("streams", "--wait", "1")):
        done = run(*NOBODY, sys.executable, "-m", "monitor", *arguments, environment=homeless)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode in (0, 2, 3)


@pytest.mark.parametrize(
    "variable", ["XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"]
)
def test_a_file_in_the_place_of_a_users_folder_is_no_traceback(variable, tmp_path):
    (tmp_path / "file").touch()
    done = run(*WATCH, environment=os.environ | {variable: str(tmp_path / "file")})
    assert "Traceback" not in done.stderr
    if variable == "XDG_DATA_HOME":
        assert "cannot be written to (Not a directory); choose another with --sessions" in done.stderr
        assert done.returncode == 2
    else:
        assert done.returncode == 3, done.stderr


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("-n 64", "may open only 64 files and a recording needs 256: raise the limit (ulimit -n)"),
        ("-v 1000000", "only 976 MiB of address space and a recording needs 2048 MiB"),
        ("-v 500000", "only 488 MiB of address space and a recording needs 2048 MiB"),
    ],
)
def test_too_low_a_limit_is_one_sentence_before_anything_is_recorded(limit, said, tmp_path):
    done = limited(limit, *WATCH, "--sessions", str(tmp_path / "s"))
    assert said in is_one_sentence(done, 3)
    assert done.stdout == ""
    assert not (tmp_path / "s").exists()
    if limit != "-v 500000":
        doctor = limited(limit, sys.executable, "-m", "monitor", "doctor", "--sessions", str(tmp_path / "s"))
        assert doctor.returncode == 3
        assert said in next(line for line in doctor.stdout.splitlines() if line.startswith("Limits"))


def test_a_soft_limit_on_files_is_raised(tmp_path):
    done = limited("-Sn 64", *WATCH, "--sessions", str(tmp_path / "s"))
    assert "Waited 1 s: no stream matches" in done.stderr
    assert done.returncode == 3


def test_threads_that_cannot_start_are_one_sentence(homeless, tmp_path):
    few = ("prlimit", "--nproc=6", *NOBODY, *WATCH, "--sessions", str(tmp_path / "s"))
    done = run(*few, environment=homeless | {"OPENBLAS_NUM_THREADS": "1"})
    assert "No more threads can be started" in is_one_sentence(done, 3)
    assert not (tmp_path / "s").exists()


def test_what_is_written_to_closed_streams_does_not_land_in_a_session(tmp_path):
    amplifier = Command(tmp_path / "amplifier.log", "simulate", "--seed", "3", "--speed", "10")
    try:
        watch = ("-m", "monitor", "watch", "--headless", "--stream", "PLMS-Sim-EMG", "--duration", "20")
        command = ("bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash", sys.executable, *watch)
        done = subprocess.run([*command, "--sessions", str(tmp_path / "s")], timeout=START_S, check=False)
    finally:
        amplifier.kill()
    assert done.returncode == 0
    (path,) = (each for each in (tmp_path / "s").iterdir() if each.is_dir())
    facts, tail = read_journal(SessionFolder(path).journal)
    assert (facts[-1].kind, tail.torn_bytes) == ("stop", 0)


def test_doctor_says_that_it_repaired_the_damaged_detector_and_watch_goes_on(tmp_path):
    dsp.warm_up()
    if dsp.cache_report.folder is None:
        pytest.skip("no cache folder here")
    place = tmp_path / "cache" / dsp.cache_report.folder.name
    place.parent.mkdir(mode=0o700)
    shutil.copytree(dsp.cache_report.folder, place)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(place.parent)}
    for path in place.glob("detector-*"):
        path.write_bytes(b"")
    doctor = (sys.executable, "-m", "monitor", "doctor", "--sessions", str(tmp_path / "s"))
    first, second = (run(*doctor, environment=environment) for _ in range(2))
    line = next(line for line in first.stdout.splitlines() if line.startswith("Detector"))
    assert "1 damaged file(s)" in line
    assert "detector: 0 bytes with a wrong checksum" in line
    assert first.returncode == second.returncode
    assert "damaged" not in second.stdout


def test_a_compiler_that_does_not_work_is_one_sentence(tmp_path):
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text("raise ImportError('Numba needs another NumPy')")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = os.environ | {"PYTHONPATH": path, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    why = "cannot be compiled (ImportError: Numba needs another NumPy): install the program again"
    doctor = (sys.executable, "-m", "monitor", "doctor", "--sessions", str(tmp_path / "s"))
    done = run(*doctor, environment=environment)
    assert done.returncode == 3
    assert f"Detector  MISSING  The detector {why}" in done.stdout
    watch = [*WATCH, "--sessions", str(tmp_path / "s")]
    assert "Waited 1 s: no stream matches" in run(*watch, environment=environment).stderr
