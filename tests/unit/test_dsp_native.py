"""The detector's code without the compiler: the same results, and the compiler where it cannot be used."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import cycle

import llvmlite.binding as llvm
import numpy as np
import pytest

import dsp
from dsp import DetectorSettings, LegDetector, elf
from dsp._cache import cached_folder, kernel_names, read_file, write_file
from dsp.calibration import calibrate
from dsp.detector import new_state
from dsp.jit import compiled
from dsp.native import ENTRY_POINTS, code_file, load, processor
from dsp.records import Floats
from dsp.routines import routines
from monitor.detection.filters import design_filters

FS = 500.0
SETTINGS = replace(DetectorSettings(), further_onset_uv=(6.4, 9.6))
SOS = design_filters(FS, SETTINGS)


def signal(seconds=60, seed=3):
    """Return rest with movements, a lead that pops, a gap and hum."""
    rng = np.random.default_rng(seed)
    n = round(seconds * FS)
    x = 2.0 * rng.standard_normal(n)
    for onset_s in range(8, seconds - 4, 7):
        i = round(onset_s * FS)
        x[i : i + 700] += rng.uniform(8.0, 60.0) * rng.standard_normal(700)
    x[round(20.3 * FS) :] += 900.0
    x[round(31 * FS) : round(33 * FS)] = np.nan
    x[round(45 * FS) :] += 70.0 * np.sin(2 * np.pi * 50.0 * np.arange(n - round(45 * FS)) / FS)
    return x


def memory_after(compiled, x, chunks_n=(16, 1, 700)):
    """Return every byte of a detector's state after a signal, and how far each call came."""
    sets = (SETTINGS, *(replace(SETTINGS, onset_uv=uv) for uv in SETTINGS.further_onset_uv))
    state = new_state(sets, FS, SOS, calibrate(SETTINGS, FS, SOS))
    compiled["start_at"](state)(11)
    piece, reached, at = np.empty(700), [], 0
    run, sizes = compiled["run"](state, piece), cycle(chunks_n)
    while at < x.size:
        part = x[at : at + next(sizes)]
        start = piece.size - part.size
        piece[start:] = part
        while start < piece.size:
            start = run(start)
            reached.append(start)
            state.leg["events_n"] = state.leg["rows_n"] = 0
        at += part.size
    compiled["finish"](state)()
    return [each.tobytes() for each in state], reached


def test_it_leaves_the_same_memory_as_the_compiler_to_the_bit():
    from dsp.compilation import entry_points

    kernels = {name: partial(partial, kernel) for name, kernel in entry_points().items()}
    assert memory_after(routines(), signal()) == memory_after(kernels, signal())


def test_it_leaves_the_same_memory_where_llvm_places_the_code(monkeypatch):
    dsp.warm_up()
    code = read_file(code_file())
    monkeypatch.setattr(elf, "IS_SUPPORTED", False)
    assert memory_after(load(code), signal()) == memory_after(routines(), signal())


def test_a_filter_runs_to_the_same_bits():
    from dsp.kernels.filters import run_stages
    from dsp.sections import arrange

    x = signal(5)
    native, stages = x.copy(), arrange(SOS)
    routines()["run_stages"](stages, native)()
    again = arrange(SOS)
    run_stages(again, x)
    assert native.tobytes() == x.tobytes()
    assert stages.tobytes() == again.tobytes()


def test_a_chunk_longer_than_a_piece_is_the_same_signal():
    x = signal()
    whole, chunks = LegDetector(SETTINGS, FS, SOS), LegDetector(SETTINGS, FS, SOS)
    events, rows = whole.process(x)
    found = [chunks.process(x[at : at + 16]) for at in range(0, x.size, 16)]
    assert events.tobytes() == b"".join(each.tobytes() for each, _ in found) != b""
    assert rows.tobytes() == b"".join(each.tobytes() for _, each in found)


def test_code_of_another_processor_or_of_other_options_is_another_file(monkeypatch):
    ours = code_file()
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert code_file() == ours
    monkeypatch.setenv("NUMBA_OPT", "1")
    assert code_file() != ours
    monkeypatch.delenv("NUMBA_OPT")
    assert code_file() == ours
    monkeypatch.setattr("dsp.native.processor", lambda: ["another"])
    assert code_file() != ours


def test_processors_of_another_model_or_with_other_instructions_differ_for_llvm(monkeypatch):
    monkeypatch.setattr(elf, "IS_SUPPORTED", False)
    ours = processor()
    with monkeypatch.context() as another:
        another.setattr("llvmlite.binding.get_host_cpu_name", lambda: "another")
        assert processor() != ours
    features = llvm.get_host_cpu_features()
    features["sse3"] = not features.get("sse3")
    monkeypatch.setattr("llvmlite.binding.get_host_cpu_features", lambda: features)
    assert processor() != ours


CPUINFO = """\
processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 1
model name\t: AMD EPYC
stepping\t: 1
cpu MHz\t\t: {mhz}
flags\t\t: fpu sse {flags}
bugs\t\t: spectre_v1

processor\t: 1
"""


