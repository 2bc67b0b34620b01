# The two commands: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= $(shell for p in python3 python3.13 python3.14 python3.12; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
PYTEST := $(PY) -m pytest -q

.PHONY: help run test test-sqlite test-postgresql lint fix lock schema states bench test-browser test-faults test-clis test-slow

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.run: requirements.txt
	@test -n "$(PYTHON)" || { echo "Codewalkers needs Python 3.12 or newer: install it, or name it with PYTHON=…"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: .venv/.run  ## set up what is missing, then serve on 127.0.0.1:3847
	@$(PY) manage.py serve

test: lint test-sqlite test-postgresql  ## the quick checks and tests, on both databases

test-sqlite: .venv/.dev  ## the quick suite on SQLite
	$(PYTEST) -n auto

test-postgresql: .venv/.dev  ## repositories and constraints on a throwaway PostgreSQL
	CW_TEST_POSTGRESQL=1 $(PYTEST) -m databases

lint: .venv/.dev  ## format, style, types, import contracts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/djade --check --target-version 6.1 $$(git ls-files '*.html')
	.venv/bin/lint-imports --no-cache
	.venv/bin/mypy .

fix: .venv/.dev  ## format and mend what can be mended
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	-.venv/bin/djade --target-version 6.1 $$(git ls-files '*.html')

test-faults: .venv/.dev  ## kill -9 and races, some minutes
	$(PYTEST) -m faults

test-browser: .venv/.dev  ## journeys in a real Chromium
	$(PYTEST) -m browser -n 2 --dist loadfile

test-clis: .venv/.dev  ## the real Claude Code against a mock model
	$(PYTEST) -m clis

test-slow: .venv/.dev  ## what is too long for the quick suite
	$(PYTEST) -m slow

bench: .venv/.dev  ## measure; prints ratios (benchmarks/README.md)
	$(PY) -m benchmarks

schema: .venv/.run  ## print the schema as Markdown (docs/database.md)
	@$(PY) manage.py schema

states: .venv/.run  ## print the state diagrams (docs/states.md)
	@$(PY) manage.py draw_states

lock: .venv/.dev  ## resolve pyproject.toml into hashed requirements files
	.venv/bin/uv pip compile -q pyproject.toml --python-version 3.12 --universal --generate-hashes --no-header --no-annotate -o requirements.txt
	.venv/bin/uv pip compile -q pyproject.toml --group dev --python-version 3.12 --universal --generate-hashes --no-header --no-annotate -o requirements-dev.txt
