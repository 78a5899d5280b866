#include "core/model/mlp.h"

#include "core/model/gelu.h"

void mlp_forward(real *out, real *active, real *slope, const real *in,
                 const struct mlp *mlp, size_t rows, size_t width)
{
    const size_t inner = MLP_RATIO * width;
    const struct linear product = {.weight = mlp->fc1.weight};
    linear_forward(slope, in, &product, rows, inner, width, 0);
    gelu_forward(active, slope, mlp->fc1.bias, rows, inner);
    linear_forward(out, active, &mlp->fc2, rows, width, inner, 1);
}

void mlp_backward(real *din, const struct mlp *dmlp, real *dinner, const real *dout,
                  const real *active, const real *slope, const real *in,
                  const struct mlp *mlp, size_t rows, size_t width)
{
    const size_t inner = MLP_RATIO * width;
    const struct linear product = {.weight = mlp->fc1.weight};
    linear_backward(dinner, &dmlp->fc2, dout, active, &mlp->fc2, rows, width, inner);
    gelu_backward(dinner, dmlp->fc1.bias, slope, rows, inner);
    linear_backward(din, &dmlp->fc1, dinner, in, &product, rows, inner, width);
}
