# A pretraining that several processes share, on this machine or on several (Open MPI; tools/deps mpi). Its program
# is the ordinary one, linked once more with the file that moves numbers by MPI in the place of its double, so
# results are keyed alike. Nothing else needs MPI.

# Its own folder's flags: the compiler wrapper says them.
mpi_flags = $(patsubst -I%,-isystem%,$(shell mpicc --showme:$(1) 2>/dev/null))
mpi_here  = command -v mpicc >/dev/null || { echo 'pretrain: RANKS needs Open MPI (run tools/deps mpi)' >&2; exit 4; }

$(BUILD)/core/train/rank_group_mpi.o: core/train/rank_group_mpi.c $(BUILD)/.flags
	@$(mpi_here)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(call mpi_flags,compile) -MMD -MP -c $< -o $@

ifneq ($(RANKS),)
all: $(BUILD)/experiments/00-pretrain/main-mpi
endif

# An object comes before the libraries, where its double is.
$(BUILD)/experiments/00-pretrain/main-mpi: $(call object,$(sort $(wildcard experiments/00-pretrain/*.c))) \
    $(BUILD)/experiments/00-pretrain/code_key.o $(BUILD)/core/train/rank_group_mpi.o $(LIBRARIES)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(filter %.o %.a,$^) $(LDLIBS) $(call mpi_flags,link) -o $@
