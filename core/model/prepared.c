#include "core/model/prepared.h"

#include "core/base/die.h"
#include "core/model/linear.h"

// The weight of a linear layer, read as (N,K): outputs and inputs.
static size_t outputs(const struct parameter *row)
{
    return row->shape[0];
}

static size_t inputs(const struct parameter *row)
{
    return row->count / row->shape[0];
}

static size_t storage_bytes(const struct parameter *row, enum arithmetic arithmetic)
{
    return factor_bytes(arithmetic, outputs(row), inputs(row)) + FACTOR_ALIGNMENT;
}

size_t prepared_size(const struct parameters *parameters, enum arithmetic arithmetic,
                     enum passes passes)
{
    size_t bytes = size_product(parameters->rows, sizeof(struct factor_pair)) + 64;
    for (size_t r = 0; r < parameters->rows; ++r)
        if (parameter_is_factor(&parameters->row[r]))
            bytes += storage_bytes(&parameters->row[r], arithmetic) *
                     (passes == FORWARD_ONLY ? 1 : 2);
    return bytes;
}

void prepared_open(struct prepared *prepared, const struct parameters *parameters,
                   const real *weights, enum arithmetic arithmetic, enum passes passes,
                   struct arena *arena)
{
    *prepared = (struct prepared){
        .parameters = parameters,
        .weights = weights,
        .arithmetic = arithmetic,
        .passes = passes,
        .row = arena_take(arena, parameters->rows, sizeof *prepared->row),
    };
    for (size_t r = 0; r < parameters->rows; ++r) {
        const struct parameter *row = &parameters->row[r];
        if (!parameter_is_factor(row)) continue;
        struct factor_pair *pair = &prepared->row[r];
        pair->forward_storage = arena_take(arena, 1, storage_bytes(row, arithmetic));
        if (passes == FORWARD_AND_BACKWARD)
            pair->backward_storage =
                arena_take(arena, 1, storage_bytes(row, arithmetic));
    }
}

void prepared_pack(struct prepared *prepared, size_t r)
{
    require(r < prepared->parameters->rows, "row %zu of %zu", r,
            prepared->parameters->rows);
    const struct parameter *row = &prepared->parameters->row[r];
    if (!parameter_is_factor(row)) return;
    struct factor_pair *pair = &prepared->row[r];
    const real *weight = prepared->weights + row->offset;
    size_t n = outputs(row), k = inputs(row);
    pair->forward = reals_right(prepared->arithmetic, pair->forward_storage, weight, k,
                                TRANSPOSED, k, n);
    if (prepared->passes == FORWARD_AND_BACKWARD)
        pair->backward = reals_right(prepared->arithmetic, pair->backward_storage,
                                     weight, k, PLAIN, n, k);
}

void prepared_pack_all(struct prepared *prepared)
{
    for (size_t r = 0; r < prepared->parameters->rows; ++r) prepared_pack(prepared, r);
}

void prepared_for_forward(struct prepared *prepared, struct arena *arena,
                          const struct parameters *parameters, const real *weights,
                          enum arithmetic arithmetic)
{
    arena_open(arena, "prepared weights",
               prepared_size(parameters, arithmetic, FORWARD_ONLY));
    prepared_open(prepared, parameters, weights, arithmetic, FORWARD_ONLY, arena);
    prepared_pack_all(prepared);
}

void prepared_bind(void *layers, const struct prepared *prepared)
{
    const struct parameters *parameters = prepared->parameters;
    parameters_bind(layers, parameters, prepared->weights);
    for (size_t r = 0; r < parameters->rows; ++r) {
        if (!parameter_is_factor(&parameters->row[r])) continue;
        // The weight is the first member of its layer.
        struct linear *linear =
            (struct linear *)((char *)layers + parameters->row[r].member);
        linear->forward = prepared->row[r].forward;
        if (prepared->passes == FORWARD_AND_BACKWARD)
            linear->backward = prepared->row[r].backward;
    }
}
