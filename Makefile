# Each target makes what it needs from nothing: Python 3.11 or newer with its venv module, and a package index.
PYTHON ?= python3
RUN_VENV := .venv-run
DEV_VENV := .venv-dev

.PHONY: help run test check bench screenshots clean

help:
	@echo "make run | test | check | bench | screenshots | clean"

# A venv is made by `python -m venv`, which Debian and its kin package apart from Python itself.
define make_venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sockmon needs Python 3.11 or newer; this is `$(PYTHON) --version 2>&1`. Name another: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing: install it (Debian, Ubuntu: apt install python3-venv), then run make again." >&2; exit 2; }
	@test -x $(1)/bin/pip || { rm -rf $(1) && $(PYTHON) -m venv $(1); }
endef

$(RUN_VENV)/.ready: pyproject.toml constraints.txt
	$(call make_venv,$(RUN_VENV))
	@$(RUN_VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(DEV_VENV)/.ready: pyproject.toml constraints.txt
	$(call make_venv,$(DEV_VENV))
	@$(DEV_VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: $(RUN_VENV)/.ready
	@if [ -t 0 ] && [ -t 1 ]; then exec $(RUN_VENV)/bin/sockmon; else exec $(RUN_VENV)/bin/sockmon demo; fi

# Half of the tests' time is waiting for a socket or a screen, so three run on two cores.
test: $(DEV_VENV)/.ready
	$(DEV_VENV)/bin/pytest --dist worksteal -n $$(( (`getconf _NPROCESSORS_ONLN` * 3 + 1) / 2 ))

check: $(DEV_VENV)/.ready
	$(DEV_VENV)/bin/ruff format --check .
	$(DEV_VENV)/bin/ruff check .
	$(DEV_VENV)/bin/mypy
	PYTHONPATH=. $(DEV_VENV)/bin/lint-imports

bench: $(DEV_VENV)/.ready
	$(DEV_VENV)/bin/python -m tests.benchmarks

screenshots: $(DEV_VENV)/.ready
	$(DEV_VENV)/bin/python screenshots/shoot.py

clean:
	rm -rf $(RUN_VENV) $(DEV_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
