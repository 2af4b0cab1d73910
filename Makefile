# Every target that is meant to be called has a "##" line; `make` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

TOOL := go tool -modfile=tools/go.mod
# With a throw-away Postgres for the whole run; each test gets a database of it.
TEST := go run ./pkg/pgembed/pgtest/withcluster go test
PKG  ?= ./...

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z\/-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what is missing (PostgreSQL 15+ by apt); quick when all is there
	@scripts/setup

.PHONY: build
build: ## build bin/cairn
	go build -o bin/cairn ./cmd/cairn

.PHONY: run
run: setup build ## serve a sandbox with synthetic patients on http://127.0.0.1:8080
	bin/cairn dev $(ARGS)

.PHONY: test
test: setup ## run the tests; PKG=./aql/... for some, ARGS="-run X -v" for flags
	$(TEST) $(ARGS) $(PKG)
	cd conformance/fhirvalidate && go test ./...

.PHONY: test/race
test/race: setup ## run the tests with the race detector (needs a C compiler)
	$(TEST) -race $(ARGS) $(PKG)

.PHONY: test/aql
test/aql: setup ## compare the strategies and the reference of AQL on many random queries; QUERIES=22000 for each
	go test ./aql -run 'StrategiesAgree|EngineAgrees|RandomQueriesRun' -queries $(or $(QUERIES),22000) -timeout 90m -v $(ARGS)

.PHONY: check
check: setup lint verify test ## all that must pass before a change lands

.PHONY: lint
lint: ## formatting, go vet, staticcheck
	@out=$$($(TOOL) gofumpt -l .); if [ -n "$$out" ]; then echo "not formatted, run make fmt:"; echo "$$out"; exit 1; fi
	@# Generated code has returns that its generator knows to be unreachable.
	go vet $$(go list ./... | grep -v /aql/parse/gen)
	$(TOOL) staticcheck $$(go list ./... | grep -v /aql/parse/gen)

.PHONY: fmt
fmt: ## format the code
	$(TOOL) gofumpt -l -w .

.PHONY: generate
generate: ## regenerate generated code (needs java and npm, see aql/parse/gen/generate.sh)
	go generate ./...
	go test ./pkg/archtest -run TestGenerated -update

.PHONY: verify
verify: ## check generated code and compiled templates against their sources, and lint the templates
	@scripts/verify

.PHONY: bench
bench: setup build ## measure the server under load and write docs/performance
	go run ./bench $(ARGS)

.PHONY: bench/go
bench/go: setup ## run the Go benchmarks
	$(TEST) -run '^$$' -bench . -benchmem $(ARGS) $(PKG)

.PHONY: fuzz
fuzz: ## fuzz every parser for FUZZTIME (30s) each
	scripts/fuzz $(or $(FUZZTIME),30s)
