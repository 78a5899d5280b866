/// Where the time of a computation goes, by kind of work. Code says which kind begins, and again which one
/// it came from when it ends:
///
///     enum phase before = phase_enter(PHASE_PRODUCT);
///     ...
///     phase_enter(before);
///
/// so that kinds nest, and time within time is charged once. Only reports look at it; no result does.
#ifndef MASKBOOK_BASE_PHASE_H
#define MASKBOOK_BASE_PHASE_H

enum phase {
    PHASE_OTHER,       ///< none of these; what a thread begins with
    PHASE_PRODUCT,     ///< linear layers: matrix products and, forward, their biases
    PHASE_ATTENTION,   ///< all between the projections, its own products too
    PHASE_ELEMENTWISE, ///< the rest of a pass: norms, GELU, sums, gathering, rounding
    PHASE_OPTIMISER,   ///< AdamW
    PHASE_PACK,        ///< factors laid out for products
    PHASE_FOLD,        ///< leaf gradients added up
    PHASES
};

/// Begins `phase` on the calling thread and returns the one it ends, to which the time since the
/// thread's last call is charged. Cost: some ten nanoseconds, a reading of the CPU's time stamp; the
/// first call of a thread takes a lock.
enum phase phase_enter(enum phase phase);

/// seconds (PHASES) = time charged to each phase since the start or phase_clear, threads added up, those
/// that have ended too. What a thread has not left yet is charged for the calling thread alone. Waits for
/// nobody: to be called while no other thread enters phases.
void phase_seconds(double seconds[PHASES]);

/// Sets every time to zero. As phase_seconds, while no other thread enters phases.
void phase_clear(void);

/// "product", "attention", ...; static storage.
const char *phase_name(enum phase phase);

#endif
