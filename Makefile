# Two commands are enough: make serve, make test. Each installs what it needs into .venv first.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: serve assets test install install-test check validate format export release lock clean

serve: install
	@$(BIN)/python -m citygraph assets --once --within 60
	$(BIN)/python -m citygraph serve $(ARGS)

# The editor of the query page, from npm; without it the page has its plain form.
assets: install
	@$(BIN)/python -m citygraph assets

test: install-test
	$(BIN)/python -m pytest $(ARGS)

install: .venv/installed
install-test: .venv/installed-test

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv is missing; on Debian: apt install python3-venv"; exit 1; }

.venv/installed: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/installed-test: requirements-test.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-test.txt
	@touch $@ .venv/installed

check: install-test
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

validate: install
	$(BIN)/python -m citygraph validate $(ARGS)

format: install
	$(BIN)/python -m citygraph format $(ARGS)

export: install
	$(BIN)/python -m export $(ARGS)

release: install
	$(BIN)/python -m export release $(ARGS)

# New versions of what we stand on: writes both locks, with hashes and for every platform.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11 pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11 --extra test pyproject.toml -c requirements.txt -o requirements-test.txt

clean:
	rm -rf .venv .assets dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
