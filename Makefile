# What people call most. Everything is a plain command; see .ci/run for what CI runs.
GO    ?= go
TOOLS  = $(GO) tool -modfile=internal/tools/go.mod
# gosnmp builds its debug messages even when nobody reads them, unless it is told not to.
TAGS   = gosnmp_nodebug
# As it is shipped: static, without a path of this machine. What needs no race detector is built the same way, so that it is compiled once.
STATIC = CGO_ENABLED=0 GOFLAGS=-trimpath
STATE ?= $(CURDIR)/bin/example-state

.PHONY: all build demo shots pages run test race slow faults outage outage-carbon points storm cluster peers lint bench fuzz oracle deb three-servers clean

all: build

build:
	$(STATIC) $(GO) build -tags $(TAGS) -o bin/onbu ./cmd/onbu

# A made-up site of 300 hosts in which things fail, and the pages that show it; Ctrl-C ends it.
demo: build
	./bin/onbu demo

# A picture of every page of the demo, wide and narrow, light and dark, into docs/pages; some four minutes.
shots: peers
	$(GO) test -tags $(TAGS),shots -run 'TestShots$$' -v -timeout 20m ./modules/export/web/e2e

# How fast the pages are with 100,000 services: first paint in a browser, and checks beside 200 open pages.
pages: build peers
	$(GO) test -tags $(TAGS),figures -run 'TestFirstPaint$$|TestManyProblems$$' -v -timeout 20m ./modules/export/web/e2e
	./bin/onbu bench pages

# The main job on an example that checks this machine for real; Ctrl-C ends it.
run: build
	./bin/onbu run deploy/examples/loopback/onbu.cfg --state $(STATE) --watch

# All tests, with the real programs of Debian that Onbu talks to; as root what is missing is installed first.
test: race slow

# Many packages wait for other programs most of the time: so there are some more at once than cores. They start in the order given: the long
# ones that would be the last by their names are the first, or a core waits for them at the end. What vet says is for lint, which asks it for more.
race: peers
	$(GO) test -race -vet=off -shuffle=on -p 3 -timeout 10m -tags $(TAGS) ./scheduler/core ./scheduler ./...

# The long ones, of which the race detector sees only a part.
slow:
	$(STATIC) $(GO) test -vet=off -tags $(TAGS) -run 'WhateverTheOrder|EachMinuteOfAYear|AYearOfRandom' ./scheduler/core ./monitor/calendar
	$(STATIC) $(GO) test -vet=off -short -tags $(TAGS) -run 'ACutTree|ARandomNetwork' ./scheduler/core

# Ten minutes without the link between sites, in network namespaces: as root.
outage: peers
	$(GO) test -tags $(TAGS) -run 'TestSites$$' -v -timeout 20m ./cmd/onbu -cut 10m

# Five minutes of points into VictoriaMetrics, which is away for a quarter of the time, compared with what the services produced.
points: peers
	$(GO) test -tags $(TAGS) -run 'TestVictoriaMetricsHasEveryPoint' -v -timeout 20m ./cmd/onbu -points 5m

# Ten minutes without carbon at 2,000 metrics a second: every point has to be in its files afterwards.
outage-carbon: peers
	$(GO) test -tags $(TAGS) -run 'TestCarbonIsAway$$' -v -timeout 30m ./cmd/onbu -carbon-away 10m -carbon-hosts 100

# 200 times kill -9 in a storm of problems and recoveries: everybody is told of everything.
storm: peers
	$(GO) test -tags $(TAGS) -run 'TestKillsInAStormOfNotifications' -v -timeout 20m ./cmd/onbu -storms 200

# A cluster of real processes in network namespaces, broken in every way of docs/faults.md, with a figure beside each target: as root.
# The release before, for upgrades, is built from the commit in bench/faults/testdata/previous if the repository has it.
faults: build peers
	-bench/faults/testdata/build-previous bin/onbu-previous
	./bin/onbu bench faults $$(test -x bin/onbu-previous && echo --old bin/onbu-previous)

# Every promise of the bus, on three servers that keep everything three times, and what happens when they are lost.
cluster:
	$(GO) test -tags $(TAGS) -run 'Servers?' -v -parallel 4 -timeout 20m ./internal/bus/natsbus -promises -losses 3

# The Debian package, in bin.
deb:
	$(STATIC) $(GO) build -ldflags=-s -tags $(TAGS) -o bin/static/onbu ./cmd/onbu
	deploy/deb/build bin/static/onbu bin

# Three servers with keys and one address, in network namespaces: as root, with keepalived and curl.
three-servers: build
	deploy/three-servers/try.sh bin/onbu

peers:
	internal/realpeer/install

lint:
	@test -z "$$($(TOOLS) gofumpt -l . | tee /dev/stderr)"
	$(STATIC) $(GO) vet -tags $(TAGS) ./...
	$(STATIC) $(TOOLS) staticcheck -tags $(TAGS) ./...
	$(GO) mod tidy -diff

bench:
	$(GO) test -tags $(TAGS) -run '^$$' -bench . -benchmem ./...

# Every fuzz target for FUZZTIME.
FUZZTIME ?= 10s
fuzz:
	internal/realpeer/fuzz $(FUZZTIME)

# Lets nagios4 live through all sequences of internal/oracle again and writes down what it says: as root, some four minutes.
# What belongs into a second has to be done in it: its files go where writing is fast, and it goes before others.
oracle: peers
	TMPDIR=/dev/shm nice -n -15 $(GO) test -tags record ./internal/oracle -run Record -parallel 8 -timeout 20m
	$(GO) test ./internal/oracle -run Was -v

clean:
	rm -rf bin
