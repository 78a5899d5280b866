# fault: Eq. 14 as corrected has the printed denominator
# file: experiments/08-visible-tokens/algebra.c
# runner: experiments/08-visible-tokens
s/return n \/ lambda - n \/ lambda \* c \/ (lambda \/ n + c);/return n \/ lambda - n \/ lambda * c \/ (n \/ lambda + c);/
