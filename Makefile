# `make demo` and `make test` each set up everything they need: python3, python3-venv and make are enough.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c configs/constraints.txt
# Into a cache of this user, for exactly these sources.
COMPILE = $(BIN)/python -c "import dsp; dsp.warm_up()"
# Processes that run tests side by side.
JOBS ?= 2
# What `make test-oldest` and `make test-newest` run.
TESTS ?= tests/unit tests/rules tests/property tests/detector

# The shared libraries Qt links to, and for a real screen or a virtual one. `libgl1=libGL.so.1`: package=library.
QT_LIBS := libglib2.0-0=libglib-2.0.so.0 libgl1=libGL.so.1 libegl1=libEGL.so.1 libfontconfig1=libfontconfig.so.1 \
	libdbus-1-3=libdbus-1.so.3 libxkbcommon0=libxkbcommon.so.0 libxcb-cursor0=libxcb-cursor.so.0 \
	libxkbcommon-x11-0=libxkbcommon-x11.so.0 libxcb-icccm4=libxcb-icccm.so.4 libxcb-keysyms1=libxcb-keysyms.so.1 \
	libxcb-shape0=libxcb-shape.so.0

# For the tests of a real window and of faults of a network, as package=command; without them they are skipped.
# `ip`: networks between namespaces.
TEST_TOOLS := xvfb=Xvfb xauth=xauth openbox=openbox xdotool=xdotool iproute2=ip

# Installs $$missing through apt, as root or with a sudo that needs no password.
define INSTALL
[ -n "$$missing" ] && command -v apt-get >/dev/null 2>&1 || exit 0; \
if [ "$$(id -u)" = 0 ]; then run=; elif sudo -n true 2>/dev/null; then run="sudo -n"; else \
  echo "The window needs system packages. Install them with: sudo apt-get install$$missing"; exit 0; fi; \
echo "Installing the system packages the window needs:$$missing"; \
$$run apt-get update -qq && \
$$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null || \
echo "That did not work. Install them by hand: apt-get install$$missing"
endef

.PHONY: help demo test test-rest test-all kernels lint coverage test-oldest test-newest bench soak picture pictures libs test-libs clean

help:
	@echo "make demo         record a simulated sleeper"
	@echo "make test         linters, type checks, import contracts, tests; some five minutes"
	@echo "make test-rest    the end-to-end tests and further cases that make test leaves out"
	@echo "make test-all     both"
	@echo "make lint         linters, type checks, import contracts"
	@echo "make coverage     tests with line coverage per package"
	@echo "make test-oldest  tests with the oldest allowed dependencies, in .venv-oldest"
	@echo "make test-newest  tests with the newest dependencies, in .venv-newest"
	@echo "make bench        measure speed"
	@echo "make soak         long-running tests"
	@echo "make picture      draw the picture in the README"
	@echo "make pictures     draw every page at every size into OUT (default: pictures)"
	@echo "make clean        remove virtual environments and caches"
	@echo "Options: ARGS=\"...\" for pytest or the demo; JOBS=2 processes of tests; TESTS=\"...\" for test-oldest and test-newest"

demo: $(VENV)/.installed libs
	@$(BIN)/plms-monitor demo $(ARGS)

# One file at a time and process, in the order of the folders: the longest first, fixtures of a file made once.
XDIST = -n $(JOBS) --dist loadfile --no-loadscope-reorder

# The linters run beside the tests; what they say comes after. One process more: end-to-end tests wait a lot.
test: JOBS = 3
test: $(VENV)/.installed-dev test-libs kernels
	@said=$$(mktemp); trap 'kill $$lint 2>/dev/null; rm -f "$$said"' EXIT; trap 'exit 130' INT TERM; \
	$(MAKE) --no-print-directory lint >"$$said" 2>&1 & lint=$$!; \
	$(BIN)/python -m pytest $(XDIST) -m "not soak and not slow and (smoke or not e2e)" $(ARGS); tests=$$?; \
	wait $$lint; linters=$$?; cat "$$said"; \
	[ $$tests = 0 ] || echo "make test: the tests failed"; \
	[ $$linters = 0 ] || echo "make test: the linters failed"; \
	[ $$tests = 0 ] && [ $$linters = 0 ]

test-rest: $(VENV)/.installed-dev test-libs kernels
	$(BIN)/python -m pytest $(XDIST) -m "not soak and (slow or (e2e and not smoke))" $(ARGS)

test-all:
	$(MAKE) test
	$(MAKE) test-rest

# Compiled once for all tests, which allow no time for it.
kernels: $(VENV)/.installed-dev
	@$(COMPILE)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: $(VENV)/.installed-dev test-libs
	$(BIN)/python -m pytest $(XDIST) --cov=monitor --cov=dsp --cov-report= $(ARGS)
	@for folder in monitor/*/ dsp/; do \
	  ls $$folder*.py >/dev/null 2>&1 || continue; \
	  printf '%-24s%4s %%\n' "$$folder" "$$($(BIN)/coverage report --include="$$folder*" --format=total)"; \
	done; printf '%-24s%4s %%\n' total "$$($(BIN)/coverage report --format=total)"

# The tests with other versions of the dependencies, each in a virtual environment of its own.
test-oldest: RESOLUTION := lowest-direct
test-newest: RESOLUTION := highest
test-oldest test-newest: test-%: .venv-%/.installed test-libs
	.venv-$*/bin/python -m pytest $(TESTS) $(ARGS)

.venv-%/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check -c configs/constraints.txt uv
	.venv-$*/bin/uv pip install --quiet --python .venv-$*/bin/python --upgrade --resolution $(RESOLUTION) -e '.[dev]'
	@touch $@

bench: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/bench --benchmark-only -o addopts="--strict-markers" $(ARGS)

soak: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m soak -o timeout=0 $(ARGS)
	HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest $(XDIST) tests/property -o timeout=0 $(ARGS)

# The picture in the README, drawn by the program from a simulated recording.
picture: $(VENV)/.installed-dev libs
	QT_QPA_PLATFORM=offscreen $(BIN)/python tests/support/sessions.py --picture configs/dashboard.png

# Every page at every size, text size and theme, with contact sheets; lists texts that are cut off.
pictures: $(VENV)/.installed-dev libs
	QT_QPA_PLATFORM=offscreen PYTHONPATH=tests $(BIN)/python tests/support/pages.py --out $(or $(OUT),pictures) $(ARGS)

# An incomplete or moved virtual environment is created again.
$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit("PLMS Monitor needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml configs/constraints.txt
	@echo "Installing the dependencies into $(VENV), several hundred MB, once; the detector is compiled meanwhile."
	@$(PIP_INSTALL) numpy numba
	@$(COMPILE) & compiling=$$!; $(PIP_INSTALL) -e .; installed=$$?; \
	wait $$compiling || echo "The detector is compiled at the first start instead."; exit $$installed
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml configs/constraints.txt
	$(PIP_INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.installed

# Prints what it installs; without the permission, prints one line with the packages to install.
libs:
	@missing=; have=$$( (ldconfig -p || /sbin/ldconfig -p) 2>/dev/null); \
	for pair in $(QT_LIBS); do \
	  case "$$have" in *"$${pair#*=} "*) ;; *) missing="$$missing $${pair%%=*}";; esac; \
	done; $(INSTALL)

test-libs: libs
	@missing=; \
	for pair in $(TEST_TOOLS); do \
	  command -v "$${pair#*=}" >/dev/null 2>&1 || missing="$$missing $${pair%%=*}"; \
	done; $(INSTALL)

clean:
	rm -rf $(VENV) .venv-oldest .venv-newest .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
