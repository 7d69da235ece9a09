# Every verb of the project. `make` alone prints them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

# A guest on somebody's machine: Python's and the shell's own variables are not for us,
# and an option is what stands on the command line of make, never in the environment.
unexport $(filter PYTHON%,$(.VARIABLES)) BASH_ENV CDPATH ENV
OPTIONS := AGAIN DAYS DRY_RUN FORCE FORMAT FROM HISTORY_DAYS JSON LIMIT MONTH MOVIE MOVIES ONLY OUT RUN_ID SEEDS TO TODAY VIEW WATCH YES
$(foreach name,$(OPTIONS),$(if $(findstring environment,$(origin $(name))),$(eval $(name) :=)))

# uv from PATH, else one of our own from PyPI: nothing to install first.
UV_VERSION := 0.13.9
CHECKOV_VERSION := 3.3.30
ACTIONLINT_VERSION := v1.7.12
UV := $(or $(shell command -v uv),.tools/bin/uv)
# Once at install instead of at every start of every process.
export UV_COMPILE_BYTECODE := 1
RUN := $(UV) run --locked --quiet
FUNCTIONS := ingest_changes fetch_details compute_metrics render_dashboard

.PHONY: help setup demo demo-clean explain test bench soak bench-metrics bench-scale check scan fix dictionary lock
.PHONY: local plan load status backfill validate withhold publish cost export
.PHONY: doctor deploy smoke dead-letters replay-dead-letters remote-state destroy

# PROJECT is in the environment of every command. JSON=1 works with all that read.
OPS = $(RUN) python -m cli
JSON_OPTION = $(if $(JSON),--json)
ASKING = $(if $(YES),--yes) $(if $(DRY_RUN),--dry-run) $(JSON_OPTION)
DAYS_OPTIONS = $(if $(FROM),--from=$(FROM)) $(if $(TO),--to=$(TO))
SIZE = $(if $(LIMIT),--limit=$(LIMIT)) $(if $(HISTORY_DAYS),--history-days=$(HISTORY_DAYS))

help: ## Print this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | \
	  awk -F '\t' '{ printf "  \033[1m%-19s\033[0m %s\n", $$1, $$2 }'

.tools/bin/uv:
	@echo "no uv on this machine: installing it into .tools from PyPI"
	@python3 -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

setup: $(filter .tools/bin/uv,$(UV)) ## Make the virtual environment (done by every other verb)
	@$(UV) sync --locked --quiet

demo: setup ## The whole pipeline on this machine; no account, no key (TMDB_TOKEN=... for real data)
	@$(RUN) python -m local.demo

demo-clean: ## Forget what the demo has stored
	@rm -rf .data

local: setup ## Keep the whole pipeline up on this machine until Ctrl-C [TODAY=...] [MOVIES=250]
	@$(RUN) python -m local.serve $(if $(TODAY),--today=$(TODAY)) $(if $(MOVIES),--movies=$(MOVIES))

plan: setup ## What a load takes and costs [LIMIT=1000]; FROM=... TO=...: a backfill
	@$(OPS) plan $(SIZE) $(DAYS_OPTIONS) $(JSON_OPTION)

load: setup ## Track the LIMIT=1000 most popular movies: plan, ask, start [YES=1] [DRY_RUN=1]
	@$(OPS) load $(SIZE) $(ASKING)

status: setup ## How runs stand [RUN_ID=...]; WATCH=1 until they end
	@$(OPS) status $(RUN_ID) $(if $(WATCH),--watch) $(JSON_OPTION)

backfill: setup ## Popularity and metrics of past days, FROM=... [TO=...] [AGAIN=1] [YES=1] [DRY_RUN=1]
	@$(OPS) backfill $(DAYS_OPTIONS) $(if $(AGAIN),--again) $(ASKING)

validate: setup ## What the checks find, newest published day or FROM=... TO=...
	@$(OPS) validate $(DAYS_OPTIONS) $(JSON_OPTION)

withhold: setup ## Take DAY=... out of every view, REASON="..." [YES=1] [DRY_RUN=1]
	@$(OPS) withhold "$(DAY)" --reason="$(REASON)" $(ASKING)

publish: setup ## Put a withheld DAY=... back, REASON="..." [YES=1] [DRY_RUN=1]
	@$(OPS) publish "$(DAY)" --reason="$(REASON)" $(ASKING)

explain: setup ## Why MOVIE=... (TMDB id or title) has its score
	$(if $(MOVIE),,$(error write MOVIE=<TMDB id or part of a title>))
	@$(OPS) explain $(JSON_OPTION) -- "$$MOVIE"

