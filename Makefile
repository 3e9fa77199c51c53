# What people do with a checkout; `make` alone lists it. Needs only Python 3.11 or newer, and make.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python py; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
SCENARIO ?= authenticated-smtp-off
UV_FLAGS ?=

VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
RUN := $(BIN)/python -m
CODE := $(wildcard diag checks reports tests bench tools)
INSTALL := $(RUN) pip install --disable-pip-version-check --no-input --quiet
BABEL := $(RUN) babel.messages.frontend --quiet
CATALOGUES := --domain diag --output-dir diag/locales

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint check format locales locales-fresh build/diag.pot docs docs-fresh bench lock build clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '%-20s %s\n' "$$target" "$$text"; done

demo: $(VENV)/.lab ## diagnose a simulated scanner (SCENARIO=NAME picks another)
	@# diag ends with 1 where it has found a cause: here that is success.
	@$(BIN)/diag scan-to-email scanner@contoso.com --lab $(SCENARIO) || test $$? -eq 1

test: $(VENV)/.dev ## run the tests (ARGS="-k token" is handed to pytest)
	$(RUN) pytest -n auto $(ARGS)

lint: $(VENV)/.dev locales-fresh docs-fresh ## format, lint, types, layers, translations and pages, nothing changed
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy $(CODE)
	$(BIN)/lint-imports

check: lint test ## the whole CI: lint, then test

format: $(VENV)/.dev ## put the code into shape
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

build/diag.pot: $(VENV)/.dev
	@mkdir -p build
	@$(BABEL) extract --keywords say --no-default-keywords --add-location file --sort-by-file --width 120 \
		--project diag --copyright-holder 'The diag authors' --output-file $@ diag checks reports

locales: build/diag.pot ## collect what say("...") says, update and compile the translations
	$(BABEL) update $(CATALOGUES) --input-file $< --ignore-pot-creation-date --ignore-obsolete --no-fuzzy-matching --width 120
	$(BABEL) compile --domain diag --directory diag/locales

locales-fresh: build/diag.pot
	@$(BABEL) update $(CATALOGUES) --input-file $< --ignore-pot-creation-date --ignore-obsolete --no-fuzzy-matching --width 120 \
		--check || { echo 'The translations are behind the code: make locales' >&2; exit 1; }

docs: $(VENV)/.dev ## write the pages under docs/ that are made from the catalogue
	@$(RUN) tools.docs

docs-fresh: $(VENV)/.dev
	@$(RUN) tools.docs --check

bench: $(VENV)/.dev ## measure
	$(RUN) bench.bench
	$(RUN) bench.judging
	$(RUN) bench.history
	$(RUN) bench.rows
	$(RUN) bench.fleet

lock: $(VENV)/.dev ## write requirements/*.lock again (UV_FLAGS=--upgrade takes newer versions)
	$(RUN) uv pip compile pyproject.toml --extra dev --group build --output-file requirements/dev.lock $(LOCK)
	$(RUN) uv pip compile pyproject.toml --extra lab --group build --output-file requirements/lab.lock $(LOCK) \
		--constraints requirements/dev.lock

LOCK = --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-config --custom-compile-command 'make lock' $(UV_FLAGS)

build: $(VENV)/.dev ## make the wheel and the source archive in dist/
	$(RUN) hatchling build

clean: ## remove everything made here, the virtual environment too
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp for each lock file: installing happens when it, or pyproject.toml, is newer.
$(VENV)/.lab $(VENV)/.dev: $(VENV)/.%: requirements/%.lock pyproject.toml | $(VENV)/pyvenv.cfg
	@echo 'Installing $<' >&2
	@$(INSTALL) --require-hashes --requirement $<
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/pyvenv.cfg:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, not " + sys.version)'
	@$(PYTHON) -m venv $(VENV)
