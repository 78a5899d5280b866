# The machine and the checkout.
##@ Set up and clean up
.PHONY: deps doctor clean distclean
deps: ## install the Debian packages that are missing
	@tools/deps core

doctor: ## is everything here: tools, libraries, room, data, arithmetic
	@MAKE='$(make)' MAKEFLAGS= tools/doctor $(BUILD) $(call flag,threads,$(THREADS)) $(call flag,arithmetic,$(ARITHMETIC))

clean: ## remove what was compiled; results stay
	@rm -rf $(call quote,$(BUILD_ROOT))

distclean: ## remove everything made here, results and data included (YES=1)
	@$(if $(filter 1,$(YES)),,echo 'distclean: this deletes results/ and data/ (say YES=1)' >&2; exit 2;) \
	rm -rf $(call quote,$(BUILD_ROOT)) data; \
	find $(call quote,$(RESULTS)) -mindepth 1 -maxdepth 1 ! -name reference ! -name checkpoints -exec rm -rf {} +
