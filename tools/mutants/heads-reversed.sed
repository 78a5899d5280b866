# fault: what six heads gain over three is what three gain over six
# file: experiments/05-heads/main.c
# runner: table2.sh
s/gain_of(&six->by\[m\], &three->by\[m\], study)/gain_of(\&three->by[m], \&six->by[m], study)/
