#include "core/model/packed_weights.h"

#include "core/base/die.h"
#include "core/model/linear.h"

// packed_weights_bind finds a layer by the address of its weight.
_Static_assert(offsetof(struct linear, weight) == 0,
               "the weight is the first member of its layer");

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
    return operand_bytes(arithmetic, outputs(row), inputs(row)) + OPERAND_ALIGNMENT;
}

size_t packed_weights_bytes(const struct parameters *parameters,
                            enum arithmetic arithmetic, enum mode mode)
{
    size_t bytes = size_product(parameters->rows, sizeof(struct packed_pair)) + 64;
    for (size_t r = 0; r < parameters->rows; ++r)
        if (parameter_is_operand(&parameters->row[r]))
            bytes += storage_bytes(&parameters->row[r], arithmetic) *
                     (mode == INFER ? 1 : 2);
    return bytes;
}

void packed_weights_open(struct packed_weights *packed,
                         const struct parameters *parameters, const real *weights,
                         enum arithmetic arithmetic, enum mode mode,
                         struct arena *arena)
{
    *packed = (struct packed_weights){
        .parameters = parameters,
        .weights = weights,
        .arithmetic = arithmetic,
        .mode = mode,
        .row = arena_take(arena, parameters->rows, sizeof *packed->row),
    };
    for (size_t r = 0; r < parameters->rows; ++r) {
        const struct parameter *row = &parameters->row[r];
        if (!parameter_is_operand(row)) continue;
        struct packed_pair *pair = &packed->row[r];
        pair->forward_storage = arena_take(arena, 1, storage_bytes(row, arithmetic));
        if (mode == TRAIN)
            pair->backward_storage =
                arena_take(arena, 1, storage_bytes(row, arithmetic));
    }
}

void packed_weights_pack(struct packed_weights *packed, size_t r)
{
    require(r < packed->parameters->rows, "row %zu of %zu", r,
            packed->parameters->rows);
    const struct parameter *row = &packed->parameters->row[r];
    if (!parameter_is_operand(row)) return;
    struct packed_pair *pair = &packed->row[r];
    const real *weight = packed->weights + row->offset;
    size_t n = outputs(row), k = inputs(row);
    pair->forward = reals_operand_b(packed->arithmetic, pair->forward_storage, weight,
                                    k, TRANSPOSED, k, n);
    if (packed->mode == TRAIN)
        pair->backward = reals_operand_b(packed->arithmetic, pair->backward_storage,
                                         weight, k, PLAIN, n, k);
}

void packed_weights_pack_all(struct packed_weights *packed)
{
    for (size_t r = 0; r < packed->parameters->rows; ++r)
        packed_weights_pack(packed, r);
}

void packed_weights_for_inference(struct packed_weights *packed, struct arena *arena,
                                  const struct parameters *parameters,
                                  const real *weights, enum arithmetic arithmetic)
{
    arena_open(arena, "packed weights",
               packed_weights_bytes(parameters, arithmetic, INFER));
    packed_weights_open(packed, parameters, weights, arithmetic, INFER, arena);
    packed_weights_pack_all(packed);
}

void packed_weights_bind(void *layers, const struct packed_weights *packed)
{
    const struct parameters *parameters = packed->parameters;
    parameters_bind(layers, parameters, packed->weights);
    for (size_t r = 0; r < parameters->rows; ++r) {
        if (!parameter_is_operand(&parameters->row[r])) continue;
        struct linear *linear =
            (struct linear *)((char *)layers + parameters->row[r].member);
        linear->forward = packed->row[r].forward;
        if (packed->mode == TRAIN) linear->backward = packed->row[r].backward;
    }
}
