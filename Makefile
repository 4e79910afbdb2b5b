# The common tasks, thin over CMakePresets.json and tools/. `make help` lists them.

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 20
DURATION ?= 1h
export FUZZ_SECONDS DURATION

build = cmake --preset $(1) >/dev/null && cmake --build --preset $(1)

release: ## the program: build/release/conntest (default)
	$(call build,release)

demo: ## see it at work, here and now
	tools/setup build demo
	$(call build,release)
	demo/demo.sh

check: ## all tests and gates, as CI runs them
	@tools/setup build check
	@tools/check

lint: ## the gates alone
	@tools/setup build check
	@tools/check lint

format: ## put all C sources in the house format
	tools/format

tsan: ## unit and engine tests under the thread sanitizer
	tools/setup build check
	$(call build,tsan)
	ctest --preset tsan -j "$$(nproc)"

cover: ## what the tests cover, a line a file
	tools/setup build check cover
	$(call build,cover)
	find build/cover -name '*.gcda' -delete
	-ctest --preset cover -j "$$(nproc)"
	gcovr --root . --filter src/ build/cover

fuzz: ## each fuzz target for FUZZ_SECONDS (20)
	tools/setup build check
	$(call build,fuzz)
	tools/fuzz

bench: ## measure against peers: ratios and medians; KEEP=NAME keeps them for bench/compare
	tools/setup build bench
	$(call build,release) --target all benches
	bench/run $(if $(KEEP),--keep "$(KEEP)")

soak: ## long runs for DURATION (1h) each: many processes, one killed; every kind in rotation; a mesh
	tools/setup build check
	$(call build,release)
	tests/soak/soak

install: release ## program, manual and completions to DESTDIR and PREFIX (/usr/local)
	cmake --build --preset release --target docs
	cmake --install build/release --strip --prefix $(PREFIX)

setup: ## install the Debian packages that all of this needs
	tools/setup build demo check cover bench

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

.PHONY: release demo check lint format tsan cover fuzz bench soak install setup help
