# Two commands: `make demo` runs the main job on a shipped capture, `make test` runs all tests.
# Both install what is missing (a C linker and libpcap's headers) on Debian and Ubuntu.

WARD = pcaps/ward

.PHONY: demo test bench day deps build

demo: build
	@target/release/wardwatch replay -r $(WARD)/one-evening.pcapng --policy pcaps/policies/hl7.toml

test: deps
	cargo test --workspace --locked

# Floor, program and installed peers on generated captures, in turn (BENCH="mix hl7-small" names some); benches/results.md.
bench: deps
	cargo run --release --quiet --locked --package wardwatch-benches --bin wardwatch-benches -- $(BENCH)

# 24 hours of a simulated ward of 95 devices, as it is and with four attacks: findings above low, memory of 6 h and 24 h.
day: build
	@pcaps/make/day.sh target/release/wardwatch

build: deps
	cargo build --release --locked --package wardwatch

# root installs directly, everybody else through sudo.
deps:
	@if ! { command -v cc && test -e /usr/include/pcap/pcap.h; } >/dev/null 2>&1; then \
	  echo "installing build-essential and libpcap-dev"; \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq build-essential libpcap-dev; \
	fi
