/// Measures how much time each kind of work takes. A function enters its phase and, at its end, the
/// phase of its caller:
///
///     enum phase before = phase_enter(PHASE_PRODUCT);
///     ...
///     phase_enter(before);
///
/// Phases nest, and time is charged to the innermost. Only reports use it; no result depends on it.
#ifndef MASKBOOK_BASE_PHASE_H
#define MASKBOOK_BASE_PHASE_H

enum phase {
    PHASE_OTHER,     ///< none of these; every thread starts in it
    PHASE_PRODUCT,   ///< linear layers: matrix products, and biases in the forward pass
    PHASE_ATTENTION, ///< everything between the projections, products too
    PHASE_ELEMENTWISE, ///< the rest of a pass: norms, GELU, sums, gathering, rounding
    PHASE_OPTIMISER,   ///< AdamW
    PHASE_PACK,        ///< packing matrices for products
    PHASE_FOLD,        ///< reduction of the gradients of micro-batches
    PHASES
};

/// Enters `phase` on the calling thread and returns the phase that this ends, which is charged with
/// the time since the thread's last call. Costs about ten nanoseconds (one read of the time stamp
/// counter); a thread's first call takes a lock.
enum phase phase_enter(enum phase phase);

/// seconds (PHASES) = the time charged to each phase since the start or phase_clear, summed over
/// all threads, running or ended. The phase that a thread is in counts for the calling thread only.
/// Requires that no other thread enters a phase meanwhile.
void phase_seconds(double seconds[PHASES]);

/// Sets every time to zero. Requires that no other thread enters a phase meanwhile.
void phase_clear(void);

/// "product", "attention", ...; static storage.
const char *phase_name(enum phase phase);

#endif
