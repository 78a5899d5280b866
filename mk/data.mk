# CIFAR-10 is fetched once into data/, or found where CIFAR10_DIR says. Planted data needs no files.
##@ Data
.PHONY: data
data: ## get CIFAR-10, 170 MB (CIFAR10_DIR=folder uses a copy, OFFLINE=1 never downloads)
	@tools/fetch-cifar10
