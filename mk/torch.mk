# Training by PyTorch, for people with a GPU: the C program writes what it starts from, tools/torch/train.py trains,
# and the weights are found where those of `make pretrain` are, or shipped where those of `make finetune-all` are.
# What a training costs is `make cost`.
##@ Variables, as in `make figure2 TIER=smoke`
## GPUS        processes of `make train-torch`, one a GPU (default: 1)
GPUS ?=
## TORCH       options of tools/torch/train.py, as "--batch 1024 --lr 1.5e-3" (--help)
TORCH ?=
## PYTHON      the interpreter that has torch and numpy (tools/deps bench, or your own)
PYTHON ?= python3
# What compares with numpy or PyTorch takes the system's interpreter, unless another is given.
peer_python = $(if $(filter-out file,$(origin PYTHON)),PEER_PYTHON=$(call quote,$(PYTHON)))
## COST        options of `make cost`, as "--bandwidth 1 --machines 1,2,4" (build/release/tools/cost --help)
COST ?=
## METHOD      finetuned or scratch: the targets of PyTorch take that training of Table 2 in the place of the pretraining
METHOD ?=

torch_start = $(RESULTS)/$(PAIR)/torch/$(if $(METHOD),$(METHOD)-)$(RUN)
torch_write = $(needs_run) \
    $< --write-$(1)=$(call quote,$(torch_start)) $(call flag,method,$(METHOD)) --run=$(call quote,$(RUN)) $(FLAGS)
torch_run   = $(if $(GPUS),$(PYTHON) -m torch.distributed.run --standalone --nproc_per_node=$(GPUS),$(PYTHON))

##@ Pretraining (weights go to results/TIER-DATA/weights)
.PHONY: torch-start train-torch check-torch cost
torch-start: $(BUILD)/experiments/00-pretrain/main | $(cifar10) ## write what PyTorch starts from: recipe, initial weights, images (RUN, METHOD; 180 MB)
	@$(call torch_write,start)

train-torch: $(BUILD)/experiments/00-pretrain/main | $(cifar10) ## train by PyTorch, on GPUS (RUN, METHOD, TORCH="--batch 1024")
	@$(call torch_write,start)
	@exec $(torch_run) tools/torch/train.py $(call quote,$(torch_start)) $(if $(filter 1,$(FORCE)),--force) $(TORCH)

check-torch: $(BUILD)/experiments/00-pretrain/main | $(cifar10) ## does PyTorch here agree with this program over 20 updates (RUN, METHOD)
	@$(call torch_write,trace)
	@exec $(PYTHON) tools/torch/train.py $(call quote,$(torch_start)) --check $(TORCH)

cost: $(BUILD)/tools/cost ## hours of a pretraining by machines and cores, from the rate measured here (TIER=paper, COST="--bandwidth 1")
	@$< --tier=$(TIER) --data=$(DATA) $(call flag,run,$(RUN)) $(call flag,epochs,$(EPOCHS)) $(call flag,threads,$(THREADS)) \
	    $(call flag,arithmetic,$(ARITHMETIC)) $(COST)
