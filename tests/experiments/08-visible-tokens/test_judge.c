#include "experiments/08-visible-tokens/judge.h"

#include <string.h>

#include "tests/experiments/08-visible-tokens/unrelated.h"
#include "tests/report/world.h"

#define ROW(id, effect)                                                                \
    id "\tLemma 4.6\tA\tclaim\t" effect "\tordering\t\td\tany\tdesk\tf\t02-demo\n"

// The small project of core/report's tests, with the rows that are judged here.
static void open_rows(void)
{
    char claims[sizeof world_claims + 1024];
    world_open();
    snprintf(claims, sizeof claims, "%s%s%s%s%s", world_claims,
             ROW("assumption4.5", "0.1"), ROW("eq17", "1"),
             ROW("eq17.corrected", "0.3"), ROW("lemma4.6.conclusion", "0.1"));
    world_claims_write("paper/claims.tsv", claims);
}

TestSuite(judge, .init = open_rows);

// The verdicts on what was planted in the tokens.
static const char *verdicts_of(const struct tokens *tokens)
{
    static struct measured measured;
    struct study study = {0};
    char words[512];
    arena_open_growing(&study.arena, "test");
    world_listen();
    world_run(&study.run, "--tier desk --data cifar10 --force 1", words);
    judge_spans(&measured, &study, tokens);
    judge_contents(&measured, &study, tokens);
    judge_attention(&measured, &study, tokens);
    run_verdict_rest(&study.run, "no part of this test");
    run_close(&study.run);
    arena_close(&study.arena);
    return world_text("results/desk-cifar10/02-demo/verdicts.tsv");
}

#define expect(verdicts, id, verdict)                                                  \
    cr_expect(strstr(verdicts, "\n" id "\t" verdict "\t"), "%s", verdicts)

// Attention follows `own` times similarity and `near` times nearness.
static void attend(double own, double near)
{
    double noise[N * PAIRS];
    normals(noise, N * PAIRS, 50);
    for (size_t p = 0; p < N * PAIRS; ++p)
        attention[p] = .3 * noise[p] + own * pixel_product(p) + near * nearness[p];
}

Test(judge, what_is_planted_is_found)
{
    const struct tokens tokens = unrelated();
    combine();
    memcpy(painted, seen, sizeof painted);
    for (size_t r = 0; r < N * V; ++r)
        for (size_t f = 0; f < F; ++f) decoded[r * D + f] = 3 * seen[r * F + f];
    attend(1, 0);
    const char *verdicts = verdicts_of(&tokens);
    expect(verdicts, "assumption4.5", "REPRODUCED-SCALED");
    expect(verdicts, "eq17", "REPRODUCED-SCALED");
    expect(verdicts, "eq17.corrected", "REPRODUCED-SCALED");
    expect(verdicts, "lemma4.6.conclusion", "REPRODUCED-SCALED");
}

// Each hidden token is combined from the next image's visible ones, which is the other image that
// is asked; the outputs paint the patches of hidden places; tokens hold nothing of their patches;
// attention follows similarity, and nearness more.
Test(judge, the_opposite_turns_every_verdict)
{
    const struct tokens tokens = unrelated();
    static double combined[N * M * D];
    combine();
    memcpy(combined, predicted, sizeof combined);
    for (size_t i = 0; i < N; ++i)
        memcpy(predicted + i * M * D, combined + (i + 1) % N * M * D,
               M * D * sizeof *combined);
    memcpy(guessed, truth, sizeof guessed);
    attend(.3, 1);
    const char *verdicts = verdicts_of(&tokens);
    expect(verdicts, "assumption4.5", "NOT-REPRODUCED");
    expect(verdicts, "eq17", "NOT-REPRODUCED");
    expect(verdicts, "eq17.corrected", "NOT-REPRODUCED");
    expect(verdicts, "lemma4.6.conclusion", "NOT-REPRODUCED");
}
