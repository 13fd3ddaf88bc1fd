# What people type. Everything else is in launchportal/run.py, pyproject.toml and .ci/run.
SHELL := /bin/sh
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/installed
WORKERS ?= 2
# A start is half a dozen processes; without compiled modules each of them compiles Django again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup run test test-full test-services fuzz soak lint format lock bench screenshots clean

help:
	@echo "make run            start the portal at http://127.0.0.1:8000 (PORT, DATA_DIR)"
	@echo "make setup          make the virtual environment, for running and developing"
	@echo "make test           every test that needs nothing else installed"
	@echo "make test-full      after make test: all faults and long properties"
	@echo "make test-services  what needs a PostgreSQL server, RabbitMQ and Redis"
	@echo "make lint           ruff, mypy, import-linter, djlint, migrations, deploy checks"
	@echo "make fuzz           throw mutated documents at the plan reader"
	@echo "make soak           send for ten minutes while everything goes wrong (SOAK_MINUTES, SOAK_SEED)"
	@echo "make bench          measure, into benchmarks/RESULTS.md"
	@echo "make screenshots    every screen, into docs/screenshots/"
	@echo "make lock           pin what pyproject.toml asks for, into requirements.lock"

setup: $(STAMP)

$(STAMP): requirements.lock bootstrap.lock
	@test -n "$(PYTHON)" || { echo "The portal needs Python 3.11 or newer, and none was found: install it, or set PYTHON to its path." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: install its venv package (on Debian: python3-venv)." >&2; exit 1; }
	@echo "* Making the virtual environment in $(VENV)"
	@test -x $(RUN) || "$(PYTHON)" -m venv $(VENV)
	@echo "* Installing the locked dependencies (the first time this takes up to a minute)"
	@.ci/install $(RUN)
	@touch $@

run: $(STAMP)
	@exec $(RUN) -m launchportal.run

# By file: what a module makes once is made once, not by each process.
test: $(STAMP)
	@$(RUN) -m pytest -n $(WORKERS) --dist loadfile -m "not full and not services"

test-full: $(STAMP)
	@$(RUN) -m pytest -n $(WORKERS) --dist loadfile -m "full and not services"

test-services: $(STAMP)
	@$(RUN) -m pytest -m services

fuzz: $(STAMP)
	@$(RUN) -m tests.plans.fuzz

soak: $(STAMP)
	@$(RUN) -m tests.faults.soak

lint: $(STAMP)
	@.ci/lint $(RUN)

format: $(STAMP)
	@$(RUN) -m ruff format .
	@$(RUN) -m ruff check --fix .

# Versions already locked stay, unless UPGRADE=--upgrade. The lock names no package index.
lock: $(STAMP)
	@$(RUN) -m uv pip compile --universal --python-version 3.11 --generate-hashes --group dev \
		--quiet $(UPGRADE) pyproject.toml -o requirements.lock

bench: $(STAMP)
	@$(RUN) -m benchmarks

screenshots: $(STAMP)
	@$(RUN) -m tests.screenshots

clean:
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
