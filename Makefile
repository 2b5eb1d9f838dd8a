PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
# Swift's library is linked in, and the C++ library that it needs: loading that takes a quarter of the time to start. STATIC
# is where the linker finds it, before the shared one. Nothing is loaded that would look for names in the program.
STATIC = .build/static-libraries
RELEASE = -c release --static-swift-stdlib -Xlinker -s -Xlinker -L$(STATIC) -Xlinker --no-export-dynamic --product tapir
CHECKS = --explicit-target-dependency-import-check error

# Debian packages: what the build needs, and the other programs that the tests compare with.
BUILD_PACKAGES = make pkg-config libacl1-dev libarchive-dev libinih-dev libisal-dev libjansson-dev liblz4-dev libsqlite3-dev libxxhash-dev zlib1g-dev
TEST_PACKAGES = acl attr debhelper dpkg-dev faketime fish git jq kmod libarchive-tools lintian lsscsi lz4 man-db mbuffer mt-st mtx \
  open-iscsi openssh-client python3 python3-jsonschema rsync sg3-utils sqlite3 xxhash zsh
SUDO = $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: deps demo build test test-swift test-documents test-foreign test-vm fuzz bench bench-drive bench-castor install install-files uninstall deb clean

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
	mkdir -p $(STATIC)
	ln -sf "$$(cc -print-file-name=libstdc++.a)" $(STATIC)
	$(SWIFT) build $(RELEASE) $(CHECKS)

# Unit tests, the command from outside, a second reader of the formats, a short fuzzing, and every drive; the real st
# driver runs in a virtual machine.
test:
	$(SWIFT) build --build-tests $(CHECKS)
	$(MAKE) -j 3 --output-sync=target test-swift test-vm test-foreign

test-swift:
	SWIFT="$(SWIFT)" Tests/run-swift-tests

# Beside the virtual machine and the Swift tests, which wait much of their time.
test-foreign:
	Tests/second-reader/run "$$($(SWIFT) build --show-bin-path)/tapir"
	$(MAKE) test-documents
	$(MAKE) fuzz SECONDS=3

# The commands of all pages, and what is installed.
test-documents:
	Tests/documents/self-check "$$($(SWIFT) build --show-bin-path)/tapir" || [ $$? -eq 77 ]
	Tests/documents/run "$$($(SWIFT) build --show-bin-path)/tapir" || [ $$? -eq 77 ]
	Tests/documents/nights "$$($(SWIFT) build --show-bin-path)/tapir"
	Tests/documents/install "$$($(SWIFT) build --show-bin-path)/tapir"

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
	$(SWIFT) build $(subst --product tapir,--product index-figures,$(RELEASE))
	Benchmarks/run "$$($(SWIFT) build $(RELEASE) --show-bin-path)/tapir"

# The st driver in the virtual machine, against dd. 77: as above.
bench-drive: build
	Benchmarks/drive "$$($(SWIFT) build $(RELEASE) --show-bin-path)/tapir" || [ $$? -eq 77 ]

# CERN's results with CASTOR on the modelled drive, and six file sets on a virtual cartridge beside a modelled one.
bench-castor: build
	$(SWIFT) run castor
	$(SWIFT) run castor --svg > docs/castor.svg
	Benchmarks/file-sets "$$($(SWIFT) build $(RELEASE) --show-bin-path)/tapir"

# Into $(DESTDIR)$(PREFIX); ZSH: where zsh looks for completions there.
ZSH ?= share/zsh/site-functions
EXAMPLES = systemd/tapir-nightly systemd/tapir-backup@.service systemd/tapir-backup@.timer systemd/home.conf
DOCUMENTS = README.md docs/*.md docs/*.svg docs/session.txt docs/tapir.schema.json
install: build
	$(MAKE) install-files BINARY="$$($(SWIFT) build $(RELEASE) --show-bin-path)/tapir"

# The same with a program that is there already: BINARY=.
install-files:
	install -D -m 755 "$(BINARY)" "$(DESTDIR)$(PREFIX)/bin/tapir"
	install -D -m 644 man/tapir.1 "$(DESTDIR)$(PREFIX)/share/man/man1/tapir.1"
	install -D -m 644 man/tapir-volume.5 "$(DESTDIR)$(PREFIX)/share/man/man5/tapir-volume.5"
	install -D -m 644 completions/tapir.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tapir"
	install -D -m 644 completions/tapir.zsh "$(DESTDIR)$(PREFIX)/$(ZSH)/_tapir"
	install -D -m 644 completions/tapir.fish "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/tapir.fish"
	install -d "$(DESTDIR)$(PREFIX)/share/doc/tapir/examples"
	install -m 644 $(DOCUMENTS) "$(DESTDIR)$(PREFIX)/share/doc/tapir/"
	install -m 644 $(EXAMPLES) "$(DESTDIR)$(PREFIX)/share/doc/tapir/examples/"
	chmod 755 "$(DESTDIR)$(PREFIX)/share/doc/tapir/examples/tapir-nightly"

# What install puts there, and nothing else.
uninstall:
	rm -f "$(DESTDIR)$(PREFIX)/bin/tapir" "$(DESTDIR)$(PREFIX)/share/man/man1/tapir.1" \
	  "$(DESTDIR)$(PREFIX)/share/man/man5/tapir-volume.5" "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tapir" \
	  "$(DESTDIR)$(PREFIX)/$(ZSH)/_tapir" "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/tapir.fish"
	cd "$(DESTDIR)$(PREFIX)/share/doc/tapir" && rm -f $(notdir $(wildcard $(DOCUMENTS))) $(addprefix examples/,$(notdir $(EXAMPLES)))
	cd "$(DESTDIR)$(PREFIX)/share/doc" && rmdir tapir/examples tapir

# A Debian package, of what is built already where that is up to date, and lintian's opinion of it.
DEB = .build/deb
DEB_ZIP ?=
deb: build
	rm -rf $(DEB) && mkdir -p $(DEB)
	debian/rules clean
	DEB_DESTDIR=$(CURDIR)/$(DEB) DEB_ZIP="$(DEB_ZIP)" debian/rules binary
	lintian --fail-on error,warning $(DEB)/*.deb

clean:
	$(SWIFT) package clean
