# The verbs of the project. Each sets up what it needs; nothing else has to be done.
#   make demo      the usage example against the local gateway over TLS; compiles no more
#                  than it needs, and that quickly (-O1)
#   make test      the tests, three on each core as most wait (JOBS=); the hubs' client
#                  against Microsoft's own server and client too, if npm and mono-mcs are there
#   make test-long the tests that take minutes: ten million ticks, every vector path;
#                  NEON too where gcc-aarch64-linux-gnu and qemu-user are installed
#   make fuzz      the property tests with new examples, FUZZ= times over
#   make lint      formatting, style, types, import rules
#   make bench     the benchmarks beside every peer; results, charts and tables
#   make bench-short  the same in two short rounds; nothing is kept
#   make instructions  instructions of an order, counted by callgrind
#   make bench-bars  bars beside Polars, pandas, NumPy, numba and DuckDB
#   make campaign  a million orders and a million changes in virtual time, 10,000 rounds
#                  of one key and of waits that are cancelled, 500 kills of a trader (KILLS=)
#   make campaign-recorder  500 kills of a recorder of ticks, and of its sealing (KILLS=)
#   make campaign-strategy  500 kills of a live strategy, each started again (KILLS=)
#   make campaign-matching  100,000 random streams through the compiled exchange and
#                  the simulator's: they have to come to the same (STREAMS=)
#   make campaign-realtime  a million events of an account over 100,000 gaps, in virtual
#                  time; both hubs dropped 1,000 times while a trader trades (DROPS=)
#   make bench-flatten  from a flatten's call to its first byte while 200 reads wait
#   make leaks     100,000 orders and nothing left of them
#   make bench-market  bars and ticks in Parquet beside pandas and a peer's catalog
#   make campaign-store  500 kills of a store's writer and of a migration, a day of 10,000
#                  orders against the ledger (KILLS=)
#   make bench-store  what the record costs: a row, a day's profit, an order beside it
#   make bench-matching  the compiled exchange: ticks a second, with resting orders
#   make bench-strategy  strategies over bars and ticks, beside other engines
#   make cuts      connections cut at every byte of a request and of its answer
#   make sanitize  the tests on a build with ASan and UBSan
#   make matrix    the tests on every CPython from 3.10 to 3.13 that is installed
#   make docs      the documentation, into site/
#   make screenshots  the pictures of the screen and of a report, for the guide
#   make wheel     an sdist and a wheel for each CPython here (PYTHONS=3.12), into dist/,
#                  each tried without a compiler
#   make same-bytes  the wheel twice, in two folders: the same source, the same bytes
#   make clean     everything that the above have made

PYTHON ?= python3
KILLS ?= 500
DROPS ?= 1000
DURATION ?= 600
STREAMS ?= 100000
FUZZ ?= 10
JOBS ?= auto
VENV := .venv
BIN := $(VENV)/bin
ROUNDS := one_key_from_many_tasks or waits_that_are_cancelled
BENCH := --benchmark-columns=median,iqr,min,max,rounds --benchmark-sort=fullname
STEP := @sh tools/step.sh
SOURCES := $(shell find fastorder -name '*.py' -o -name '*.py[xi]' -o -name '*.pxd' -o -name '*.h')
TESTS := $(wildcard tests/*.py tests/*/*.py)
STUBS := $(subst /,.,$(basename $(filter %.pyi,$(SOURCES))))

# what is compiled once is kept: a run of the tests starts Python a thousand times
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-long fuzz campaign campaign-matching campaign-recorder campaign-strategy bench-market bench-matching cuts lint bench bench-short instructions bench-bars leaks sanitize matrix docs screenshots wheel same-bytes clean build campaign-store bench-store bench-realtime soak campaign-realtime bench-strategy bench-flatten

demo: $(VENV)/.demo $(or $(wildcard $(VENV)/.built),$(VENV)/.built-for-demo)
	$(BIN)/python examples/demo.py

# three on each core, then those that count instructions, two of them at a time, as load
# adds to a count; with ARGS some of them, one after the other
ifdef ARGS
test: $(VENV)/.test build
	$(BIN)/python -m pytest $(ARGS)
