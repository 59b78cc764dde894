"""The numeric layer imports numpy, numba, llvmlite, the standard library and itself, nothing else."""

import ast
import sys
from pathlib import Path

import dsp

ALLOWED = sys.stdlib_module_names | {"numpy", "numba", "llvmlite", "dsp"}


def test_dsp_knows_only_numpy_and_the_compiler():
    for path in Path(dsp.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += (
                [node.module if node.level == 0 else "relative import"]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert {name.partition(".")[0] for name in names} <= ALLOWED, (path, node.lineno)
