"""Object code is placed in memory without LLVM, or left to it: never placed wrongly."""

import ctypes
import subprocess
import sys

import llvmlite.binding as llvm
import pytest

from dsp import elf

pytestmark = pytest.mark.skipif(not elf.IS_SUPPORTED, reason="object code of Linux on x86-64")

# Sums constants that are kept beside the instructions, and the length of a text.
SUM = """
declare i64 @{callee}(i8*) nounwind
@text = private constant [4 x i8] c"abc\\00"
@table = private constant [2 x i64] [i64 40, i64 2]
define i64 @total(i64 %n) nounwind {{
  %at = getelementptr [2 x i64], [2 x i64]* @table, i64 0, i64 %n
  %one = load i64, i64* %at
  %length = call i64 @{callee}(i8* getelementptr ([4 x i8], [4 x i8]* @text, i64 0, i64 0))
  %sum = add i64 %one, %length
  ret i64 %sum
}}
define double @scaled(double %x) nounwind {{
  %y = fmul double %x, 0x400921FB54442D18
  ret double %y
}}
"""
COUNTER = """
@count = global i64 0
define i64 @next() nounwind {
  %n = load i64, i64* @count
  ret i64 %n
}
"""
# Counts without end.
ENDLESS = """
define void @endless(i64* %n) nounwind {
  br label %again
again:
  %one = load volatile i64, i64* %n
  %two = add i64 %one, 1
  store volatile i64 %two, i64* %n
  br label %again
}
"""
END_BESIDE_IT = """
import ctypes, sys, threading, time
from dsp import elf
endless = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(elf.load(sys.stdin.buffer.read())["endless"])
n = ctypes.c_int64()
threading.Thread(target=endless, args=(ctypes.byref(n),), daemon=True).start()
while not n.value:
    time.sleep(0.001)
sys.stdout.write("running")
"""


def object_code(text, codemodel="large"):
    """Return what LLVM makes of a program."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    machine = target.create_target_machine(reloc="static", codemodel=codemodel, jit=True)
    return machine.emit_object(llvm.parse_assembly(text))


def test_what_was_placed_finds_its_constants_and_what_the_process_has():
    addresses = elf.load(object_code(SUM.format(callee="strlen")))
    total = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(addresses["total"])
    scaled = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(addresses["scaled"])
    assert [total(0), total(1), scaled(2.0)] == [43, 5, 2.0 * 3.141592653589793]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(lambda: b"", id="nothing"),
        pytest.param(lambda: b"MZ" + bytes(200), id="code of another system"),
        pytest.param(lambda: object_code(SUM.format(callee="plms_nobody")), id="it calls what is not there"),
        pytest.param(lambda: object_code(SUM.format(callee="strlen"), "small"), id="its addresses are short"),
        pytest.param(lambda: object_code(COUNTER), id="it has variables"),
    ],
)
def test_other_code_is_left_to_llvm(code):
    with pytest.raises(elf.UnsupportedError):
        elf.load(code())


def test_code_of_another_processor_is_left_to_llvm():
    code = bytearray(object_code(COUNTER))
    code[18:20] = (183).to_bytes(2, sys.byteorder)
    with pytest.raises(elf.UnsupportedError, match="processor"):
        elf.load(bytes(code))


def test_a_process_may_end_while_a_thread_runs_what_was_placed():
    run = [sys.executable, "-c", END_BESIDE_IT]
    done = subprocess.run(run, input=object_code(ENDLESS), capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"running"), done.stderr
