# fault: a token counts as similar to itself
# file: core/analysis/segments.c
# runner: analysis
s/(same - squares) \/ (double)pairs/same \/ (double)pairs/
