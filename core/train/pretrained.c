#include "core/train/pretrained.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/number.h"
#include "core/base/text.h"

static const char *const numbers[] = {"epochs", "updates"};
static const char *const lines[] = {"arithmetic", "recipe"};

// The metadata as a number; NAN when it is missing or not a number.
static double metadata_number(const struct weights *weights, const char *key)
{
    const char *text = safetensors_metadata(&weights->file, key);
    double value = (double)NAN;
    if (text && !number_scan(&value, text)) value = (double)NAN;
    return value;
}

static void expect_text(const struct weights *weights, const char *key,
                        const char *want)
{
    const char *text = safetensors_metadata(&weights->file, key);
    if (!text || strcmp(text, want) != 0)
        die(EXIT_INPUT,
            "%s: its metadata says %s '%s', not '%s' (train it again, or rename it)",
            weights->file.path, key, text ? text : "nothing", want);
}

const char *pretrained_line(const struct safetensors *file, const char *key)
{
    const char *text = safetensors_metadata(file, key);
    if (text && strpbrk(text, "\t\n\r"))
        die(EXIT_INPUT,
            "%s: its metadata's %s holds a tab or a line's end (write it anew)",
            file->path, key);
    return text;
}

static void expect_size(const struct weights *weights, const char *what, int got,
                        int want)
{
    if (got != want)
        die(EXIT_INPUT, "%s: %s is %d, the recipe's is %d (train it again)",
            weights->file.path, what, got, want);
}

void pretrained_open(struct weights *weights, const char *path,
                     const struct recipe *recipe, const char *data)
{
    const struct mae_shape *want = &recipe->shape;
    weights_open(weights, path, NULL, 0);
    if (!weights->decoder)
        die(EXIT_INPUT,
            "%s: has no decoder, so it reconstructs nothing (train it again)", path);
    const struct mae_shape *shape = &weights->mae.shape;
    expect_size(weights, "the image's side", shape->image, want->image);
    expect_size(weights, "the number of channels", shape->channels, want->channels);
    expect_size(weights, "the patch side", shape->patch, want->patch);
    expect_size(weights, "the width", shape->width, want->width);
    expect_size(weights, "the encoder's depth", shape->encoder_blocks,
                want->encoder_blocks);
    expect_size(weights, "the decoder's depth", shape->decoder_blocks,
                want->decoder_blocks);
    expect_size(weights, "the encoder's number of heads", shape->encoder_heads,
                want->encoder_heads);
    expect_size(weights, "the decoder's number of heads", shape->decoder_heads,
                want->decoder_heads);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i)
        pretrained_line(&weights->file, lines[i]);
    pretrained_trainer(&weights->file);
    if (!safetensors_metadata(&weights->file, SAFETENSORS_DIGEST))
        die(EXIT_INPUT, "%s: its metadata lack %s (move it away and train it again)",
            path, SAFETENSORS_DIGEST);
    expect_text(weights, "run", recipe->run);
    expect_text(weights, "tier", recipe->tier);
    expect_text(weights, "data", data);
    struct recipe_option option[RECIPE_OPTIONS];
    recipe_options(option, recipe);
    for (size_t i = 0; i < RECIPE_OPTIONS; ++i)
        if (strcmp(option[i].value, option[i].usual) != 0 ||
            safetensors_metadata(&weights->file, option[i].key))
            expect_text(weights, option[i].key, option[i].value);
    double ratio = metadata_number(weights, "mask_ratio");
    if (!(fabs(ratio - recipe->mask_ratio) < 1e-9))
        die(EXIT_INPUT,
            "%s: was trained at mask ratio %g, the recipe's is %g (train it again)",
            path, ratio, recipe->mask_ratio);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i)
        if (!(metadata_number(weights, numbers[i]) > 0))
            die(EXIT_INPUT,
                "%s: its metadata does not say how many %s it saw (train it again)",
                path, numbers[i]);
}

double pretrained_number(const struct weights *weights, const char *key)
{
    double value = metadata_number(weights, key);
    require(isfinite(value), "the metadata '%s' is not a number", key);
    return value;
}

const char *pretrained_trainer(const struct safetensors *file)
{
    return pretrained_line(file, "trainer");
}

// Epochs and warm-up are the matter of pilots, and micro-batches change no more than rounding.
static int is_free(const char *word)
{
    return text_begins(word, "epochs=") || text_begins(word, "warmup=") ||
           text_begins(word, "leaves=");
}

static void departure_add(char text[RECIPE_TEXT], const char *before, const char *word)
{
    const size_t used = strlen(text);
    snprintf(text + used, RECIPE_TEXT - used, "%s%s%s", used ? " " : "", before, word);
}

// Adds each word of `words`, after `before`, that is not free and that `others` do not have; by its
// key alone ("batch=") if `by_key`.
static void departures(char text[RECIPE_TEXT], const char *before, const char *words,
                       const char *others, int by_key)
{
    char list[RECIPE_TEXT], padded[RECIPE_TEXT + 2], start[RECIPE_TEXT + 2];
    snprintf(list, sizeof list, "%s", words);
    snprintf(padded, sizeof padded, " %s ", others);
    for (char *rest = list, *word; (word = strsep(&rest, " "));) {
        const size_t length = by_key ? strcspn(word, "=") + 1 : strlen(word);
        snprintf(start, sizeof start, " %.*s%s", (int)length, word, by_key ? "" : " ");
        if (*word && !is_free(word) && !strstr(padded, start))
            departure_add(text, before, word);
    }
}

void pretrained_departure(char text[RECIPE_TEXT], const struct weights *weights,
                          const struct recipe *recipe)
{
    char own[RECIPE_TEXT];
    const char *recorded = safetensors_metadata(&weights->file, "recipe");
    recipe_text(own, recipe);
    *text = 0;
    if (!recorded || !*recorded) {
        departure_add(text, "", "none recorded");
        return;
    }
    departures(text, "", recorded, own, 0);
    // What the record leaves out may have been anything.
    departures(text, "no ", own, recorded, 1);
}
