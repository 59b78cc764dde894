"""Whoever runs the tests keeps the settings of their own screen."""

import atexit
import os
import shutil
import tempfile

# Here and not in a fixture: processes that tests start take their environment when modules are loaded.
_CONFIG = tempfile.mkdtemp(prefix="plms-test-config-")
os.environ["XDG_CONFIG_HOME"] = _CONFIG
atexit.register(shutil.rmtree, _CONFIG, ignore_errors=True)
