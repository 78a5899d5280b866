#include "core/model/mlp.h"

#include "core/base/phase.h"
#include "core/model/gelu.h"

void mlp_forward(real *out, const struct mlp_trace *trace, size_t first,
                 real *const work[2], struct operand_a in, const struct mlp *mlp,
                 size_t rows, size_t width)
{
    const size_t inner = MLP_RATIO * width;
    const enum arithmetic arithmetic = trace->active.arithmetic;
    enum phase before = phase_enter(PHASE_PRODUCT);
    product(work[0], inner, in, mlp->fc1.forward, arithmetic, rows, inner, width, 0);
    phase_enter(before);
    size_t ld;
    real *active = activation_columns(&ld, &trace->active, work[1], first, 0, inner);
    gelu_forward(active, ld, trace->slope + first * inner, work[0], mlp->fc1.bias, rows,
                 inner);
    activation_commit_columns(&trace->active, active, ld, first, rows, 0, inner);
    linear_forward(out, activation_operand_a(&trace->active, first, 0), &mlp->fc2,
                   arithmetic, rows, width, inner, 1);
}

void mlp_backward_input(real *din, const struct activation *dinner, real *dbias1,
                        real *const work[2], struct operand_a dout,
                        const struct mlp_trace *trace, size_t first,
                        const struct mlp *mlp, size_t rows, size_t width)
{
    const size_t inner = MLP_RATIO * width;
    const enum arithmetic arithmetic = dinner->arithmetic;
    linear_backward_input(work[0], dout, &mlp->fc2, arithmetic, rows, width, inner);
    size_t ld;
    real *du = activation_columns(&ld, dinner, work[1], first, 0, inner);
    gelu_backward(du, ld, dbias1, work[0], trace->slope + first * inner, rows, inner);
    activation_commit_columns(dinner, du, ld, first, rows, 0, inner);
    linear_backward_input(din, activation_operand_a(dinner, first, 0), &mlp->fc1,
                          arithmetic, rows, inner, width);
}
