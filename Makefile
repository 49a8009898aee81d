# Everything a newcomer types. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo run test bench peer promises model-fp32 lint eval report attack

DATA ?= ../shared/data
CONFIG ?=
STREAM ?=
PAUSES ?= 0,300,500,700

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing: compiler, libopus, ONNX Runtime into .runtime/
	@.ci/setup

demo: setup ## hear it work: a real server, simulated calls, a readable transcript
	@cargo build --quiet && target/debug/callprint demo

run: setup ## build for production and serve; CONFIG=callprint.toml names a configuration
	@cargo build --release && target/release/callprint serve $(if $(CONFIG),--config $(CONFIG))

setup-tests: setup ## and what the tests need: Chromium, a published simulator of media streams
	@.ci/setup tests

test: setup-tests ## run every test
	cargo test

bench: setup ## time each stage of the signal path
	cargo bench

peer: setup ## processor time per recording beside sherpa-onnx's; DATA names a folder of recordings
	@cargo build --release --quiet
	@[ -x target/peer/bin/python ] || python3 -m venv target/peer
	@target/peer/bin/python -m pip install --quiet --disable-pip-version-check -r benches/peer-requirements.txt
	@target/peer/bin/python benches/peer.py $(if $(filter command line environment,$(origin DATA)),--data $(DATA)) $(if $(JSON),--json)

promises: setup-tests ## ask again what README and docs promise; ONLY="NAME …" some of it, QUICK=1 without the slow, NOTE=… for the history
	@cargo build --release --quiet
	@env -u MAKEFLAGS -u DATA python3 promises/run.py --data $(DATA) $(if $(QUICK),--quick) $(if $(NOTE),--note "$(NOTE)") $(ONLY)

model-fp32: setup ## make the fp32 speaker model, which is not the default and not in the tree; fetches 120 MB
	@[ -x target/model-fp32/bin/python ] || python3 -m venv target/model-fp32
	@target/model-fp32/bin/python -m pip install --quiet --disable-pip-version-check -r models/campplus-requirements.txt
	@target/model-fp32/bin/python models/make_campplus.py

lint: ## formatting, clippy, documentation and the promises' words, as CI checks them
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items
	python3 promises/run.py --check

eval: setup ## measure accuracy over DATA (default ../shared/data); STREAM=1 hears it as calls do, with PAUSES put in
	@cargo build --release --quiet
	@for list in digits/tel digits/var crowd/var sentences/tel sentences/var; do \
	    set=$${list%/*}; printf '\n%s\n' "$$list"; \
	    target/release/callprint eval --enroll $(DATA)/$$set/enroll.tsv --trials $(DATA)/$$set/trials.tsv \
	        --audio $(DATA)/$$list $(if $(STREAM),--stream --pause-ms $(PAUSES)) || exit 1; \
	done

attack: setup ## count what gets in of replays, disguises and machines, over DATA
	@cargo build --release --quiet
	@for list in digits/tel digits/var; do \
	    set=$${list%/*}; printf '\n%s\n' "$$list"; \
	    target/release/callprint attack --tts --enroll $(DATA)/$$set/enroll.tsv --trials $(DATA)/$$set/trials.tsv \
	        --audio $(DATA)/$$list || exit 1; \
	done

report: setup ## draw how good the decisions are over DATA into target/report/index.html
	@cargo build --release --quiet
	@target/release/callprint eval --intervals 1000 --report target/report/index.html \
	    $(foreach list,digits/tel digits/var crowd/tel crowd/var sentences/tel sentences/var,\
	    --set $(list)=$(DATA)/$(dir $(list))enroll.tsv,$(DATA)/$(dir $(list))trials.tsv,$(DATA)/$(list))
