# Needs Go 1.26, make and git; conformance and interop need npm as well. Tools that the
# checks use are pinned here and built into .tools through the Go module proxy.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c

STATICCHECK_VERSION   := v0.8.2
GOLANGCI_LINT_VERSION := v2.15.0

STATICCHECK   := $(CURDIR)/.tools/staticcheck-$(STATICCHECK_VERSION)/staticcheck
GOLANGCI_LINT := $(CURDIR)/.tools/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint

# The library, and the examples with their own dependencies.
MODULES     := . examples
EACH_MODULE  = for module in $(MODULES); do (cd $$module && $(1)) || exit 1; done

FUZZTIME ?= 10s
BENCH    ?= .

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## From a 401 to a tool call: authorization server, MCP server and client in one process
	@cd examples && go run ./quickstart

.PHONY: test
test: ## Run the tests of both modules
	@$(call EACH_MODULE,go test ./...)

.PHONY: race
race: ## Run the tests of both modules under the race detector
	@$(call EACH_MODULE,go test -race ./...)

.PHONY: soak
soak: ## Run the tests with real processes at their full length: 60 s and 300 kills
	@MCPOAUTH_SOAK=60s MCPOAUTH_KILLS=300 go test -count=1 -v -run '^TestProcesses|^TestKilled' ./sdk ./sdk/redisstore \
		| grep -v '^=== '

.PHONY: check
check: format vet staticcheck lint drift tidy layers ## Everything a change must pass beside the tests

.PHONY: format
format: ## Check that gofmt has nothing to say
	@files=$$(find . -name '*.go' -not -path '*/node_modules/*' -exec gofmt -l {} +); \
	if [ -n "$$files" ]; then echo "format: run gofmt -w on:"; echo "$$files"; exit 1; fi
	@echo "format: ok"

.PHONY: vet
vet: ## Run go vet
	@$(call EACH_MODULE,go vet ./...)
	@echo "vet: ok"

.PHONY: staticcheck
staticcheck: $(STATICCHECK) ## Run staticcheck
	@$(call EACH_MODULE,$(STATICCHECK) ./...)
	@echo "staticcheck: ok"

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run golangci-lint with the linters of .golangci.yml
	@$(call EACH_MODULE,$(GOLANGCI_LINT) run --config $(CURDIR)/.golangci.yml ./...)
	@echo "lint: ok"

.PHONY: drift
drift: ## Check that make generate would change nothing
	@.ci/drift

.PHONY: tidy
tidy: ## Check that go mod tidy would change nothing
	@$(call EACH_MODULE,go mod tidy -diff)
	@echo "tidy: ok"

.PHONY: layers
layers: ## Check imports, dependencies and the house rules
	@go test -run '^Test(Layers|House)' ./spec

.PHONY: generate
generate: ## Write the generated code and validate/RULES.md anew
	go generate ./...

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (10s)
	@for package in $$(go list ./...); do \
		listed=$$(go test -list '^Fuzz' $$package) || exit 1; \
		for target in $$(grep '^Fuzz' <<<"$$listed" || true); do \
			echo "fuzz: $$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

.PHONY: bench
bench: ## Run the benchmarks that BENCH names (all)
	@go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: conformance
conformance: examples/conformance/node_modules/.package-lock.json ## Run the official MCP conformance suite
	@cd examples && go run ./conformance/suite

.PHONY: interop
interop: examples/interop/node_modules/.package-lock.json ## Run our client against an authorization server that is not ours
	@cd examples/interop && INTEROP=required go test -count=1

examples/%/node_modules/.package-lock.json: examples/%/package-lock.json
	cd examples/$* && npm ci
	@touch $@

$(STATICCHECK):
	GOBIN=$(@D) go install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION)

$(GOLANGCI_LINT):
	GOBIN=$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
