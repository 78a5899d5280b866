/// What a CPU is called in provenance and in tables of speed. A model name may be as little as
/// "AMD EPYC", for parts of several generations, so family and model are added to it.
#ifndef MASKBOOK_BASE_CPU_H
#define MASKBOOK_BASE_CPU_H

enum { CPU_NAME = 160 }; ///< bytes of a name, including the final 0

/// name (CPU_NAME) = that of the first processor of `cpuinfo`, a file like /proc/cpuinfo: "AMD
/// EPYC, family 26 model 2"; without the numbers where the file has none, "unknown" without a model
/// name or a file. Control characters are blanks. Dies (EXIT_SYSTEM) without memory.
void cpu_name(char name[CPU_NAME], const char *cpuinfo);

#endif
