/// How the suite ends when it cannot go on. Two kinds of trouble are kept apart: a bad world
/// (a missing or corrupt file, a wrong option, a full disk) ends by die() with one line on
/// stderr and a documented exit code; a broken contract of ours ends by require() with file
/// and line and SIGABRT. A numerical outcome (not converged, not finite) is neither: it is a
/// return value.
#ifndef MASKBOOK_BASE_DIE_H
#define MASKBOOK_BASE_DIE_H

/// Exit codes of every program of the suite; 0 is success, whatever the verdicts say.
enum exit_code {
    EXIT_USAGE = 2,  ///< an unknown or impossible option
    EXIT_INPUT = 3,  ///< a file is missing, corrupt, or not what it claims to be
    EXIT_SYSTEM = 4, ///< the machine: no memory, full disk, no permission, no tool
};

/// Ends the process with one line on stderr, "PROGRAM: what: why (do X)".
/// `code` is one of enum exit_code; `format` and the rest are as for printf, without newline.
/// Newlines inside the formatted text are replaced by spaces, so the line stays one line.
_Noreturn void die(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Makes an exit notice that something printed did not arrive, on a full disk say: standard
/// output is flushed, and when any of it was lost the process ends with one line on stderr and
/// EXIT_SYSTEM. A death keeps its own code and line. Every program calls it before it prints,
/// and before it opens a file, because exit handlers run last to first and this one is to end
/// the process; a repeated call does nothing.
void stdout_check_at_exit(void);

/// Says a contract was broken and aborts; called by require() only.
_Noreturn void require_failed(const char *file, int line, const char *condition,
                              const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/// Aborts with file, line and the formatted reason unless `condition` holds. Never compiled
/// out: it guards contracts between our own functions, not input.
#define require(condition, ...)                                                        \
    ((condition) ? (void)0                                                             \
                 : require_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))

#endif
