/// Intel's tile instructions in software, so that code for AMX runs on any x86-64 CPU: a handler of
/// SIGILL decodes the instruction that was refused, does what the Software Developer's Manual
/// (volume 2) says it does, and continues after it. Slow.
#ifndef MASKBOOK_TESTS_LINALG_AMX_EMULATOR_H
#define MASKBOOK_TESTS_LINALG_AMX_EMULATOR_H

/// From now on AMX works: the CPU's where it does, otherwise the emulator's, and amx_available()
/// says so. Each thread has its tiles. Misuse, such as of tiles that are not configured, aborts.
/// Instructions: ldtilecfg, sttilecfg, tilerelease, tilezero, tileloadd, tilestored, tdpbf16ps.
void amx_emulate(void);

/// Instructions emulated so far; 0 where the CPU has them.
unsigned long amx_emulated(void);

#endif
