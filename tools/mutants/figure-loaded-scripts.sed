# fault: a figure is not drawn again when a script that its own loads has changed
# file: core/report/figure.c
# runner: report
s/hash_script(hash, loaded);/(void)loaded;/
