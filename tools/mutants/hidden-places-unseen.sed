# fault: what outputs explain at hidden places is taken from the patches themselves
# file: experiments/08-visible-tokens/tokens.c
# runner: experiments/08-visible-tokens
s/hidden ? tokens->guessed : tokens->painted/hidden ? tokens->truth : tokens->painted/
