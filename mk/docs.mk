# README.md and REPRODUCE.md: their generated parts come from the claims, the experiments and the
# committed reference; `make lint` fails when they are out of date.
##@ Documents
.PHONY: docs docs-check
docs: ## renew the generated parts of README.md and REPRODUCE.md
	@tools/docs

docs-check: ## fail when they are out of date
	@tools/docs --check