export: setup ## VIEW=... into a file [FORMAT=csv] [OUT=...] [FORCE=1]
	@$(OPS) export $(or $(VIEW),$(error write VIEW=<a view of sql/views>)) $(if $(FORMAT),--format=$(FORMAT)) \
	  $(if $(OUT),--out="$$OUT") $(if $(FORCE),--force) $(JSON_OPTION)

cost: setup ## Bytes, TMDB requests and dollars, the last DAYS=30 or MONTH=1
	@$(OPS) cost $(if $(DAYS),--days=$(DAYS)) $(if $(MONTH),--month) $(JSON_OPTION)

dead-letters: setup ## What could not be processed, and what to do
	@$(OPS) dead-letters $(JSON_OPTION)

replay-dead-letters: setup ## Publish it again, after a fix [ONLY=RUN_ID] [DRY_RUN=1]
	@$(OPS) replay-dead-letters $(if $(ONLY),--only "$(ONLY)") $(if $(DRY_RUN),--dry-run) $(JSON_OPTION)

# A file's tests share what they start, so a file goes to one process. More of them than
# processors do not help, and each may hold a whole stack.
test: setup ## Every test; what a machine cannot run is skipped with its reason
	@tools/install_chromium
	@$(RUN) pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

bench: setup ## Initial load of 1,000 movies in fine weather, with 503s, through an outage
	@$(RUN) python -m benchmarks.initial_load

soak: setup ## SEEDS=200 faults on the whole local pipeline, each run judged (an hour)
	@$(RUN) python -m benchmarks.fault_injection --seeds $(or $(SEEDS),200)

bench-metrics: setup ## How good the scores are, on two simulators with labelled events (minutes)
	@$(RUN) python -m benchmarks.metrics

bench-scale: setup ## One day of metrics for 1,000, 10,000 and 100,000 movies (minutes)
	@$(RUN) python -m benchmarks.metrics_scale

check: setup ## Format, lint, types, SQL style, workflows, generated files up to date
	@$(RUN) ruff format --check
	@$(RUN) ruff check
	@$(RUN) mypy
	@$(RUN) sqlfluff lint --disable-progress-bar sql
	@if command -v terraform >/dev/null; \
	  then terraform fmt -check -diff -recursive terraform; \
	  else echo "no terraform on PATH: the format of its files is not checked"; fi
	@$(RUN) zizmor --offline --no-progress --quiet .github
	@if command -v go >/dev/null; \
	  then go run github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION); \
	  else echo "no go on PATH: actionlint does not read the workflows"; fi
	@$(UV) lock --check --quiet
	@for name in $(FUNCTIONS); do \
	  $(call export,$$name) | diff functions/$$name/requirements.txt - \
	    || { echo "functions/$$name/requirements.txt is stale: make lock"; exit 1; }; \
	done

scan: setup ## Security of the Terraform root, by checkov (fetched when first needed, 100 MB)
	@$(UV) tool run --quiet checkov==$(CHECKOV_VERSION) --directory terraform \
	  --framework terraform --skip-download --compact --quiet

fix: setup ## Let the tools mend what they can
	@$(RUN) ruff check --fix
	@$(RUN) ruff format
	@$(RUN) sqlfluff fix --disable-progress-bar sql
	@if command -v terraform >/dev/null; then terraform fmt -recursive terraform; fi

dictionary: setup ## Write docs/reference/data_dictionary.md from sql/
	@$(RUN) python -m tools.data_dictionary > docs/reference/data_dictionary.md

lock: setup ## Resolve dependencies anew and regenerate every requirements.txt
	@$(UV) lock
	@for name in $(FUNCTIONS); do \
	  $(call export,$$name) > functions/$$name/requirements.txt; \
	done

# PROJECT and REGION may as well stand in terraform/terraform.tfvars.
TARGET = $(if $(PROJECT),--project=$(PROJECT)) $(if $(REGION),--region=$(REGION))

doctor: setup ## Is everything there that a deployment needs? PROJECT=..., TMDB_TOKEN in the environment
	@$(OPS) doctor $(TARGET)

deploy: setup ## Check, plan, ask, apply; again for every change. PROJECT=... [YES=1] [DRY_RUN=1]
	@$(OPS) deploy $(TARGET) $(if $(YES),--yes) $(if $(DRY_RUN),--dry-run)

smoke: setup ## 20 movies through a real deployment, and a verdict. PROJECT=...
	@$(OPS) smoke --project=$(PROJECT)

remote-state: setup ## Move Terraform's state to a bucket, once, for a team. PROJECT=...
	@$(OPS) remote-state $(TARGET)

destroy: setup ## Take the deployment down; the data stays (python -m cli destroy --help) [DRY_RUN=1]
	@$(OPS) destroy $(TARGET) $(if $(DRY_RUN),--dry-run)

# Hashed, and with functions-framework named, or Google's builder adds its own pins.
export = $(UV) export --locked --quiet --no-header --no-emit-project --only-group $(1)