@pytest.mark.skipif(not elf.IS_SUPPORTED, reason="what Linux says about a processor of x86-64")
def test_processors_of_another_model_or_with_other_instructions_differ(tmp_path):
    def said(text):
        (tmp_path / "cpuinfo").write_text(text)
        return processor(tmp_path / "cpuinfo")

    ours = said(CPUINFO.format(mhz=2445.4, flags="avx avx2"))
    assert ours == said(CPUINFO.format(mhz=800.0, flags="avx2 avx"))
    # A virtual machine may give its processor any name.
    (tmp_path / "cpuinfo").write_bytes(
        CPUINFO.format(mhz=2445.4, flags="avx avx2").encode().replace(b"AMD EPYC", b"EPYC\xae")
    )
    assert ours == processor(tmp_path / "cpuinfo")
    others = [
        said(CPUINFO.format(mhz=2445.4, flags="avx")),
        said(CPUINFO.format(mhz=2445.4, flags="avx avx2").replace("25", "26")),
        said("processor\t: 0\n"),
        processor(tmp_path / "missing"),
    ]
    assert ours not in others
    # LLVM is asked where Linux does not say it.
    assert others[2] == others[3] != []


def test_the_names_of_all_kernels_are_known_from_their_sources():
    from dsp.compilation import callees_first, entry_points

    assert {kernel.py_func.__qualname__ for kernel in callees_first()} <= kernel_names()
    assert set(entry_points()) == set(ENTRY_POINTS) <= kernel_names()


@compiled
def raising(x: Floats) -> int:
    if x[0] > 1.0:
        raise ValueError("too large")
    return 1


@compiled
def adding(x: Floats) -> int:
    x[0] += 1.0
    return 1


@pytest.mark.e2e
def test_a_kernel_that_can_raise_needs_the_compiler():
    from dsp.compilation import object_code

    assert object_code({"adding": adding})
    assert not object_code({"adding": adding, "raising": raising})


@pytest.mark.e2e
def test_nothing_is_compiled_for_a_process_that_ended_before_its_compilers_began(tmp_path):
    given = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    program = "from dsp.compilation import compile_share; compile_share(0)"
    done = subprocess.run([sys.executable, "-c", program], stdin=subprocess.DEVNULL, env=given, check=False)
    assert done.returncode == 1
    # It may have begun with one: a lock says that it did, and nobody holds it any more.
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def without_entry_points():
    """Return the object code of nothing."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine()
    return machine.emit_object(llvm.parse_assembly(""))


USE = """
import json, sys
import numpy as np
import dsp
dsp.warm_up()
report = dsp.cache_report
print(json.dumps(["numba" in sys.modules, report.ready_share, report.compiled_n, len(report.repaired)]))
"""


@pytest.mark.parametrize(
    ("content", "repaired_n"),
    [
        pytest.param(b"", 0, id="it needs the compiler"),
        pytest.param(without_entry_points(), 1, id="other code", marks=pytest.mark.e2e),
    ],
)
def test_what_cannot_be_loaded_is_called_through_the_compiler(content, repaired_n, tmp_path):
    dsp.warm_up()
    place = tmp_path / cached_folder().name
    place.mkdir(mode=0o700)
    for kernel in cached_folder().glob("*.kernel"):
        (place / kernel.name).symlink_to(kernel)
    write_file(place / code_file().name, content)
    given = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", USE], capture_output=True, text=True, env=given, check=False)
    assert done.stdout.strip() == f"[true, 1.0, 0, {repaired_n}]", done.stderr


WARM_UP = """
import subprocess
begun, Popen = [], subprocess.Popen
subprocess.Popen = lambda *given, **options: begun.append(given) or Popen(*given, **options)
import dsp
for _ in range(3):
    try:
        dsp.warm_up()
    except dsp.CompilationError as err:
        print(err)
print(len(begun))
"""


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("error", "remedy"),
    [("ImportError", "install the program again"), ("MemoryError", "close other programs")],
)
def test_what_cannot_be_compiled_is_not_tried_again(tmp_path, error, remedy):
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text(f"raise {error}('Numba needs another NumPy')")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    given = os.environ | {"PYTHONPATH": path, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", WARM_UP], env=given, capture_output=True, text=True, check=True
    )
    *said, begun_n = done.stdout.splitlines()
    why = f"({error}: Numba needs another NumPy): {remedy}."
    assert said == [f"The detector cannot be compiled {why}"] * 3
    assert 0 < int(begun_n) <= 2


@pytest.mark.e2e
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a protection of Linux")
def test_where_written_memory_may_not_be_executed_that_is_said():
    dsp.warm_up()
    # As a service of systemd with MemoryDenyWriteExecute.
    refuse = "import ctypes, sys\nif ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit('cannot be refused')\n"
    done = subprocess.run(
        [sys.executable, "-c", refuse + WARM_UP], capture_output=True, text=True, check=False
    )
    if "cannot be refused" in done.stderr:
        pytest.skip("this kernel has no such protection")
    *said, begun_n = done.stdout.splitlines()
    assert (done.returncode, begun_n) == (0, "0"), done.stderr
    assert len(said) == 3
    assert all("does not let the program run compiled code" in line for line in said)
