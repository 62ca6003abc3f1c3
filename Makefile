# `make run` and `make test` set everything up by themselves, in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup run test check format bench kills matrix plugin-versions keywords schema reports reports-check wheel clean

# The versions of pytest that the plugin is tried with, as pip names them; '' is the newest.
PYTESTS ?= '==8.2.*' ''

# The defects and scenarios that are tried anew for the kill matrix; all of them if there is none.
ONLY ?=

# The servers whose findings must be those of reports/*/expected.toml.
CHECKED ?= exim postfix opensmtpd aiosmtpd

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

setup: $(READY) ## the environment: an editable install with everything the tests need

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[embedded,pytest]' --group dev
	touch $@

run: $(READY) ## the suite against a server of its own (aiosmtpd), compared with the findings we know
	$(BIN)/smtp-conformance run aiosmtpd --expect $(wildcard reports/aiosmtpd-[0-9]*/expected.toml)

test: $(READY) ## all tests
	$(BIN)/python -bb -m pytest -n auto

check: $(READY) ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY) ## put the code into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## ratios, measured side by side in one run
	$(BIN)/python -m tests.bench

kills: $(READY) ## the full product: every defect against every scenario
	$(BIN)/python -m conformance.reference.kills --full

matrix: $(READY) ## write the kill matrix, suites/kills.toml, or its part about ONLY (defects or scenarios)
	$(BIN)/python -m conformance.reference.kills $(ONLY)

plugin-versions: ## the pytest plugin's tests with the oldest and the newest pytest that we support
	for version in $(PYTESTS); do \
	  there=$$(mktemp -d) || exit 1; \
	  $(PYTHON) -m venv "$$there" && \
	  "$$there/bin/python" -m pip install --quiet --upgrade 'pip>=25.1' && \
	  "$$there/bin/python" -m pip install --quiet --editable '.[embedded,pytest]' "pytest$$version" && \
	  "$$there/bin/python" -bb -m pytest -q -n 2 tests/pytest_plugin --ignore tests/pytest_plugin/test_plugin_agreement.py; \
	  ended=$$?; rm -rf "$$there"; [ $$ended = 0 ] || exit $$ended; \
	done

keywords: $(READY) ## list the RFC 2119 keywords of the texts at hand (RFC_TEXTS), suites/*/keywords.toml
	$(BIN)/python -m tests.keywords

schema: $(READY) ## write the JSON Schema of results.jsonl
	$(BIN)/python -m conformance.report.schema

reports: $(READY) ## start all servers that can be had here (root, for Debian's), test them, write reports/
	$(BIN)/python -m tests.reports

reports-check: $(READY) ## run some of them (CHECKED), and fail where one differs from its expected.toml
	$(BIN)/python -m tests.reports --check $(CHECKED)

wheel: $(READY) ## build the distribution
	$(BIN)/python -m build

clean: ## remove what was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
