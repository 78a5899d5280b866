/// How a program ends when it cannot continue. die() is for trouble in the outside world (a missing
/// or corrupt file, a wrong option, a full disk): one line on stderr and a documented exit code.
/// require() is for a broken contract between our own functions: file, line and SIGABRT. A
/// numerical outcome (not converged, not finite) is neither; functions return it.
#ifndef MASKBOOK_BASE_DIE_H
#define MASKBOOK_BASE_DIE_H

/// Exit codes of every program; 0 is success for any verdict.
enum exit_code {
    EXIT_USAGE = 2,  ///< an unknown or impossible option
    EXIT_INPUT = 3,  ///< a file that is missing, corrupt or of the wrong kind
    EXIT_SYSTEM = 4, ///< no memory, full disk, no permission, missing tool
};

/// Ends the process with exit code `code` and one line on stderr, "PROGRAM: what: why (do X)".
/// `format` and the rest are as for printf, without a newline; control characters in the formatted
/// text become spaces.
_Noreturn void die(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// The exit code for a file that could not be opened or read, of its errno: EXIT_SYSTEM when the
/// process lacks memory or descriptors, EXIT_INPUT otherwise, as it is the file's fault.
enum exit_code unread_code(int error) __attribute__((warn_unused_result));

/// From now on messages begin with `name` (a literal) instead of the name of the program's file:
/// every experiment's file is called main.
void program_named(const char *name);

/// Registers an exit handler that flushes standard output and, when some of it was lost (on a full
/// disk, say), ends the process with one line on stderr and EXIT_SYSTEM. A reader of standard
/// output that goes away (`| head`) is no loss: the program goes on in silence. After die() the
/// handler does nothing. Call it before anything is printed and before a file is opened: exit
/// handlers run in reverse order, and this one must run last because it ends the process. A second
/// call does nothing.
void stdout_check_at_exit(void);

/// Prints the broken contract and aborts; called by require() only.
_Noreturn void require_failed(const char *file, int line, const char *condition,
                              const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/// Aborts with file, line and the formatted reason unless `condition` holds. It is part of every
/// build, and checks contracts between our own functions, not input.
#define require(condition, ...)                                                        \
    ((condition) ? (void)0                                                             \
                 : require_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))

#endif
