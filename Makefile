# What is about this repository; `make` alone prints it. A deployment is operated by the
# command tmdb-traction, which `make setup` installs into .venv/bin.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

# The user's environment must not change what runs: Python's and the shell's variables are not
# passed on, and only the command line of make sets an option.
unexport $(filter PYTHON%,$(.VARIABLES)) BASH_ENV CDPATH ENV
OPTIONS := DRY_RUN FULL MOVIES SEEDS TODAY YES
$(foreach name,$(OPTIONS),$(if $(findstring environment,$(origin $(name))),$(eval $(name) :=)))

CHECKOV_VERSION := 3.3.30
UV := tools/uv
# Once at install instead of at every start of every process.
export UV_COMPILE_BYTECODE := 1
RUN := $(UV) run --locked --quiet

.PHONY: help setup demo demo-clean local test test-composer test-exhaustive check scan fix docs lock
.PHONY: bench bench-dag bench-day bench-import bench-page bench-metrics bench-peers bench-scale soak deploy smoke destroy

help: ## Print this list
	@awk 'sub(/^##@ /, "") { printf "\n%s\n", $$0 } \
	  /^[a-z-]+:.*## / { split($$0, part, /:.*## /); \
	    printf "  \033[1m%-16s\033[0m%s\n", part[1], part[2] }' Makefile

##@ Try
demo: setup ## The whole pipeline on this machine [TMDB_TOKEN=...: real data]
	@$(RUN) python -m local.demo

demo-clean: ## Delete the data of the demo
	@rm -rf .data

local: setup ## Run the local pipeline until Ctrl-C [TODAY=...] [MOVIES=250]
	@$(RUN) python -m local.serve $(if $(TODAY),--today=$(TODAY)) $(if $(MOVIES),--movies=$(MOVIES))

##@ Deploy
# PROJECT and REGION may as well be in terraform/terraform.tfvars.
TARGET = $(if $(PROJECT),--project=$(PROJECT)) $(if $(REGION),--region=$(REGION))

deploy: setup ## Check, plan, ask, apply. PROJECT=... [YES=1] [DRY_RUN=1]
	@$(RUN) tmdb-traction deploy $(TARGET) $(if $(YES),--yes) $(if $(DRY_RUN),--dry-run)

smoke: setup ## Test a deployment with a real run. PROJECT=...
	@$(RUN) tmdb-traction smoke --project=$(PROJECT)

destroy: setup ## Delete a deployment, keep its data. PROJECT=... [DRY_RUN=1]
	@$(RUN) tmdb-traction destroy $(TARGET) $(if $(DRY_RUN),--dry-run)

##@ Develop
setup: ## Create the virtual environment .venv (other targets do too)
	@$(UV) sync --locked --quiet

# A file's tests share what they start, so a file goes to one process. More of them than
# processors do not help, and each may hold a whole stack.
PYTEST = $(RUN) pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile \
  --no-loadscope-reorder --durations=20 --durations-min=1

test: setup ## Test all of it; skip what cannot run here; list the slowest
	@tools/install_chromium
	@$(PYTEST) -m "not exhaustive"

test-exhaustive: setup ## The long rest: every variable, fault, mutant, ...
	@tools/install_chromium
	@$(PYTEST) -m exhaustive

# Airflow's virtual environment is composer/.venv, whatever holds the pipeline's.
AIRFLOW = env -u UV_PROJECT_ENVIRONMENT $(UV) run --project=composer --python=$(shell cat .python-version) --locked --quiet

test-composer: setup ## The DAG on a real Airflow, installed apart (2 GB)
	@$(AIRFLOW) python -m pytest -c composer/pyproject.toml --rootdir=. --confcutdir=tests/composer tests/composer

check: setup ## Run every hook of .pre-commit-config.yaml on all files
	@$(RUN) pre-commit run --all-files --show-diff-on-failure

scan: setup ## Security of the Terraform root, by checkov (100 MB to fetch)
	@$(UV) tool run --quiet checkov==$(CHECKOV_VERSION) --directory terraform \
	  --framework terraform --skip-download --compact --quiet

fix: setup ## Apply the automatic fixes of formatters and linters
	@$(RUN) ruff check --fix
	@$(RUN) ruff format
	@$(RUN) sqlfluff fix --disable-progress-bar sql
	@if command -v terraform >/dev/null; then terraform fmt -recursive terraform; fi

docs: setup ## Generate the reference pages and pictures of docs
	@$(RUN) python -m tools.data_dictionary > docs/reference/data_dictionary.md
	@$(RUN) python -m tools.command_reference > docs/reference/commands.md
	@$(RUN) python -m tests.sql.bytes_read > cli/costs/bytes_read.json
	@$(RUN) python -m tools.picture_of_score
	@$(RUN) python -m tools.peers_page

lock: setup ## Update uv.lock and every requirements.txt
	@$(UV) lock
	@$(UV) lock --project=composer
	@tools/requirements

##@ Measure
bench: setup ## Initial load of 1,000 movies; with 503s; through an outage
	@$(RUN) python -m benchmarks.initial_load

soak: setup ## SEEDS=200 faults, each on the whole local pipeline (an hour)
	@$(RUN) python -m benchmarks.fault_injection --seeds $(or $(SEEDS),200)

bench-day: setup ## Where a daily run's seconds go [PROJECT=...]
	@$(RUN) python -m benchmarks.daily_run $(if $(PROJECT),--project=$(PROJECT))

bench-dag: setup ## How long the DAG file takes to parse
	@$(AIRFLOW) python -m benchmarks.dag_parse

bench-import: setup ## Importing each function from its archive: seconds, memory
	@$(RUN) python -m benchmarks.cold_start

bench-page: setup ## Rendering the page of 1,000 and 10,000 movies
	@$(RUN) python -m benchmarks.dashboard_page

bench-peers: setup ## The same load by other clients, 8 minutes [FULL=1: 40 minutes]
	@$(RUN) python -m benchmarks.peers $(if $(FULL),--full)

bench-metrics: setup ## How good the scores are, on two simulators (minutes)
	@$(RUN) python -m benchmarks.metrics

bench-scale: setup ## Ingestion and metrics to 1.1 million movies (an hour)
	@$(RUN) python -m benchmarks.metrics_scale
	@$(RUN) python -m benchmarks.catalogue_scale
	@$(RUN) python -m benchmarks.catalogue_day
