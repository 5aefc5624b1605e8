# Every task of this repository; `make help` lists them. They make `.venv` themselves when it is
# missing or its lock has changed. PYTHON names the interpreter to make it with.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first of these that is a Python this release supports.
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
	$(name) tools/supported_python.py >/dev/null 2>&1 && echo $(name))) python3)
HEADRACE_HOME ?= $(CURDIR)/.headrace
export HEADRACE_HOME

BIN := .venv/bin
INSTALL := -m pip install --quiet --disable-pip-version-check
# Stamps: what .venv holds, and from which lock. The developers' lock includes the users'.
USER := .venv/.user
DEVELOPER := .venv/.developer
BENCH := .venv-bench/.reference

.PHONY: help demo up test test-system chaos chaos-short check format lint types imports bench fix \
	migration connector loader openapi api-diff client settings-page permissions-page texts screenshots \
	lock clean

help: ## List the tasks.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

demo: $(USER) ## Run a whole pipeline through the HTTP API; FILE=my.csv carries a file of yours too.
	@$(BIN)/headrace demo $(if $(FILE),--file "$(FILE)")

up: $(USER) ## Run web server, worker and embedded PostgreSQL until Ctrl-C.
	@exec $(BIN)/headrace up

test: $(DEVELOPER) ## Run every test that needs Python alone.
	@$(BIN)/pytest -n auto --dist worksteal -m "not system"

test-system: $(DEVELOPER) ## Run the tests that need system packages; they fail where one is missing.
	@$(BIN)/pytest -n auto --dist worksteal -m system

chaos: $(DEVELOPER) ## Break everything by chance for a while, then compare every row: MINUTES=10 [SEED=...]
	@PYTHONPATH=tests $(BIN)/python -m chaos --minutes $(or $(MINUTES),10) \
		--customers $(or $(CUSTOMERS),2) $(if $(SEED),--seed "$(SEED)")

chaos-short: ## As chaos, for about two minutes in all.
	@$(MAKE) chaos MINUTES=1 CUSTOMERS=1

# Architecture tests and migrations from empty and back are among the tests of `make test`.
check: format lint types imports test test-system chaos-short ## Run all that continuous integration runs.

format: $(DEVELOPER) ## Check that the code is formatted.
	@$(BIN)/ruff format --check .

lint: $(DEVELOPER) ## Check the code with ruff.
	@$(BIN)/ruff check .

types: $(DEVELOPER) ## Check types, strictly.
	@$(BIN)/mypy src tools

imports: $(DEVELOPER) ## Check that imports point one way.
	@$(BIN)/lint-imports --no-cache

fix: $(DEVELOPER) ## Format, and apply the fixes that are safe.
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

bench: $(DEVELOPER) $(BENCH) ## Measure speed and memory against references in the same run.
	@$(BIN)/python -m bench --reference .venv-bench/bin/python

migration: $(DEVELOPER) ## Write a migration from what the models say: name="..."
	@$(if $(name),,echo 'Say what it does: make migration name="add ..."'; exit 2)
	@$(BIN)/python tools/new_migration.py "$(name)"

connector: $(DEVELOPER) ## Make the folder of a new data source: name=...
	@$(if $(name),,echo 'Name it: make connector name=acme_ads'; exit 2)
	@$(BIN)/python tools/new_connector.py "$(name)"

loader: $(DEVELOPER) ## Make the folder of a new destination: name=...
	@$(if $(name),,echo 'Name it: make loader name=acme_warehouse'; exit 2)
	@$(BIN)/python tools/new_loader.py "$(name)"

openapi: $(USER) ## Print the OpenAPI document.
	@$(BIN)/headrace openapi

api-diff: $(DEVELOPER) ## Print where the served API differs from the contract.
	@$(BIN)/python tools/compare_api.py

client: $(DEVELOPER) ## Write the generated half of the Python client anew.
	@$(BIN)/python tools/write_client.py

settings-page: $(DEVELOPER) ## Write docs/settings.md anew.
	@$(BIN)/python tools/write_settings_page.py

permissions-page: $(DEVELOPER) ## Write docs/permissions.md anew.
	@$(BIN)/python tools/write_permissions_page.py

screenshots: $(DEVELOPER) ## Take the pictures of the README anew; needs Chromium.
	@$(BIN)/python tools/take_screenshots.py

texts: $(DEVELOPER) ## Print the texts of the pages that lack a translation, as a catalogue.
	@$(BIN)/python tools/collect_texts.py

# uv resolves for every platform at once, which pip cannot; it is needed for this alone.
lock: ## Bring the three lock files up to date with what pyproject.toml asks for.
	@PYTHON="$(PYTHON)" tools/lock.sh

clean: ## Remove the environments, not the data under HEADRACE_HOME.
	rm -rf .venv .venv-bench

$(USER): requirements.lock pyproject.toml
	@$(MAKE) .venv/bin/python
	@echo "Installing what Headrace needs into .venv ..."
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements.lock
	@$(BIN)/python $(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(DEVELOPER): requirements-dev.lock pyproject.toml
	@$(MAKE) .venv/bin/python
	@echo "Installing what the tests and checks need into .venv ..."
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements-dev.lock
	@$(BIN)/python $(INSTALL) --no-deps --no-build-isolation -e .
	@touch $(USER) $@

$(BENCH): requirements-bench.lock
	@$(MAKE) .venv-bench/bin/python
	@echo "Installing what we measure ourselves against into .venv-bench ..."
	@.venv-bench/bin/python $(INSTALL) --require-hashes -r requirements-bench.lock
	@touch $@

.venv/bin/python .venv-bench/bin/python:
	@$(PYTHON) tools/supported_python.py
	@$(PYTHON) -m venv $(@:/bin/python=)
