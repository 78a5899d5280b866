# fault: the true regions are those of the next scene
# file: core/analysis/segments.c
# runner: analysis
s/images->regions + i \* REGION_GRID/images->regions + (i + 1) % count * REGION_GRID/
