# The verbs of motifbook. Each sets up what it needs: a virtual environment in .venv, from requirements.lock.
# Once that is there, no verb needs a network.

# The first Python that qualifies; `make book PYTHON=/path/to/python` names another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done)
PORT ?= 8000
BIN := .venv/bin
# Two test files at once; a file's tests stay together, for they share what they made.
SIDE_BY_SIDE := --numprocesses 2 --dist loadfile
# Named after what it was installed from, so a changed lock installs again and a touched one does not.
STAMP := .venv/installed-$(shell cat requirements.lock pyproject.toml | cksum | cut -d ' ' -f 1)

.DEFAULT_GOAL := help
.PHONY: help book serve notebooks test check lint types sweep links pdf release lock clean

help:
	@echo 'make book        build the HTML book from the stored records (never trains)'
	@echo 'make serve       build it and serve it at 127.0.0.1:$(PORT)'
	@echo 'make test        every test: package, book, notebooks, re-execution'
	@echo 'make notebooks   write notebooks/*.ipynb from book/*.md and execute them'
	@echo 'make check       lint, types and the tests that are not slow: under two minutes'
	@echo 'make lint        ruff, and which folder may import which'
	@echo 'make types       the type checker over src'
	@echo 'make pdf         build the book, and all of it as a PDF (needs chromium)'
	@echo 'make links       look up every address that the book names (needs a network)'
	@echo 'make release     what a version is published as: site, PDF, wheel and checksums in _build/release'
	@echo 'make sweep       train what is missing of Table 1 (hours); ARGS="--models cnn-2 --trials 1"'
	@echo 'make lock        resolve requirements.lock again (needs uv)'
	@echo 'make clean       remove what the build made'

$(STAMP):
	@if [ -z '$(PYTHON)' ]; then \
		echo 'motifbook needs Python 3.11, 3.12 or 3.13. None of python3, python3.13, python3.12 and' >&2; \
		echo 'python3.11 is one; name yours with: make PYTHON=/path/to/python3' >&2; exit 1; fi
	@echo 'Setting up .venv from requirements.lock: a few minutes, once.'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@rm -f .venv/installed-* && touch $(STAMP)

book: $(STAMP)
	@$(BIN)/jupyter-book build . -W -n --keep-going

serve: book
	@echo 'Serving the book at 127.0.0.1:$(PORT); stop with Ctrl-C.'
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

notebooks: $(STAMP)
	@$(BIN)/python -m motifbook.book.notebooks $(CHAPTERS)

test: $(STAMP)
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) tests src notebooks --doctest-modules --nbval-lax --nbval-current-env

check: lint types
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) tests src --doctest-modules -m 'not slow' --quiet

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache --no-logo

types: $(STAMP)
	@$(BIN)/mypy

sweep: $(STAMP)
	@$(BIN)/motifbook sweep $(ARGS)

links: $(STAMP)
	@$(BIN)/jupyter-book build . --builder linkcheck

pdf: export MOTIFBOOK_PDF := 1
pdf: book
	@$(BIN)/python -m motifbook.book.print

# Of nothing that an earlier build left, so that the same commit gives the same bytes.
release:
	@rm -rf _build/html _build/release build
	@$(MAKE) --no-print-directory pdf
	@mkdir _build/release
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir _build/release .
	@$(BIN)/python -m motifbook.book.archive_site _build/release
	@cd _build/release && sha256sum * > SHA256SUMS

lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest \
		--extra book --extra test --extra cluster --extra jax --extra report --extra train --quiet \
		--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
		--output-file requirements.lock

clean:
	rm -rf _build
