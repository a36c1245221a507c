# make run, make test, make check. Each sets up what it needs, once.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOST   ?= 127.0.0.1
PORT   ?= 8000

.PHONY: run test check setup format quality bench bench-full bench-peers schema messages api preview browser a11y screenshots lighthouse clean

run: $(VENV)/.installed
	@$(BIN)/kb reindex; code=$$?; \
	if [ $$code -eq 1 ]; then echo "Some entries have problems (above); serving the sound ones. See: $(BIN)/kb check"; \
	elif [ $$code -ne 0 ]; then exit $$code; fi
	@exec $(BIN)/kb serve --host $(HOST) --port $(PORT)

# A process for each core, up to four; the tests of one file stay together, as they share what takes long to make.
test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $$($(BIN)/python -c "from kb.cores import CORES; print(min(4, CORES))") --dist loadfile

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

setup: $(VENV)/.installed

schema: $(VENV)/.installed
	$(BIN)/python -m kb.content.schema docs

quality: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.quality $(if $(COLLECTIONS),--collections $(COLLECTIONS))

# What is new or gone in code and templates, into the catalogues; then translate what is empty.
messages: $(VENV)/.installed
	$(BIN)/pybabel --quiet extract --no-location --sort-output -F web/translations/babel.cfg -k lazy -k plural:1,2 -o .kb-messages.pot web
	for code in de fr es it pl; do $(BIN)/pybabel --quiet update --no-wrap --no-fuzzy-matching --ignore-obsolete --omit-header -i .kb-messages.pot -l $$code \
	  -o web/translations/$$code/LC_MESSAGES/messages.po || exit 1; done
	rm .kb-messages.pot

# Needs the site at HOST:PORT (make run), and sends it some thousand requests.
api: $(VENV)/.installed-dev
	$(BIN)/schemathesis run http://$(HOST):$(PORT)/api/v1/openapi.json --checks all --mode all --max-examples 50

# Debian's Chromium, and fonts that the pages name, for the tests in tests/browser. Elsewhere: install it, or set CHROMIUM to one.
browser:
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; } \
	  || { echo "install Chromium (on Debian, as root: make browser), or set CHROMIUM to one"; exit 1; }
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium fonts-liberation fonts-roboto-unhinted >/dev/null; }

# Every kind of page, in every language, both colour schemes and three widths; make test looks at a selection.
a11y: browser $(VENV)/.installed-dev
	A11Y=all $(BIN)/python -m pytest -q tests/browser/test_axe.py tests/browser/test_every_page.py

# The picture that is shown where a page is shared.
preview:
	"$${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1200,630 --screenshot=web/static/preview.png \
	  file://$(CURDIR)/docs/preview.svg

# The pictures of README and docs, into docs/images.
screenshots: browser $(VENV)/.installed-dev
	$(BIN)/python -m tests.browser.screenshots

# Into docs/lighthouse.md, on an idle machine. The last version that runs on Node.js 18.
lighthouse: browser $(VENV)/.installed-dev
	npm install --silent --no-audit --no-fund --no-save --prefix .lighthouse lighthouse@12.2.3
	$(BIN)/python -m tests.browser.lighthouse

# Short forms, to see how this machine does: under ten minutes in all.
bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.startup --times 2
	$(BIN)/python -m benchmarks.encoding --passages 100 --rounds 2
	$(BIN)/python -m benchmarks.reindex --entries 200 --repeats 1
	$(BIN)/python -m benchmarks.site --queries 100
	$(BIN)/python -m benchmarks.scale --passages 1000 --passages 10000
	$(BIN)/python -m benchmarks.vectors --vectors 20000 --vectors 50000

# At full length, each table into benchmarks/README.md: an hour and a half on an idle machine with two cores.
bench-full: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.startup --write
	$(BIN)/python -m benchmarks.encoding --write
	$(BIN)/python -m benchmarks.reindex --write
	$(BIN)/python -m benchmarks.site --write
	$(BIN)/python -m benchmarks.site --entries 9200 --write
	$(BIN)/python -m benchmarks.scale --write
	$(BIN)/python -m benchmarks.vectors --write

# txtai and chromadb, in an environment of their own. COLLECTIONS=DIR adds scifact, where it is there.
bench-peers: .venv-peers/.installed
	.venv-peers/bin/python -m benchmarks.peers --write
	$(if $(COLLECTIONS),.venv-peers/bin/python -m benchmarks.peers $(COLLECTIONS)/scifact --write)

.venv-peers/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . txtai chromadb
	@touch $@

clean:
	rm -rf $(VENV) .venv-peers .kb .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Constraints hold torch at the version that was tested; where only its CUDA build is on offer, see the README.
$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
