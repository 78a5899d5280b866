# How fast it is: products, training steps and forward passes next to the machine's peak and, where
# python3-torch is installed (tools/deps bench), the same model in PyTorch.
##@ Variables, as in `make figure2 TIER=smoke`
## QUICK       1: `make bench` in seconds, on a tiny model, to see that it works
QUICK ?=

##@ Speed
.PHONY: bench accept-bench
bench: $(patsubst %,$(BUILD)/tools/%,bench_steps bench_products machine) ## one page of rates, into results/bench.tsv (12 minutes on an idle machine)
	@$(peer_python) tools/bench $(call quote,$(BUILD)) $(call quote,$(RESULTS)) $(if $(filter 1,$(QUICK)),--quick)

accept-bench: ## show the last page of `make bench` in README.md, in the place of this CPU's rows
	@name=$$(tools/bench-page --name $(call quote,$(RESULTS)/bench.tsv)) && mkdir -p results/reference/bench && \
	    cp $(call quote,$(RESULTS)/bench.tsv) "results/reference/bench/$$name"
	@tools/weave/documents
