# fault: the loss looks at the hidden patches of the first image only
# file: core/train/loss.c
# runner: train
s/hidden\[b \* hidden_count + m\]/hidden[m]/
