# Two commands do everything: `make demo` and `make test`. Each sets up .venv first.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export BEWAAR_SHARED ?= $(abspath ../shared)

.PHONY: demo test soak lint docs wheel clean

demo: $(VENV)/.demo
	@$(BIN)/bewaar demo --archive demo-archive

test: $(VENV)/.test lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not soak" $(PYTEST_ARGS)

soak: $(VENV)/.test
	$(BIN)/python -m pytest -m soak $(PYTEST_ARGS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Write the generated parts of docs/ again; `make test` fails when they are stale.
docs: $(VENV)/.test
	$(BIN)/cog -r docs/*.md

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo "bewaar: python3 is missing: apt-get install python3 python3-venv" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "bewaar: Python 3.11 or newer is needed: apt-get install python3" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "bewaar: python3-venv is missing: apt-get install python3-venv" >&2; exit 2; }
	@echo "bewaar: setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.demo pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group test
	@touch $@

# Build the wheel, install it into an empty venv, and run the demo there, away from this tree.
wheel: $(VENV)/.test
	rm -rf build/wheel && mkdir -p build/wheel/away
	$(BIN)/python -m build --wheel --no-isolation --outdir build/wheel . >/dev/null
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check build/wheel/*.whl
	cd build/wheel/away && ../venv/bin/bewaar demo && ../venv/bin/bewaar verify --rows --archive demo-archive
	cd build/wheel/away && ../venv/bin/bewaar export --site site --archive demo-archive
	mkdir build/wheel/alone && cp build/wheel/away/demo-archive/public.db build/wheel/alone/
	cd build/wheel/alone && ../venv/bin/datasette serve -i public.db --get /-/organisations | grep -q '/-/organisation/'
	rm -rf build/wheel

clean:
	rm -rf $(VENV) demo-archive archive-data build dist
