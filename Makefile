# One verb a line. Everything made here lands in .venv and _build.
.DEFAULT_GOAL := help
PYTHON ?= python3
# soupsieve asks for it, which reads HTML for the theme
OLDEST := 3.11.5
OLDER = $(shell $(PYTHON) -c "import sys; v = sys.version_info[:3]; print('.'.join(map(str, v)) * (v < tuple(map(int, '$(OLDEST)'.split('.')))))")
VENV = $(if $(OLDER),$(error Python $(OLDEST) or later is needed, and $(PYTHON) is $(OLDER): make PYTHON=path/to/python))$(PYTHON) -m venv
BIN := .venv/bin
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/bytecode
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/_build/hypothesis
export MPLCONFIGDIR := $(CURDIR)/_build
export PATH := $(CURDIR)/$(BIN):$(PATH)
PEERS ?= autograd jax torch
PIP := python -m pip install --quiet --disable-pip-version-check
HASHED := $(PIP) --require-hashes --only-binary :all: --requirement
LOCK := .venv/lock/bin/uv pip compile --quiet --universal --python-version $(OLDEST) --generate-hashes --no-header --no-annotate --constraint constraints.txt pyproject.toml
BENCH_PIP := .venv/bench/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --constraint benchmarks/constraints.txt
BIND := sphinx-build -q -W --keep-going -n -j auto -c . -d _build/doctrees docs

.PHONY: help html serve dev test test-browser pictures test-away test-frameworks lighthouse reproducible pdf epub notebooks mutants pairs plan bench bench-builds lock links lint format clean

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 20

html: .venv/ready ## build the site into _build/html, every cell executed
	@python docs/build.py

serve: html ## build the site and serve it on http://127.0.0.1:8000
	python -m http.server --bind 127.0.0.1 --directory _build/html 8000

dev: .venv/ready ## write: serve on http://127.0.0.1:8000, and reload on every change
	sphinx-autobuild -q -n -j auto -c . -d _build/dev/doctrees --watch rnn_notes --watch conf.py docs _build/dev/html

test: .venv/ready ## run the doctests, every page's cells and the tests
	python -m pytest -q -n auto --dist loadfile

test-browser: html .venv/browser/ready ## try the built site in Chromium, Firefox and WebKit
	python -m pytest -q -n auto -o addopts='-p no:cacheprovider' tests/browser

pictures: html .venv/browser/ready ## picture every page in three engines, two schemes and two widths
	python tests/browser/pictures.py

reproducible: html ## build once more, elsewhere and from nothing, and compare every byte
	python -m tests.helpers.reproducible

lighthouse: html .venv/browser/ready .venv/lighthouse/ready ## score every page as a phone and as a desk
	python tests/browser/lighthouse.py

test-away: html pdf epub ## run the wheel's command and every notebook in an environment that has nothing else
	python -m pytest -q -o addopts='-p no:cacheprovider' tests/away

test-frameworks: .venv/frameworks/ready ## find the same gradients in PyTorch and in JAX, where they can be installed
	@mkdir -p _build/frameworks
	python -m tests.frameworks.twins _build/frameworks/twins.npz
	@for pair in torch:in_pytorch jax:in_jax; do \
	if .venv/frameworks/bin/python -c "import $${pair%:*}"; \
	then .venv/frameworks/bin/python tests/frameworks/$${pair#*:}.py _build/frameworks/twins.npz || exit 1; \
	else echo "not run: $${pair%:*} cannot be installed here"; fi; done

pdf: html ## print the whole book into _build/rnn-notes.pdf, by Chromium
	@rm -rf _build/paper
	$(BIND) -b singlehtml _build/paper
	python -m docs._ext.tools.print_pdf _build/paper/index.html _build/rnn-notes.pdf
	@cp _build/rnn-notes.pdf _build/html

epub: html .venv/books/ready ## bind the whole book as _build/rnn-notes.epub, and check it where Java is
	@rm -rf _build/epub
	$(BIND) -b epub _build/epub
	python -m docs._ext.tools.check_epub _build/epub/*.epub _build/rnn-notes.epub
	@cp _build/rnn-notes.epub _build/html

notebooks: html ## gather the notebooks for the branch that Colab and Binder open
	python -m docs._ext.tools.notebooks_branch _build/html _build/notebooks

mutants: .venv/ready ## plant faults in the package and the prose, and report what is caught
	python -m tests.helpers.mutation
	python -m tests.helpers.broken
	python -m tests.helpers.gallery

pairs: .venv/ready ## put a thousand random pairs and triples of bugs to check, half an hour
	python -m tests.helpers.pairs

plan: .venv/ready ## draw the plan of the house into CONTRIBUTING, from its imports
	python -m tests.helpers.plan

bench: .venv/bench/ready ## race the passes with their peers, six minutes on a quiet machine
	.venv/bench/bin/python -m benchmarks

bench-builds: .venv/ready ## measure what building the site costs, five minutes
	python -m benchmarks.builds

lock: ## write what constraints.txt names, with its hashes, after a pin has changed
	$(VENV) .venv/lock
	.venv/lock/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(LOCK) --extra build --extra docs --extra test --extra lint --output-file requirements.txt
	$(LOCK) --extra browser --output-file requirements-browser.txt
	$(LOCK) --extra books --output-file requirements-books.txt

links: .venv/ready ## follow the links to other places, where there is a network
	python docs/links.py

lint: .venv/ready ## check format, style, types, and what hosts and forges read
	ruff format --check .
	ruff check .
	mypy
	check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	check-jsonschema --builtin-schema vendor.readthedocs .readthedocs.yaml
	check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	zizmor --quiet --offline .github

format: .venv/ready ## lay the code out
	ruff format .
	ruff check --fix .

clean: ## remove what was built, keep the environment
	rm -rf _build

.venv/ready: pyproject.toml requirements.txt docs/_ext/package-lock.json
	$(VENV) .venv
	$(HASHED) requirements.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	mkdir -p .venv/npm && cp docs/_ext/package.json docs/_ext/package-lock.json .venv/npm/
	npm ci --prefix .venv/npm --silent --cache _build/npm
	@touch $@

.venv/browser/ready: .venv/ready requirements-browser.txt tests/browser/package-lock.json
	$(HASHED) requirements-browser.txt
	mkdir -p .venv/browser && cp tests/browser/package.json tests/browser/package-lock.json .venv/browser/
	npm ci --prefix .venv/browser --silent --cache _build/npm
	@touch $@

.venv/lighthouse/ready: .venv/ready tests/browser/lighthouse/package-lock.json
	mkdir -p .venv/lighthouse && cp tests/browser/lighthouse/package.json tests/browser/lighthouse/package-lock.json .venv/lighthouse/
	npm ci --prefix .venv/lighthouse --silent --cache _build/npm
	@touch $@

.venv/books/ready: .venv/ready requirements-books.txt
	$(HASHED) requirements-books.txt
	@mkdir -p .venv/books && touch $@

.venv/frameworks/ready: .venv/ready benchmarks/constraints.txt
	$(VENV) .venv/frameworks
	@for framework in torch jax; do .venv/frameworks/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --constraint benchmarks/constraints.txt $$framework numpy || true; done
	@touch $@

.venv/bench/ready: pyproject.toml constraints.txt benchmarks/constraints.txt
	$(VENV) .venv/bench
	$(BENCH_PIP) threadpoolctl --editable .
	@for peer in $(PEERS); do $(BENCH_PIP) $$peer || echo "$$peer cannot be installed: the tables will name it as missing"; done
	@touch $@
