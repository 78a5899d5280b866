# fault: a checkpoint that cannot be read counts as missing
# file: core/base/files.c
# runner: base
s/if (errno == ENOENT || errno == ENOTDIR) return 0;/return 0;/
