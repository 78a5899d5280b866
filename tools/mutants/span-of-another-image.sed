# fault: hidden tokens are looked for in the span of the next image's visible tokens
# file: experiments/08-visible-tokens/tokens.c
# runner: experiments/08-visible-tokens
s/const size_t next = (i + 1) % tokens->images;/const size_t next = i;/
