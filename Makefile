PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
RELEASE = -c release --static-swift-stdlib -Xlinker -s --product tapir
CHECKS = --explicit-target-dependency-import-check error

.PHONY: build test test-vm bench install clean

build:
	$(SWIFT) build $(RELEASE) $(CHECKS)

# Unit tests, the command from outside, and every drive; the real st driver runs in a virtual machine.
test:
	$(SWIFT) build $(CHECKS)
	$(SWIFT) test
	$(MAKE) test-vm

# 77: the machine cannot run it, and has said why.
test-vm:
	$(SWIFT) build --product drive-conformance
	$(SWIFT) build --product tapir
	Tests/run-in-vm "$$($(SWIFT) build --show-bin-path)" || [ $$? -eq 77 ]

bench: build
	Benchmarks/run "$$($(SWIFT) build $(RELEASE) --show-bin-path)/tapir"

install: build
	install -D -m 755 "$$($(SWIFT) build $(RELEASE) --show-bin-path)/tapir" "$(DESTDIR)$(PREFIX)/bin/tapir"
	install -D -m 644 man/tapir.1 "$(DESTDIR)$(PREFIX)/share/man/man1/tapir.1"
	install -D -m 644 completions/tapir.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tapir"
	install -d "$(DESTDIR)$(PREFIX)/share/doc/tapir"
	install -m 644 README.md docs/*.md "$(DESTDIR)$(PREFIX)/share/doc/tapir/"

clean:
	$(SWIFT) package clean
