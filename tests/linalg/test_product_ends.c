#include "core/linalg/product.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/ending.h"
#include "tests/linalg/problem.h"

// ====== Ends of memory ======

// Memory for `count` reals before a page that must not be touched; returns its end.
static real *ending_at_a_page(size_t count)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t bytes = (count * sizeof(real) + page - 1) / page * page;
    char *start = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(start != MAP_FAILED);
    cr_assert_eq(mprotect(start + bytes, page, PROT_NONE), 0);
    return (real *)(start + bytes);
}

// The numbers from the first to the last of rows that are ld apart.
static size_t extent(size_t rows, size_t columns, size_t ld)
{
    return (rows - 1) * ld + columns;
}

// A copy that ends at `end`.
static real *copy_before(real *end, const real *x, size_t rows, size_t columns,
                         size_t ld)
{
    const size_t count = extent(rows, columns, ld);
    return memcpy(end - count, x, count * sizeof(real));
}

ParameterizedTestParameters(product, touches_nothing_past_its_matrices)
{
    return fused_numbers();
}

// A row-major B ends with its last number, wherever that lies in a vector; so do A and C.
ParameterizedTest(int *number, product, touches_nothing_past_its_matrices)
{
    path_take(*number);
    enum { M = 29, N = 70, K = 33 };
    struct problem p = problem_open(M, N, K);
    real *end[3], *want = reals(M * N);
    for (int e = 0; e < 3; ++e) end[e] = ending_at_a_page(80 * 80);
    for (size_t n = 1; n <= N; ++n)
        for (size_t m = 1; m <= M; m += 7)
            for (size_t k = 1; k <= K; k += 16)
                for (int columns = 0; columns < 2; ++columns) {
                    const struct operand_a left = a_of(&p, columns ? BY_COLUMNS : 0);
                    const size_t ldb = N + GAP, lda = left.row * left.step;
                    const real *b = copy_before(end[0], p.b, k, n, ldb);
                    const real *a = copy_before(end[1], left.data, columns ? k : m,
                                                columns ? m : k, lda);
                    real *c = end[2] - m * n;
                    for (int added = 0; added < 2; ++added) {
                        product(want, n, left, b_of(&p, IN_PANELS, k, n), FP32, m, n, k,
                                added);
                        product(c, n, operand_a(a, lda, columns ? TRANSPOSED : PLAIN),
                                operand_b(b, ldb), FP32, m, n, k, added);
                        cr_assert(!memcmp(c, want, m * n * sizeof(real)));
                    }
                }
    free(want);
    problem_close(&p);
}

// Panels as the header lays them out, zeros past column n, from a matrix that ends at a page
// into storage that ends at one.
Test(product, packs_panels_and_touches_nothing_past_them)
{
    enum { N = 70, K = 50 };
    real *from = ending_at_a_page((K + GAP) * (N + GAP));
    real *to = ending_at_a_page(operand_b_size(K, N));
    real *b = matrix(K, N, GAP, 4), *transposed = matrix(N, K, GAP, 5);
    for (size_t n = 1; n <= N; ++n)
        for (size_t k = 1; k <= K; ++k)
            for (int op = PLAIN; op <= TRANSPOSED; ++op) {
                const size_t size = operand_b_size(k, n);
                const size_t ld = op == PLAIN ? N + GAP : K + GAP;
                const real *x = op == PLAIN ? copy_before(from, b, k, n, ld)
                                            : copy_before(from, transposed, n, k, ld);
                memset(to - size, 0xe5, size * sizeof(real));
                struct operand_b got =
                    operand_b_pack(to - size, x, ld, (enum transpose)op, k, n);
                cr_assert(got.data == to - size && got.row == PANEL &&
                          got.panel == k * PANEL && size % (k * PANEL) == 0);
                for (size_t j = 0; j < size / k; ++j)
                    for (size_t l = 0; l < k; ++l) {
                        const real want = j >= n        ? 0
                                          : op == PLAIN ? x[l * ld + j]
                                                        : x[j * ld + l];
                        const real *number = (const real *)got.data +
                                             j / PANEL * got.panel + l * got.row +
                                             j % PANEL;
                        cr_assert(*number == want, "%zu x %zu, op %d: %zu, %zu", k, n,
                                  op, l, j);
                    }
            }
    free(b), free(transposed);
}

Test(product, skips_rows_of_operand_a)
{
    static const real x[64];
    static const uint16_t halves[4 * 32];
    const struct operand_a plain = operand_a_skip(operand_a(x, 7, PLAIN), 3, FP32);
    const struct operand_a transposed =
        operand_a_skip(operand_a(x, 7, TRANSPOSED), 3, FP32);
    const struct operand_a half =
        operand_a_skip((struct operand_a){halves, 32, 1}, 3, BF16);
    cr_expect(plain.data == x + 3 * 7 && plain.row == 7 && plain.step == 1);
    cr_expect(transposed.data == x + 3 && transposed.row == 1 && transposed.step == 7);
    cr_expect(half.data == halves + 3 * 32 && half.row == 32 && half.step == 1);
}

// ====== Contracts ======

// m, n, k, ldc and the arithmetic of a product.
struct attempt {
    size_t m, n, k, ldc;
    enum arithmetic arithmetic;
};

static void multiply(const void *argument)
{
    const struct attempt *attempt = argument;
    real x[4] = {0}, c[4];
    product(c, attempt->ldc, operand_a(x, 2, PLAIN), operand_b(x, 2),
            attempt->arithmetic, attempt->m, attempt->n, attempt->k, 0);
}

Test(product, refuses_what_is_no_product)
{
    static const struct attempt attempts[] = {{0, 2, 2, 2, FP32},
                                              {2, 0, 2, 2, FP32},
                                              {2, 2, 0, 2, FP32},
                                              {2, 2, 2, 1, FP32},
                                              {0, 2, 2, 2, BF16}};
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; ++i)
        expect_death(__LINE__, multiply, &attempts[i], -SIGABRT, "product ");
#ifdef REAL_DOUBLE
    static const struct attempt halves = {2, 2, 2, 2, BF16};
    expect_death(__LINE__, multiply, &halves, -SIGABRT, "not doubles");
#endif
}

// k, n and the offset of an operand in its storage.
struct packing {
    size_t k, n, offset;
};

static void pack(const void *argument)
{
    static const real x[4];
    const struct packing *packing = argument;
    operand_b_pack(reals(256) + packing->offset, x, 2, PLAIN, packing->k, packing->n);
}

Test(product, refuses_an_operand_of_nothing_or_off_a_cache_line)
{
    static const struct packing packings[] = {
        {0, 2, 0}, {2, 0, 0}, {2, 2, 1}, {2, 2, 4}};
    for (size_t i = 0; i < sizeof packings / sizeof *packings; ++i)
        expect_death(__LINE__, pack, &packings[i], -SIGABRT, "an operand ");
}
