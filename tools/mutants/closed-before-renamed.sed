# fault: a finished file gives its lock back before it has its name, and another program removes it
# file: core/base/files.c
# runner: base
s/^    if (!error && rename(output->temporary, output->path)) error = errno;$/    if (fclose(file) \&\& !error) error = errno;\n    &/
/^    if (fclose(file) && !error) error = errno;$/d