else
test: $(VENV)/.read
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not long and not alone"
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m alone tests/test_instructions.py
endif

test-long: $(VENV)/.test build
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m long $(ARGS)
	FASTORDER_VECTORS=portable $(BIN)/python -m pytest tests/test_marketdata_*.py $(ARGS)
	FASTORDER_VECTORS=avx2 $(BIN)/python -m pytest tests/test_marketdata_*.py $(ARGS)

fuzz: $(VENV)/.test build
	for round in $$(seq $(FUZZ)); do FASTORDER_EXAMPLES=new $(BIN)/python -m pytest \
		-n $(JOBS) --dist worksteal -m "hypothesis and not long" $(ARGS) || exit 1; done

lint: $(VENV)/.test $(VENV)/.lint build
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cython-lint fastorder
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest --concise --ignore-missing-stub \
		--ignore-disjoint-bases --allowlist tools/stubtest.txt \
		--mypy-config-file pyproject.toml $(STUBS)
	$(BIN)/lint-imports

bench: $(VENV)/.test build
	@sh tools/ensure_nginx.sh
	$(BIN)/python benchmarks/environments.py
	$(BIN)/python -m pytest benchmarks -s -o addopts= $(BENCH) $(ARGS)
	$(BIN)/python benchmarks/realtime/compare.py
	$(BIN)/python benchmarks/history.py
	$(BIN)/python benchmarks/adapter.py
	$(BIN)/python benchmarks/strategy/speed.py
	$(BIN)/python benchmarks/report.py

bench-realtime: $(VENV)/.test build
	$(BIN)/python benchmarks/realtime/compare.py $(ARGS)

soak: $(VENV)/.test build
	PYTHONPATH=tests $(BIN)/python tests/soak.py $(DURATION)

bench-short: $(VENV)/.test build
	@sh tools/ensure_nginx.sh
	$(BIN)/python benchmarks/environments.py
	FASTORDER_BENCH_SHORT=1 $(BIN)/python -m pytest benchmarks -s -o addopts= $(BENCH) $(ARGS)

instructions: $(VENV)/.test build
	@sh tools/ensure_valgrind.sh
	$(BIN)/python benchmarks/instructions.py --keep
	$(BIN)/python benchmarks/report.py

campaign: $(VENV)/.test build
	PYTHONPATH=tests $(BIN)/python -m campaign --changes 1000000 $(ARGS)
	FASTORDER_FULL=1 $(BIN)/python -m pytest tests/test_at_most_once.py -q -k "$(ROUNDS)"
	FASTORDER_KILLS=$(KILLS) $(BIN)/python -m pytest tests/test_kill.py -q -s

campaign-recorder: $(VENV)/.test build
	FASTORDER_KILLS=$(KILLS) $(BIN)/python -m pytest tests/test_market_recorder.py -q -k kill_9 $(ARGS)

campaign-strategy: $(VENV)/.test build
	FASTORDER_KILLS=$(KILLS) $(BIN)/python -m pytest tests/test_strategy_kill.py -q -s $(ARGS)

campaign-matching: $(VENV)/.test build
	FASTORDER_STREAMS=$(STREAMS) $(BIN)/python -m pytest tests/test_matching_oracle.py -q $(ARGS)

bench-market: $(VENV)/.test build
	$(BIN)/python benchmarks/market/files.py $(ARGS)

campaign-store: $(VENV)/.test build
	FASTORDER_STORE_KILLS=$(KILLS) FASTORDER_STORE_ORDERS=10000 $(BIN)/python -m pytest \
		tests/test_store_faults.py tests/test_store_schema.py tests/test_store_money.py \
		-q -k "killed or ledger" $(ARGS)

bench-store: $(VENV)/.test build
	$(BIN)/python -m pip install --quiet --no-compile --group bench
	$(BIN)/python benchmarks/store/record.py $(ARGS)

campaign-realtime: $(VENV)/.test build
	PYTHONPATH=tests $(BIN)/python -m state_campaign $(ARGS)
	FASTORDER_DROPS=$(DROPS) $(BIN)/python -m pytest tests/test_state_drops.py -q -s

