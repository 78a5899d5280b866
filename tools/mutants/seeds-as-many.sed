# fault: the interval over few seeds is as long as if they were many
# file: core/stats/two_way.c
# runner: stats
s/all + stretch \* (drawn - all)/all + (stretch > 0) * (drawn - all)/
