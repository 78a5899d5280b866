# fault: a significant difference of one method is enough
# file: experiments/05-heads/main.c
# runner: table2.sh
s/z\[METHOD_PROBE\] > critical &&/z[METHOD_PROBE] > critical ||/