bench-matching: $(VENV)/.test build
	$(BIN)/python benchmarks/matching/ticks.py $(ARGS)

bench-strategy: $(VENV)/.test build
	$(BIN)/python benchmarks/strategy/speed.py $(ARGS)
	$(BIN)/python benchmarks/strategy/live.py

bench-flatten: $(VENV)/.test build
	$(BIN)/python benchmarks/flatten.py $(ARGS)

leaks: $(VENV)/.test build
	FASTORDER_LEAK_ORDERS=100000 $(BIN)/python -m pytest tests/test_leaks.py $(ARGS)

bench-bars: $(VENV)/.test build
	$(BIN)/python -m pip install --quiet --no-compile --group bench
	$(BIN)/python benchmarks/marketdata/compare.py $(ARGS)

cuts: $(VENV)/.test build
	FASTORDER_FULL=1 $(BIN)/python -m pytest tests/test_cuts.py $(ARGS)

sanitize: $(VENV)/.test
	sh tools/sanitize.sh $(ARGS)

matrix: $(VENV)/.test
	$(BIN)/python -m nox $(ARGS)

docs: $(VENV)/.docs build
	$(BIN)/python tools/house.py --page docs/internals/house.md --picture docs/internals/house.svg
	$(BIN)/mkdocs build --strict

screenshots: $(VENV)/.test build
	$(BIN)/python tools/screenshots.py docs/guide

wheel: $(VENV)/.tools
	sh tools/wheel.sh $(BIN)/python $(PYTHONS)

same-bytes: $(VENV)/.tools
	sh tools/same_bytes.sh $(BIN)/python

build: $(VENV)/.built

# the rooms that the demo needs, compiled in half the time; what comes next compiles all
$(VENV)/.built-for-demo: $(VENV)/.linked $(SOURCES) setup.py
	$(STEP) "compiling" env FASTORDER_BUILD=demo $(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

$(VENV)/.tools: pyproject.toml tools/check_setup.sh
	@sh tools/check_setup.sh $(PYTHON)
	$(STEP) "an environment in $(VENV)" $(PYTHON) -m venv $(VENV)
	$(STEP) "a pip that knows groups" $(BIN)/python -m pip install --quiet --no-compile --upgrade "pip>=25.1"
	$(STEP) "what is built with" $(BIN)/python -m pip install --quiet --no-compile --group build
	@touch $@

$(VENV)/.linked: $(VENV)/.tools
	$(STEP) "what it runs with" env FASTORDER_BUILD=none \
		$(BIN)/python -m pip install --quiet --no-compile --no-build-isolation --editable .
	@touch $@

$(VENV)/.built: $(VENV)/.linked $(SOURCES) setup.py
	$(STEP) "compiling" $(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

$(VENV)/.demo: $(VENV)/.tools
	$(STEP) "what the demo shows it with" $(BIN)/python -m pip install --quiet --no-compile --group demo
	@touch $@

$(VENV)/.test: $(VENV)/.tools
	$(STEP) "what the tests run with" $(BIN)/python -m pip install --quiet --no-compile --group test
	@touch $@

# installing takes one core and waits for the network, so what is compiled is so meanwhile
.PHONY: together
together: $(VENV)/.linked
	@STEP_IN_ONE_LINE=1 $(MAKE) -s -j2 $(VENV)/.test $(VENV)/.built

# what they and all that they use is compiled to, once and not in each process
$(VENV)/.read: pyproject.toml tools/check_setup.sh $(SOURCES) setup.py $(TESTS) | together
	$(STEP) "reading the tests" sh tools/read_tests.sh $(BIN)/python
	@touch $@

$(VENV)/.lint: $(VENV)/.tools
	$(STEP) "what is checked with" $(BIN)/python -m pip install --quiet --no-compile --group lint
	@touch $@

$(VENV)/.docs: $(VENV)/.tools
	$(STEP) "what the pages are made with" $(BIN)/python -m pip install --quiet --no-compile --group docs
	@touch $@

clean:
	rm -rf $(VENV) .venv-sanitize .venv-peers .nox build dist site *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
	find fastorder -name '*.so' -delete
	find fastorder -name '*.c' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
