# fault: the share of clusters is that of all tokens, not of the hidden ones
# file: experiments/09-mask-ratio/ranks.c
# runner: experiments/09-mask-ratio
s/y\[a\] = log(effective\[a\]\[i\] \/ (share ? ranks->hidden\[a\] : 1));/y[a] = log(effective[a][i]);/
