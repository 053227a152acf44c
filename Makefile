# The commands people type. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 4566
DATA   ?= .data

.DEFAULT_GOAL := help
.PHONY: help setup up test test-all check demo bench clients lock clean

help:            ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*##/\t/' | expand -t 14

setup: $(VENV)/.ready ## make the environment in .venv

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Fogstead needs Python 3.11 or newer: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python has no venv. On Debian: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

up: setup        ## start the cloud on port 4566
	$(BIN)/fogstead start --port $(PORT) --data-dir $(DATA)

test: setup check ## everything that CI runs
	$(BIN)/pytest -n 2 -m "not slow"

test-all: setup check clients ## the slow suites too
	$(BIN)/pytest -n 2

check: setup     ## style, types, floors
	$(BIN)/fogstead shapes
	$(BIN)/fogstead check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

demo: setup      ## real work through queues and a bucket, with kill -9 on the way
	$(BIN)/python -m demo

bench: setup     ## speed beside the peers; figures for docs/performance.md
	$(BIN)/python -m benchmarks.run

clients: setup   ## real clients, each in an environment of its own
	$(PYTHON) tests/clients/install.py

lock: setup      ## resolve the requirements again
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q pyproject.toml -o requirements/core.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q pyproject.toml --group dev -o requirements/dev.txt

clean:           ## remove what was made, but no data
	rm -rf $(VENV) .clients .mypy_cache .ruff_cache .hypothesis build dist
