# How sources become programs: one static library a room, one program an experiment or tool.
MODE       ?= release
BUILD_ROOT ?= build
BUILD      := $(BUILD_ROOT)/$(MODE)

# -ffp-contract=off and no -ffast-math: the same bits from every clone of a kernel.
flags.release  := -O3
flags.debug    := -O0 -DFILL_NAN
flags.double   := -O2 -DREAL_DOUBLE
flags.sanitize := -O1 -DFILL_NAN -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ifeq ($(origin flags.$(MODE)),undefined)
$(error MODE is release, debug, double or sanitize, not '$(MODE)')
endif
CC       := gcc
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wdouble-promotion \
            -Wvla -Wundef -Wwrite-strings -Werror
CFLAGS   := -std=c11 -D_GNU_SOURCE -I. -g -pthread -fno-math-errno -fno-trapping-math \
            -ffp-contract=off $(WARNINGS) $(flags.$(MODE))
LDFLAGS  := -pthread $(filter -fsanitize=%,$(flags.$(MODE)))
LDLIBS   := -lopenblas -llapacke -lcjson -lpng -lcrypto -lm

# A room's library comes before those of the rooms it may include.
ROOMS       := analysis train model data report stats linalg base
LIBRARIES   := $(patsubst %,$(BUILD)/lib%.a,$(foreach r,$(ROOMS),$(if $(wildcard core/$r/*.c),$r)))
EXPERIMENTS := $(sort $(notdir $(patsubst %/main.c,%,$(wildcard experiments/*/main.c))))
TOOLS       := $(patsubst tools/%.c,%,$(wildcard tools/*.c))
object       = $(patsubst %.c,$(BUILD)/%.o,$(1))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

define room_rule
$(BUILD)/lib$(1).a: $(call object,$(wildcard core/$(1)/*.c))
	@rm -f $$@ && $(AR) rcs $$@ $$^
endef
AR := gcc-ar
$(foreach r,$(ROOMS),$(eval $(call room_rule,$r)))

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
