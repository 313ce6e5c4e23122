# Two commands for a stranger: `make demo` and `make test`. Everything lives in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test check format lint types contracts bench bench-lookup faults assets lock clean

demo: $(VENV)/.runtime assets
	@$(BIN)/wx-archive demo

# Many tests wait for processes and timers: two workers more than there are cores. They make
# thousands of small databases: in memory, where there is room, none of them waits for a disk.
MEMORY = $(shell [ -w /dev/shm ] && df -Pk /dev/shm | awk 'END { if ($$4 > 3000000) print "/dev/shm" }')

test: $(VENV)/.dev assets
	$(if $(MEMORY),TMPDIR=$(MEMORY)) \
	PYTEST_XDIST_AUTO_NUM_WORKERS=$$($(BIN)/python -c 'import os; print(os.cpu_count() + 2)') \
		$(BIN)/pytest -q -n auto -o tmp_path_retention_policy=failed

check: format lint types contracts test

format: $(VENV)/.dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/codespell README.en.md CONTRIBUTING.md docs wx_archive benchmarks

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.bench
	$(BIN)/python benchmarks/lookup.py
	$(BIN)/python benchmarks/webhook.py
	$(BIN)/python benchmarks/quiz.py
	$(BIN)/python benchmarks/start.py

# A hundred thousand records and a million, on both databases (about half an hour).
bench-lookup: $(VENV)/.bench
	$(BIN)/python benchmarks/lookup.py --records 100000 1000000 --pages

# Kills, locks, cuts and fills up what the account stands on; ends with a table (about ten minutes).
faults: $(VENV)/.dev
	WX_ARCHIVE_TEST_FAULTS=full $(BIN)/pytest -q -p no:randomly -n 2 tests/faults

# The console's one third-party script, where npm is there; every page works without it.
assets:
	@scripts/assets.sh

lock:
	scripts/lock.sh

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "需要 Python 3.11 或更新的版本；可以用 make PYTHON=python3.12 指定" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q wx_archive || true  # the first start need not wait for it
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements-dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# What lookups are measured against; without it the benchmark runs all the same.
$(VENV)/.bench: $(VENV)/.dev
	-$(PIP) install $$($(BIN)/python -c "import tomllib; \
		print(*tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['bench'])")
	@touch $@
