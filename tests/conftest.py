"""For all tests: the settings of whoever runs them stay as they are, and the examples of Hypothesis."""

import atexit
import os
import shutil
import tempfile

from hypothesis import HealthCheck, settings

# Here and not in a fixture: processes that tests start take their environment when modules are loaded.
_CONFIG = tempfile.mkdtemp(prefix="plms-test-config-")
os.environ["XDG_CONFIG_HOME"] = _CONFIG
atexit.register(shutil.rmtree, _CONFIG, ignore_errors=True)

# No limit of time for one example: a busy machine is no fault of the program.
_EXAMPLES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", _EXAMPLES, max_examples=100)
# The same examples in each run: whether a change passes is not a matter of chance.
settings.register_profile("ci", _EXAMPLES, max_examples=300, derandomize=True, database=None)
# `make soak` searches with other examples in each run.
settings.register_profile("search", _EXAMPLES, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
