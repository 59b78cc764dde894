# `make demo` and `make test` are each all the set-up there is: python3, python3-venv and make are enough.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# The shared libraries Qt links to, and for a real screen or a virtual one. `libgl1=libGL.so.1`: package=library.
QT_LIBS := libglib2.0-0=libglib-2.0.so.0 libgl1=libGL.so.1 libegl1=libEGL.so.1 libfontconfig1=libfontconfig.so.1 \
	libdbus-1-3=libdbus-1.so.3 libxkbcommon0=libxkbcommon.so.0 libxcb-cursor0=libxcb-cursor.so.0 \
	libxkbcommon-x11-0=libxkbcommon-x11.so.0 libxcb-icccm4=libxcb-icccm.so.4 libxcb-keysyms1=libxcb-keysyms.so.1 \
	libxcb-shape0=libxcb-shape.so.0

# A screen for the tests of a real window, as package=command; without them those tests are skipped.
TEST_TOOLS := xvfb=Xvfb xauth=xauth openbox=openbox xdotool=xdotool

# Installs $$missing through apt, as root or with a sudo that asks nothing.
define INSTALL
[ -n "$$missing" ] && command -v apt-get >/dev/null 2>&1 || exit 0; \
if [ "$$(id -u)" = 0 ]; then run=; elif sudo -n true 2>/dev/null; then run="sudo -n"; else \
  echo "The window needs system packages. Install them with: sudo apt-get install$$missing"; exit 0; fi; \
echo "Installing the system packages the window needs:$$missing"; \
$$run apt-get update -qq && \
$$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null || \
echo "That did not work. Install them by hand: apt-get install$$missing"
endef

.PHONY: demo test lint bench soak picture libs test-libs clean

demo: $(VENV)/.installed libs
	@$(BIN)/plms-monitor demo $(ARGS)

test: $(VENV)/.installed-dev test-libs lint
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python -m pytest tests/bench --benchmark-only -o addopts="--strict-markers" $(ARGS)

soak: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m soak -o timeout=0 $(ARGS)

# The picture in the README, made by the program from a simulated night.
picture: $(VENV)/.installed-dev libs
	QT_QPA_PLATFORM=offscreen $(BIN)/python tests/gui/gui_sessions.py --picture configs/dashboard.png

# A virtual environment made elsewhere or half made is made anew.
$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit("PLMS Monitor needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml configs/constraints.txt
	@echo "Installing what the program needs into $(VENV), some hundred MB; this is done once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c configs/constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml configs/constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c configs/constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed

# Prints what it is about to install; without the right to, says in one line what to install.
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
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
