# One region of the exchange network: build, run, test. `make` alone prints the targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PROTOS := $(shell find proto -name '*.proto')
# Where tests keep what they need: in memory if there is room, for disks sync slowly.
MEMORY := $(shell [ "$$(df -k --output=avail /dev/shm 2>/dev/null | tail -1)" -gt 8000000 ] 2>/dev/null && echo /dev/shm || echo /tmp)
IMAGE := gen/interchange/descriptors.binpb
FAULTS_CHANGES ?= 20000
IN ?= tests

.DEFAULT_GOAL := help
.PHONY: $(shell awk -F: '/^[a-z-]+:/ {print $$1}' Makefile)  # no target is a file of that name

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready $(IMAGE) $(VENV)/.model ## Set everything up in .venv: no root, nothing outside this folder

run: setup ## Run a whole region with the demonstration on 127.0.0.1:8080 until Ctrl-C
	@exec $(BIN)/interchange up --demo

network: setup ## Run three partner regions with demonstrations on 8080, 8180 and 8280 until Ctrl-C
	@exec $(BIN)/interchange network

test: setup chromium ## Run all tests on real servers
	@folder=$$(mktemp -d $(MEMORY)/interchange-XXXXXX) && chmod 755 $$folder && trap "rm -rf $$folder" EXIT \
	  && TMPDIR=$$folder $(BIN)/python -m pytest -q -n 2

again: setup chromium ## Run by themselves the tests that failed last (IN=tests)
	$(BIN)/python -m pytest -q --last-failed --last-failed-no-failures=none $(IN)

chromium: setup ## See to a Chromium for the browser tests: the machine's own, else one in .venv
	@$(BIN)/python -m tests.support.chromium

faults: setup ## Hurt three regions while notices change: cuts, kills (FAULTS_CHANGES, 20000)
	NETWORK_CHANGES=$(FAULTS_CHANGES) NETWORK_CUT_S=60 $(BIN)/python -m pytest -q -s -k "closed or kill or connections" \
	  tests/e2e/test_network_faults.py

simulate: setup ## Let simulated regions exchange over many seeds (FEDERATION_SEEDS, 20000)
	$(BIN)/python -m tests.federation

check-deploy: setup ## Check the chart and the image
	$(BIN)/python -m pytest -q -rs -n 2 --dist worksteal deploy/checks --ignore=deploy/checks/image

check-image: setup ## Build the image and run a region of containers: root, buildah and runc, minutes
	$(BIN)/python -m pytest -q -rs deploy/checks/image

check: lint types layers proto-lint migrations-lint ## Check style, types, layers, protos and migrations

# Code alone is checked: nobody waits for the model.
lint: $(IMAGE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(IMAGE)
	$(BIN)/mypy

layers: $(IMAGE)
	$(BIN)/lint-imports

proto-lint: $(IMAGE)
	$(BIN)/python proto/check.py

migrations-lint: $(IMAGE)
	for program in identity opportunities matching notifications federation; do \
	  $(BIN)/interchange migrate --sql $$program | $(BIN)/squawk --config .squawk.toml || exit 1; done

model: setup ## Make the files by which matching understands texts, unless they are there and whole
	$(BIN)/interchange model build --unless-whole

proto: $(VENV)/.ready ## Generate gen/ from the protos
	$(BIN)/python proto/build.py

release: proto ## Keep the programs as they are: what comes later must go together with them
	$(BIN)/python -m tests.support.released

format: setup ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

routes: setup ## Print the routes that the gateway answers
	@$(BIN)/python -m gateway.routes

bench: setup ## Measure, each figure against a baseline in the same run
	$(BIN)/python -m tests.bench

bench-federation: setup ## Measure what partners cost, each figure against a baseline in the same run
	$(BIN)/python -m tests.bench.federation

bench-matching: setup ## Measure how good and how fast matching is (QUESTIONS="a b": only these)
	$(BIN)/python -m tests.bench.matching $(QUESTIONS)

bench-pages: setup ## Measure how long pages take while people work, beside their gateway calls made bare
	$(BIN)/python -m tests.bench.pages

bench-sizing: setup ## Measure what requests, events and notices cost each program (SIZES="10000 100000")
	$(BIN)/python -m tests.bench.sizing

screenshots: setup chromium ## Take the two pictures that the README opens with
	$(BIN)/python -m tests.screenshots

wheel: setup ## Build the distribution
	$(BIN)/python -m pip wheel --no-deps --no-build-isolation -w dist .

clean: ## Remove what was built, not the data
	rm -rf $(VENV) gen dist build *.egg-info

# uv is fast, and believes whom the machine believes; where it finds no registry, pip knows the machine's own.
$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	( $(BIN)/pip install --quiet uv && UV_SYSTEM_CERTS=1 $(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock ) \
	  || $(BIN)/pip install --quiet -r requirements.lock
	@touch $@

$(IMAGE): $(PROTOS) proto/build.py $(VENV)/.ready
	$(BIN)/python proto/build.py
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .

# Without it a region looks for words only, and says so. Not for that does it stay down.
$(VENV)/.model: cli/model/packages.lock services/matching/text/artefacts.py $(IMAGE)
	$(BIN)/interchange model build --unless-whole && touch $@ || echo "Go on without the model; make model tries again."
