# The machine and the checkout.
##@ Set up and clean up
.PHONY: deps doctor clean distclean
deps: ## install the Debian packages that are missing
	@tools/deps core

doctor: ## is everything here: tools, libraries, room, data, arithmetic
	@BUILD_ROOT='$(BUILD_ROOT)' MAKE='$(make)' MAKEFLAGS= tools/doctor $(BUILD) $(call flag,threads,$(THREADS)) $(call flag,arithmetic,$(ARITHMETIC))

ifneq ($(and $(filter clean distclean,$(MAKECMDGOALS)),$(filter-out clean distclean,$(MAKECMDGOALS))),)
$(error clean: would remove what the other targets make (type it alone))
endif
clean: ## remove what was compiled; results stay
	@tools/clean $(call quote,$(BUILD_ROOT))

distclean: ## remove everything made here, results and data included (YES=1)
	@$(if $(filter 1,$(YES)),,echo 'distclean: this deletes all results, and the data that was fetched (say YES=1)' >&2; exit 2;) \
	tools/clean $(call quote,$(BUILD_ROOT)) $(call quote,$(RESULTS)) data
