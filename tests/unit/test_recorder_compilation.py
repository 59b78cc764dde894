"""The compilation of the detector beside a recording: if it failed, that is said and nothing waits for it."""

import subprocess
import sys

from dsp import CompilationError
from monitor.cli.limits import what_ran_out
from monitor.recorder.compilation import Compilation


def compiled_with(error):
    def compiled():
        raise error

    compilation = Compilation(compiled, lambda: 0.3)
    assert compilation.share == 0.3
    compilation.start()
    return compilation


def test_one_that_failed_is_done_and_says_why():
    compilation = compiled_with(CompilationError("no compiler"))
    assert compilation.wait()
    assert (compilation.failure, compilation.share) == ("no compiler", 1.0)


def test_a_failure_without_words_has_a_name():
    compilation = compiled_with(MemoryError())
    assert compilation.wait()
    assert compilation.failure == "MemoryError"


def test_one_that_succeeded_has_no_failure():
    assert Compilation.done().failure == ""


def test_a_failure_is_one_sentence_and_what_ran_out_is_named():
    assert what_ran_out(CompilationError("no compiler")) == "no compiler"
    assert what_ran_out(RuntimeError("another")) == ""
    error = CompilationError("no compiler")
    error.__cause__ = MemoryError()
    assert "There is not enough memory" in what_ran_out(error)


def test_another_error_is_named_without_loading_the_compiler():
    # There may be no memory for it.
    program = (
        "import sys; from monitor.cli.limits import what_ran_out; print(what_ran_out(RuntimeError('a')));"
        "assert 'llvmlite' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
