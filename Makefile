# One region of the exchange network: build, run, test. `make` alone prints the targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PROTOS := $(shell find proto -name '*.proto')
IMAGE := gen/interchange/descriptors.binpb

.DEFAULT_GOAL := help
.PHONY: help setup proto run test check format routes bench wheel clean lint types layers proto-lint migrations-lint proto-baseline

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready $(IMAGE) ## Set everything up in .venv: no root, nothing outside this folder

run: setup ## Run a whole region with the demonstration on 127.0.0.1:8080 until Ctrl-C
	@exec $(BIN)/interchange up --demo

test: setup ## Run all tests on real servers
	$(BIN)/python -m pytest -q

check: lint types layers proto-lint migrations-lint ## Check style, types, layers, protos and migrations

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

proto-lint: setup
	$(BIN)/python proto/check.py

migrations-lint: setup
	for program in identity opportunities matching notifications; do \
	  $(BIN)/interchange migrate --sql $$program | $(BIN)/squawk --config .squawk.toml || exit 1; done

proto: $(VENV)/.ready ## Generate gen/ from the protos
	$(BIN)/python proto/build.py

proto-baseline: setup ## Take the protos as they are for what later ones must not break
	cp $(IMAGE) proto/baseline.binpb

format: setup ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

routes: setup ## Print the routes that the gateway answers
	@$(BIN)/python -m gateway.routes

bench: setup ## Measure, each figure against a baseline in the same run
	$(BIN)/python -m tests.bench

wheel: setup ## Build the distribution
	$(BIN)/python -m pip wheel --no-deps --no-build-isolation -w dist .

clean: ## Remove what was built, not the data
	rm -rf $(VENV) gen dist build *.egg-info

# uv is fast; where it finds no registry, pip knows the machine's own.
$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	( $(BIN)/pip install --quiet uv && $(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock ) \
	  || $(BIN)/pip install --quiet -r requirements.lock
	$(BIN)/python proto/build.py
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(IMAGE): $(PROTOS) proto/build.py $(VENV)/.ready
	$(BIN)/python proto/build.py
