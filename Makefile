# make run    sets up what is missing and starts Matinee
# make test   sets up what is missing and runs every check: the one gate
# make bench  measures every number that the documentation states
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB_SOURCES := $(shell find web/src web/static web/scripts -type f 2>/dev/null) $(wildcard web/*.json web/*.js web/*.ts web/.npmrc)
NODE := .cache/nodejs/.installed

.PHONY: run test bench web types lock services format clean
.DELETE_ON_ERROR:

run: $(VENV)/.run web/build/index.html
	@exec ./matinee up --or-running

test: $(VENV)/.dev web/build/index.html services
	@PATH="$(abspath $(BIN)):$$PATH" tests/run

bench: $(VENV)/.dev web/build/index.html
	@PATH="$(abspath $(BIN)):$$PATH" bench/run

web: web/build/index.html

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Matinee needs Python 3.11 or newer; this is $$($(PYTHON) --version). Name another one: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python cannot make virtual environments. Install its venv package (on Debian and Ubuntu: apt-get install python3-venv) and run make again."; exit 1; }
	@echo "Making the Python environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.run: requirements/run.txt $(BIN)/uv
	@echo "Installing what Matinee runs on ..."
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/run.txt
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "matinee.pth").write_text("$(abspath src)\n")'
	@$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing what the checks need ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

# Node.js builds the web app and is not needed afterwards; a machine's own one is used when it is new enough.
$(NODE): requirements/web.txt $(BIN)/uv
	@mkdir -p .cache
	@web/with-node true 2>/dev/null || { echo "Fetching Node.js for the web build ..."; \
	  $(BIN)/uv pip install --quiet --target .cache/nodejs --python $(BIN)/python --require-hashes -r requirements/web.txt; }
	@mkdir -p .cache/nodejs && touch $@

web/node_modules/.package-lock.json: web/package-lock.json $(NODE)
	@echo "Installing what the web app is built from ..."
	@cd web && ./with-node npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/build/index.html: $(WEB_SOURCES) web/node_modules/.package-lock.json
	@echo "Building the web app ..."
	@cd web && ./with-node npm run --silent build >build.log 2>&1 || { cat build.log; rm -f build.log; exit 1; }
	@rm -f web/build.log; touch $@

# The web app's types are made from the API's own description.
types: $(VENV)/.run web/node_modules/.package-lock.json
	@$(BIN)/python -m matinee.app.schema > .cache/openapi.json
	@web/with-node npx openapi-typescript ../.cache/openapi.json --output src/lib/api/schema.ts

# Real servers and a browser for the tests; as root on Debian they are installed, elsewhere it is said what is missing.
services:
	@services/install

lock: $(BIN)/uv
	@for name in uv run dev web; do \
	  $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	    $(UPGRADE) requirements/$$name.in -o requirements/$$name.txt; done

format: $(VENV)/.dev
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

clean:
	@rm -rf .venv .cache web/node_modules web/build web/.svelte-kit
