# The same commands run on a laptop and in CI. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
POLICY := .venv-policy
KUSTOMIZE := $(BIN)/kubectl kustomize
DOCKER ?= docker
IMAGE_TAG ?= demo
# `stand-ins` where the hub of dbt packages cannot be reached.
DBT_PACKAGES ?= hub
# elementary: its command, which has an environment of its own, and for how long its schema remembers.
EDR ?= edr
ELEMENTARY_DAYS ?= 60
export SANDBOX_DIR ?= $(CURDIR)/.sandbox

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The environment: locked packages with hashes, then the project itself.
$(VENV)/.installed: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; try make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: $(VENV)/.installed ## the virtual environment, from the lock

deps: install ## dbt packages: the hub's where it answers, else the stand-ins
	@$(BIN)/python -m sandbox.dbt_deps

up: deps ## start Postgres and the simulated APIs, apply migrations
	@$(BIN)/python -m sandbox up
	@. $(SANDBOX_DIR)/env.admin && $(BIN)/extract init

demo: deps ## the whole thing: 20 branches x 14 days, then one day more
	@$(BIN)/python -m sandbox.demo

test: deps ## all tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --durations 25

lint: deps ## ruff, mypy, sqlfluff, yamllint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models
	$(BIN)/yamllint --strict .

format: install ## rewrite Python and SQL in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: deps ## build the dbt docs and serve them with the lineage
	@$(BIN)/python -m sandbox.docs

report: install ## one page that says how things stand, of the sandbox
	@. $(SANDBOX_DIR)/env && $(BIN)/extract report --out $(SANDBOX_DIR)/report.html

# elementary only ever warns: whatever comes of it, this target is green, and no build waits for it.
elementary: deps ## elementary's anomaly tests, where its package is installed
	@if [ "$$(cat dbt_project/dbt_packages/.kind)" = hub ]; then \
	    . $(SANDBOX_DIR)/env.transformer && $(BIN)/dbt build --target-path target/elementary \
	        --select package:elementary tag:elementary --vars '{elementary_enabled: true, \
	        disable_dbt_artifacts_autoupload: true, disable_run_results: true, disable_dbt_invocation_autoupload: true}' \
	    && $(BIN)/dbt run-operation --quiet forget_elementary --args '{days: $(ELEMENTARY_DAYS)}' \
	    || echo "elementary: ended with exit code $$?; nothing depends on it"; \
	else echo "elementary: its package is not installed (make deps says why)"; fi

elementary-report: deps ## elementary's HTML report, where its package and its command are installed
	@[ "$$(cat dbt_project/dbt_packages/.kind)" = hub ] || { echo "elementary-report: its dbt package is not installed (make deps says why)" >&2; exit 2; }
	@command -v $(EDR) > /dev/null || { echo "elementary-report: no command edr: pip install 'elementary-data[postgres]' somewhere, then make elementary-report EDR=/path/to/edr" >&2; exit 2; }
	@mkdir -p build
	@. $(SANDBOX_DIR)/env.transformer && $(EDR) report --project-dir dbt_project --profiles-dir profiles \
	    --profile-target prod --file-path build/elementary.html --open-browser false
	@echo "build/elementary.html"

render: install ## the manifests of each overlay, as a cluster gets them, in build/k8s
	@mkdir -p build/k8s
	@for overlay in $(notdir $(wildcard k8s/overlays/*)); do \
	    $(KUSTOMIZE) k8s/overlays/$$overlay > build/k8s/$$overlay.yaml && echo "build/k8s/$$overlay.yaml"; done

$(POLICY)/.installed: requirements-policy.txt
	$(PYTHON) -m venv --clear $(POLICY)
	$(POLICY)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-policy.txt
	@touch $@

policy: render $(POLICY)/.installed ## checkov over the rendered manifests and the Dockerfile
	BC_SKIP_MAPPING=TRUE $(POLICY)/bin/checkov --config-file k8s/.checkov.yaml --file Dockerfile build/k8s/*.yaml

image: ## the image, and the simulated APIs' for the demo; DOCKER=podman or buildah will do
	$(DOCKER) build --target small-elt --build-arg DBT_PACKAGES=$(DBT_PACKAGES) \
	    --build-arg REVISION="$$(git rev-parse HEAD)" --tag small-elt:$(IMAGE_TAG) .
	$(DOCKER) build --target sandbox --tag small-elt-sandbox:$(IMAGE_TAG) .

kind: install image ## the demo on a kind cluster: builds, loads, applies, and shows what runs
	kind get clusters | grep -qx small-elt || kind create cluster --name small-elt
	kind load docker-image --name small-elt small-elt:$(IMAGE_TAG) small-elt-sandbox:$(IMAGE_TAG)
	kind export kubeconfig --name small-elt
	$(BIN)/kubectl --namespace elt-demo delete job init --ignore-not-found
	$(BIN)/kubectl apply --kustomize k8s/overlays/demo
	$(BIN)/kubectl --namespace elt-demo rollout status --timeout 300s statefulset/postgres
	$(BIN)/kubectl --namespace elt-demo rollout status --timeout 300s deployment/smartpizza-api deployment/binance-api
	$(BIN)/kubectl --namespace elt-demo wait --timeout 300s --for condition=complete job/init
	$(BIN)/kubectl --namespace elt-demo get cronjobs,jobs,pods
	@echo "Each minute a run: $(BIN)/kubectl --namespace elt-demo get jobs --watch"

chaos: deps ## kills, crashes, faults, full disks ... at full size, with figures (an hour)
	$(BIN)/python -m tests.chaos

bench: deps ## figures, side by side in one run
	$(BIN)/python -m benchmarks.increment
	$(BIN)/python -m benchmarks.market
	$(BIN)/python -m benchmarks.market --budget
	$(BIN)/python -m benchmarks.loading

bench-loading: install ## the loading figures alone: psql, ours, dlt, Sling
	$(BIN)/python -m benchmarks.loading

bench-monitors: deps ## do the monitors find what is planted, and nothing else; what do they cost
	$(BIN)/python -m benchmarks.monitors
	$(BIN)/python -m benchmarks.monitors --cost

lock: install ## write requirements*.txt anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --output-file requirements.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml requirements-build.in
	for part in build sandbox; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --constraint requirements-dev.txt --output-file requirements-$$part.txt requirements-$$part.in; done
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --output-file requirements-policy.txt requirements-policy.in

stop: ## stop Postgres and the simulated APIs
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m sandbox down; fi

clean: stop ## stop, and delete the sandbox with its data
	rm -rf $(SANDBOX_DIR) dbt_project/target dbt_project/logs

.PHONY: help install deps up demo test lint format docs report elementary elementary-report render policy image kind chaos bench bench-loading bench-monitors lock stop clean
