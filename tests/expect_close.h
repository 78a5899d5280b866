/// Compares arrays in tests: reports the first and the worst error, and fails on NaN.
#ifndef MASKBOOK_TESTS_EXPECT_CLOSE_H
#define MASKBOOK_TESTS_EXPECT_CLOSE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stddef.h>

#define EXPECT_CLOSE_FOR(suffix, type)                                                 \
    static inline void expect_close_##suffix(                                          \
        const type *got, const type *want, size_t n, double rtol, double atol,         \
        const char *what, const char *file, int line)                                  \
    {                                                                                  \
        size_t bad = 0, first = 0;                                                     \
        double worst = 0;                                                              \
        for (size_t i = 0; i < n; ++i) {                                               \
            double err = fabs((double)got[i] - (double)want[i]);                       \
            if (!(err <= atol + rtol * fabs((double)want[i])) && !bad++) first = i;    \
            if (!(err <= worst)) worst = err;                                          \
        }                                                                              \
        cr_expect(bad == 0,                                                            \
                  "%s:%d: %s: %zu of %zu off, first [%zu] got %.9g want %.9g, worst "  \
                  "|error| %.3g",                                                      \
                  file, line, what, bad, n, first, bad ? (double)got[first] : 0.,      \
                  bad ? (double)want[first] : 0., worst);                              \
    }
EXPECT_CLOSE_FOR(float, float)
EXPECT_CLOSE_FOR(double, double)

/// Expects |got[i] - want[i]| <= atol + rtol * |want[i]| for n floats or doubles.
#define expect_close(got, want, n, rtol, atol)                                         \
    _Generic((got), float *: expect_close_float, const float *: expect_close_float,      \
             double *: expect_close_double, const double *: expect_close_double)(        \
        got, want, n, rtol, atol, #got " ~ " #want, __FILE__, __LINE__)

#endif
