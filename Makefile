PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
RELEASE = -c release --static-swift-stdlib -Xlinker -s --product tapir
CHECKS = --explicit-target-dependency-import-check error

# Debian packages: what the build needs, and the other programs that the tests compare with.
BUILD_PACKAGES = make pkg-config libacl1-dev libarchive-dev libinih-dev libisal-dev libjansson-dev liblz4-dev libsqlite3-dev libxxhash-dev zlib1g-dev
TEST_PACKAGES = acl attr dpkg-dev fish git kmod libarchive-tools lsscsi lz4 man-db mt-st mtx open-iscsi python3 python3-jsonschema rsync sg3-utils \
  sqlite3 xxhash zsh
SUDO = $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: deps demo build test test-foreign test-vm fuzz bench bench-castor install clean

deps:
	$(SUDO) apt-get update -q
	$(SUDO) apt-get install -y -q --no-install-recommends $(BUILD_PACKAGES) $(TEST_PACKAGES)

# /usr/include onto a virtual cartridge and back.
demo: build
	PATH="$$($(SWIFT) build $(RELEASE) --show-bin-path):$$PATH" sh -e -x -c ' \
	  rm -rf demo.vtl out; mkdir out; \
	  tapir -cf demo.vtl /usr/include; \
	  tapir -tf demo.vtl | tail -n 3; \
	  tapir -xf demo.vtl -C out; \
	  diff -r /usr/include out/usr/include; \
	  tapir volume show demo.vtl'

build:
	$(SWIFT) build $(RELEASE) $(CHECKS)

# Unit tests, the command from outside, a second reader of the formats, a short fuzzing, and every drive; the real st
# driver runs in a virtual machine.
test:
	$(SWIFT) build $(CHECKS)
	SWIFT="$(SWIFT)" Tests/run-swift-tests
	$(MAKE) -j 2 --output-sync=target test-vm test-foreign

# Beside the virtual machine, which waits much of its time.
test-foreign:
	Tests/second-reader/run "$$($(SWIFT) build --show-bin-path)/tapir"
	$(MAKE) fuzz SECONDS=3

# Each fuzz target for so many seconds. 77: as below.
SECONDS ?= 60
fuzz:
	Fuzz/run $(SECONDS) || [ $$? -eq 77 ]

# 77: the machine cannot run it, and has said why.
test-vm:
	$(SWIFT) build --product drive-conformance
	$(SWIFT) build --product tapir
	Tests/run-in-vm "$$($(SWIFT) build --show-bin-path)" || [ $$? -eq 77 ]

bench: build
	Benchmarks/run "$$($(SWIFT) build $(RELEASE) --show-bin-path)/tapir"

# CERN's results with CASTOR on the modelled drive, and six file sets on a virtual cartridge beside a modelled one.
bench-castor: build
	$(SWIFT) run castor
	$(SWIFT) run castor --svg > docs/castor.svg
	Benchmarks/file-sets "$$($(SWIFT) build $(RELEASE) --show-bin-path)/tapir"

install: build
	install -D -m 755 "$$($(SWIFT) build $(RELEASE) --show-bin-path)/tapir" "$(DESTDIR)$(PREFIX)/bin/tapir"
	install -D -m 644 man/tapir.1 "$(DESTDIR)$(PREFIX)/share/man/man1/tapir.1"
	install -D -m 644 man/tapir-volume.5 "$(DESTDIR)$(PREFIX)/share/man/man5/tapir-volume.5"
	install -D -m 644 completions/tapir.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tapir"
	install -D -m 644 completions/tapir.zsh "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_tapir"
	install -D -m 644 completions/tapir.fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/tapir.fish"
	install -d "$(DESTDIR)$(PREFIX)/share/doc/tapir"
	install -m 644 README.md docs/*.md docs/*.svg docs/tapir.schema.json "$(DESTDIR)$(PREFIX)/share/doc/tapir/"

clean:
	$(SWIFT) package clean
