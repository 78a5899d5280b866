# fault: a finished file gives its lock back before it has its name, and another program removes it
# file: core/base/files.c
# runner: base
s/fcntl(fileno(file), F_DUPFD_CLOEXEC, 0)/open("\/dev\/null", O_RDONLY)/
