# Folders of photographs (DATA=imagefolder): the row of ImageNet-1K in Table 1, and Figure 3 for a published encoder.
##@ Variables, as in `make figure2 TIER=smoke`
## IMAGENET_DIR folder that holds train/ and val/ of ImageNet-1K, a folder a class in each
IMAGENET_DIR ?=
## WEIGHTS     a published ViT in safetensors, for DATA=imagefolder
WEIGHTS     ?=
## HEADS       its attention heads, where neither file nor width says
HEADS       ?=
## IMAGES_PER_CLASS training images of each class, the first ones (default: all)
IMAGES_PER_CLASS ?=
## PARTIAL     0: no partial finetuning for DATA=imagefolder, which takes most of the disk
PARTIAL     ?=
override IMAGENET_DIR := $(call home,$(IMAGENET_DIR))
override WEIGHTS      := $(call home,$(WEIGHTS))
export IMAGENET_DIR

FLAGS += $(call flag,weights,$(WEIGHTS)) $(call flag,heads,$(HEADS)) \
         $(call flag,images-per-class,$(IMAGES_PER_CLASS)) $(call flag,partial,$(PARTIAL))

##@ Data
.PHONY: imagenet-check
imagenet-check: $(BUILD)/tools/imagenet_check ## decode every image below IMAGENET_DIR (3 thread-hours); WEIGHTS=finetuned: and the accuracy that proves all of it, 83.664 %
	@exec $< $(call flag,weights,$(WEIGHTS)) $(call flag,heads,$(HEADS)) $(call flag,threads,$(THREADS))
