# Thin: what the gate does is in .ci/run. FUZZTIME=2m make fuzz works, and
# make bench BENCH='-passes 3 routes nflog'.
GOLANGCI_LINT = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME ?= 30s
BENCH ?=
SOAK ?= 200,100000

.DEFAULT_GOAL := help
.PHONY: soak help fmt vet lint staticcheck test race user kernels fuzz bench bench-quick bench-growth bench-docs microbench cover cross examples interop check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

fmt: ## format (gofumpt, goimports)
	$(GOLANGCI_LINT) fmt

vet: ## vet, gofmt, go.mod and go.sum
	.ci/run vet

lint: ## golangci-lint, the full set
	$(GOLANGCI_LINT) run

staticcheck: ## staticcheck alone
	.ci/run staticcheck

test: ## the tests
	go test ./...

race: ## the tests with the race detector, nothing needed left out
	.ci/run race

user: ## the tests as an ordinary user
	if [ "$$(id -u)" = 0 ]; then .ci/run user; else go test -count=1 ./...; fi

kernels: ## the tests in Linux 6.1 and 6.12, see docs/kernels.md
	.ci/run kernels

fuzz: ## every fuzz target, 30 s each
	FUZZTIME=$(FUZZTIME) .ci/run fuzz

bench: ## nlkit beside its peers and C: a table, bench/bench.json and bench/bench.svg
	cd internal/bench && go run . -o ../../bench $(BENCH)

bench-quick: ## the same in less than two minutes; fails where a figure is missed
	cd internal/bench && go run . -quick -check $(BENCH)

bench-growth: ## how it grows with what there is: tables, bench/growth.json and bench/growth.svg
	cd internal/bench && go run . -growth -o ../../bench $(BENCH)

bench-docs: ## both, into docs/performance.md and its plots
	cd internal/bench && go run . -docs ../../docs/performance.md $(BENCH)
	cd internal/bench && go run . -growth -docs ../../docs/performance.md

microbench: ## the benchmarks of go test
	go test -run '^$$' -bench . -benchmem ./...

soak: ## random programs against a mirror, for hours (SOAK=seeds,steps)
	NLKIT_SOAK=$(SOAK) go test -count=1 -timeout 0 -v -run 'TestChurn$$' ./mirror

cover: ## the tests with coverage, as cover.out
	go test -coverprofile=cover.out ./...
	go tool cover -func=cover.out | tail -n 1

cross: ## other systems and architectures
	.ci/run cross 386

examples: ## run every example
	.ci/run examples

interop: ## the tests that compare with iproute2
	NLKIT_REQUIRE=tool:ip,netadmin go test -count=1 -run Interop ./...

check: ## everything that CI demands
	.ci/run
