"""The binary library of LSL: what it prints, and whether it encrypts."""

import ctypes
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

import monitor.lsl.library as library_module
from monitor.lsl.library import Security, is_encrypted, security
from monitor.lsl.probe import security_text

USE = "from monitor.lsl.library import lsl; lsl().resolve_streams(0.1)"


def said(tmp_path, **environment):
    """Return what a process that uses LSL under these variables writes to standard error."""
    clean = {key: value for key, value in os.environ.items() if key not in ("LSLAPICFG", "HOME")}
    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        env=clean | {"HOME": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def test_without_a_configuration_liblsl_is_silent(tmp_path):
    assert said(tmp_path) == ""


def test_a_configuration_of_the_user_holds_with_its_log_level(tmp_path):
    config = tmp_path / "own.cfg"
    config.write_text("[log]\nlevel = 0\n[multicast]\nResolveScope = machine\n")
    assert str(config) in said(tmp_path, LSLAPICFG=str(config))
    (tmp_path / "lsl_api").mkdir()
    config.rename(tmp_path / "lsl_api" / "lsl_api.cfg")
    assert "lsl_api.cfg" in said(tmp_path)


def library(*, is_secure, is_enabled=0):
    """Return a stand-in for pylsl over a secure build."""

    def full_version():
        return b"1.16.1-secure.1.0.0-alpha"

    functions = {
        "lsl_is_secure_build": lambda: is_secure,
        "lsl_local_security_enabled": lambda: is_enabled,
        "lsl_full_version": full_version,
    }
    return SimpleNamespace(lib=SimpleNamespace(lib=SimpleNamespace(**functions)))


def test_the_bundled_library_is_recognised_as_one_without_encryption():
    assert security() is None
    assert is_encrypted() is None


@pytest.mark.parametrize("is_enabled", [0, 1])
def test_a_secure_build_is_recognised(monkeypatch, is_enabled):
    pylsl = library(is_secure=1, is_enabled=is_enabled)
    monkeypatch.setattr(library_module, "lsl", lambda: pylsl)
    assert is_encrypted() is bool(is_enabled)
    assert security() == Security("1.16.1-secure.1.0.0-alpha", bool(is_enabled))
    assert pylsl.lib.lib.lsl_full_version.restype is ctypes.c_char_p
    text = security_text()
    assert "1.16.1-secure.1.0.0-alpha" in text
    assert ("NOT encrypted" in text) == (not is_enabled)


def test_a_build_with_its_security_left_out_is_none(monkeypatch):
    monkeypatch.setattr(library_module, "lsl", lambda: library(is_secure=0))
    assert security() is None
    assert security_text() == ""
