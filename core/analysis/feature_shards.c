#include "core/analysis/feature_shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/analysis/last_block.h"
#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/lock.h"
#include "core/base/text.h"
#include "core/train/engine.h"

// One shard while it is looked for or made.
struct shard {
    const struct shard_source *source;
    size_t first, count; // images
    char block[PATH_SIZE], summary[PATH_SIZE], files[PATH_SIZE];
    char key[HASH_HEX];
    char (*line)[PATH_SIZE + 512]; // (count) of the .files, while it is made
    struct images images;
};

static const char *split_name(enum split split)
{
    return split == SPLIT_TRAIN ? "train" : "val";
}

static void shard_paths(struct shard *shard, size_t number)
{
    const struct shard_source *source = shard->source;
    char base[PATH_SIZE];
    path_format(base, "%s/%s-%05zu", source->path, split_name(source->split), number);
    path_format(shard->block, "%s-block.features", base);
    path_format(shard->summary, "%s-summary.features", base);
    path_format(shard->files, "%s.files", base);
}

static void shard_open(struct shard *shard, const struct shard_source *source,
                       size_t number, const char *weights)
{
    const size_t all = source->folder->split[source->split].count;
    char listing[HASH_HEX], text[1024];
    *shard = (struct shard){.source = source, .first = number * source->shard};
    shard->count =
        all - shard->first < source->shard ? all - shard->first : source->shard;
    shard_paths(shard, number);
    imagefolder_listing(listing, source->folder, source->split, shard->first,
                        shard->first + shard->count);
    const int length =
        snprintf(text, sizeof text, "%s\n%s\nheads %d, side %d, published %d\n%s\n",
                 weights, listing, source->mae->shape.encoder_heads,
                 source->mae->shape.image, source->mae->published, source->salt);
    require(length > 0 && (size_t)length < sizeof text, "a salt of %zu bytes",
            strlen(source->salt));
    hash_bytes(shard->key, text, (size_t)length);
}

static struct features block_shape(const struct shard_source *source, size_t images)
{
    return (struct features){.images = images,
                             .rows =
                                 shape_tokens(&source->mae->shape) + LAST_BLOCK_ROWS,
                             .width = (size_t)source->mae->shape.width};
}

static struct features summary_shape(const struct shard_source *source, size_t images)
{
    return (struct features){.images = images,
                             .rows = SUMMARY_ROWS,
                             .width = (size_t)source->mae->shape.width};
}

// ====== The list of files ======

static const char files_title[] = "Maskbook files of a shard";

// The list's text after its header, in memory that the caller frees; NULL when there is none of
// this key that is whole.
static char *files_read(const struct shard *shard)
{
    if (!file_exists(shard->files)) return NULL;
    size_t size;
    char *text = file_read(&size, shard->files, NULL), digest[HASH_HEX], header[512];
    // The digest is of what follows the line that holds it.
    const char *rest = strstr(text, "\nsha256 ");
    rest = rest ? strchr(rest + 1, '\n') : NULL;
    int good = rest != NULL;
    if (good) {
        hash_bytes(digest, rest + 1, strlen(rest + 1));
        snprintf(header, sizeof header, "%s\nkey %s\nsha256 %s\n", files_title,
                 shard->key, digest);
        good = strlen(text) == size && text_begins(text, header);
    }
    char *body = good ? strdup(rest + 1) : NULL;
    free(text);
    return body;
}

// A line of the list.
struct listed {
    const char *name, *digest, *warnings,
        *end; // end: its newline, or before the first line
    int bad;  // could not be decoded
};

// The line after that of `last`.
static struct listed listed_next(const struct listed *last, const struct shard *shard)
{
    struct listed file = {.name = last->name ? last->end + 1 : last->end};
    file.end = strchr(file.name, '\n');
    const char *tab[3], *at = file.name;
    for (int t = 0; t < 3; ++t) {
        tab[t] = at ? strchr(at, '\t') : NULL;
        at = tab[t] ? tab[t] + 1 : NULL;
    }
    require(file.end && at && tab[2] < file.end, "%s: a line is short", shard->files);
    file.digest = tab[0] + 1;
    file.warnings = tab[1] + 1;
    file.bad = !(at[0] == '-' && at + 1 == file.end);
    return file;
}

static void files_write(const struct shard *shard)
{
    struct hash hash;
    struct output output;
    char digest[HASH_HEX];
    hash_open(&hash);
    for (size_t i = 0; i < shard->count; ++i)
        hash_add(&hash, shard->line[i], strlen(shard->line[i]));
    hash_close(digest, &hash);
    output_open(&output, shard->files);
    fprintf(output.file, "%s\nkey %s\nsha256 %s\n", files_title, shard->key, digest);
    for (size_t i = 0; i < shard->count; ++i) fputs(shard->line[i], output.file);
    output_close(&output);
}

// ====== Making a shard ======

static void decode_item(size_t i, int worker, void *context)
{
    struct shard *shard = context;
    const struct shard_source *source = shard->source;
    const int side = source->mae->shape.image;
    const size_t image = shard->first + i,
                 numbers = IMAGE_CHANNELS * (size_t)side * (size_t)side;
    unsigned char raw[SHA256_BYTES];
    char fault[PHOTOGRAPH_FAULT] = "-", hex[HASH_HEX];
    int warnings;
    (void)worker;
    const int read =
        imagefolder_crop(shard->images.pixels + i * numbers, raw, &warnings,
                         source->folder, source->split, image, side, fault);
    hash_hex(hex, raw, SHA256_BYTES);
    for (char *c = fault; *c; ++c)
        if (*c == '\t' || *c == '\n' || *c == '\r') *c = ' ';
    snprintf(shard->line[i], sizeof shard->line[i], "%s\t%s\t%d\t%s\n",
             source->folder->split[source->split].image[image].name, hex, warnings,
             read ? "-" : fault);
}

// Whether the files that could not be decoded are still the same: the key knows names and sizes
// alone, and a file that was replaced may have its old size.
static int bad_files_stay(const struct shard *shard, const char *list)
{
    const struct shard_source *source = shard->source;
    const int side = source->mae->shape.image;
    uint8_t *crop = malloc(IMAGE_CHANNELS * (size_t)side * (size_t)side);
    if (!crop) die(EXIT_SYSTEM, "no memory for a crop");
    int stay = 1;
    struct listed file = {.end = list};
    for (size_t i = 0; i < shard->count && stay; ++i) {
        unsigned char raw[SHA256_BYTES];
        char fault[PHOTOGRAPH_FAULT], hex[2 * SHA256_BYTES + 1];
        int warnings;
        file = listed_next(&file, shard);
        if (!file.bad) continue;
        stay = !imagefolder_crop(crop, raw, &warnings, source->folder, source->split,
                                 shard->first + i, side, fault);
        hash_hex(hex, raw, SHA256_BYTES);
        stay = stay && strncmp(file.digest, hex, 2 * SHA256_BYTES) == 0;
    }
    free(crop);
    return stay;
}

static int shard_whole(const struct shard *shard)
{
    struct features block = block_shape(shard->source, shard->count),
                    summary = summary_shape(shard->source, shard->count);
    char *files = files_read(shard);
    if (!files) return 0;
    const int stay = bad_files_stay(shard, files);
    free(files);
    const int whole = stay &&
                      (!shard->source->with_block ||
                       features_open(&block, shard->block, shard->key)) &&
                      features_open(&summary, shard->summary, shard->key);
    features_close(&block);
    features_close(&summary);
    return whole;
}

// Returns 1 when some number is not finite.
static int shard_make(struct shard *shard)
{
    const struct shard_source *source = shard->source;
    struct arena arena;
    struct features block = block_shape(source, shard->count),
                    summary = summary_shape(source, shard->count);
    arena_open_growing(&arena, "shard");
    images_open_square(&shard->images, "imagefolder", shard->count,
                       source->mae->shape.image, source->values);
    shard->line = arena_take(&arena, shard->count, sizeof *shard->line);
    struct engine *engine = engine_open(source->threads, 0, 0);
    pool_for(engine, shard->count, decode_item, shard);
    engine_close(engine);

    float *rows = source->with_block
                      ? arena_take(&arena, block.images * block.rows * block.width,
                                   sizeof *rows)
                      : NULL,
          *summaries = arena_take(&arena, summary.images * summary.rows * summary.width,
                                  sizeof *summaries);
    const struct encoder_source encoder = {source->mae, source->weights, &shard->images,
                                           source->threads};
    const int overflow = encoder_features_compute(rows, summaries, &encoder);
    block.data = rows;
    summary.data = summaries;
    if (!overflow) {
        if (rows) features_write(&block, shard->block, shard->key);
        features_write(&summary, shard->summary, shard->key);
        files_write(shard);
    }
    images_free(&shard->images);
    arena_close(&arena);
    return overflow;
}

// ====== All shards ======

// Reads one shard's list into the whole's arrays, and adds it to the digest.
static void shard_take(struct feature_shards *shards, size_t images,
                       const struct shard *shard, struct hash *hash)
{
    char *text = files_read(shard);
    if (!text)
        die(EXIT_SYSTEM, "%s: cannot be read back (check the disk)", shard->files);
    struct listed file = {.end = text};
    for (size_t i = shard->first; i < shard->first + shard->count && i < images; ++i) {
        file = listed_next(&file, shard);
        hash_add(hash, file.name, (size_t)(file.warnings - 1 - file.name));
        hash_add(hash, "\n", 1);
        shards->warnings += strtol(file.warnings, NULL, 10) > 0;
        shards->bad[i] = file.bad;
        shards->bad_count += shards->bad[i];
    }
    free(text);
}

static void *bytes_take(size_t count, size_t size)
{
    void *bytes = calloc(count, size);
    if (!bytes) die(EXIT_SYSTEM, "features: no memory for %zu labels", count);
    return bytes;
}

// The path of a shard's file, for features_join.
static void block_path(char path[PATH_SIZE], size_t number, const void *context)
{
    struct shard shard = {.source = context};
    shard_paths(&shard, number);
    memcpy(path, shard.block, PATH_SIZE);
}

static void summary_path(char path[PATH_SIZE], size_t number, const void *context)
{
    struct shard shard = {.source = context};
    shard_paths(&shard, number);
    memcpy(path, shard.summary, PATH_SIZE);
}

// Makes what is missing of `count` shards. Returns 1 when some number is not finite.
static int shards_make(const struct shard_source *source, size_t count,
                       const char *weights)
{
    const double started = clock_seconds();
    size_t made = 0;
    for (size_t s = 0; s < count; ++s) {
        struct shard shard;
        shard_open(&shard, source, s, weights);
        if (shard_whole(&shard)) continue;
        if (shard_make(&shard)) return 1;
        ++made;
        fprintf(stderr, "%s: shard %zu of %zu, at most %.1f hours to go\n",
                split_name(source->split), s + 1, count,
                (clock_seconds() - started) / (double)made * (double)(count - s - 1) /
                    3600);
    }
    return 0;
}

int feature_shards_open(struct feature_shards *shards, size_t images,
                        const struct shard_source *source)
{
    const struct folder_split *split = &source->folder->split[source->split];
    const size_t count = (images + source->shard - 1) / source->shard;
    char weights[HASH_HEX];
    struct hash hash;
    require(images > 0 && images <= split->count, "%zu of %zu images", images,
            split->count);
    slab_digest(weights, source->weights, source->mae->parameters.count);
    *shards =
        (struct feature_shards){.bad = bytes_take(images, sizeof *shards->bad),
                                .labels = bytes_take(images, sizeof *shards->labels)};
    // Until all files are open here, another program replaces none, with other weights say. Nobody
    // does where nothing can be written.
    folder_make(source->path);
    const int lock = lock_take_writable(source->path, "another encoding"),
              overflow = shards_make(source, count, weights);
    if (overflow) {
        if (lock >= 0) close(lock);
        return 1;
    }
    hash_open(&hash);
    for (size_t s = 0; s < count; ++s) {
        struct shard shard;
        shard_open(&shard, source, s, weights);
        shard_take(shards, images, &shard, &hash);
    }
    hash_close(shards->digest, &hash);
    for (size_t i = 0; i < images; ++i) shards->labels[i] = split->image[i].label;
    shards->features.block = block_shape(source, images);
    shards->features.summary = summary_shape(source, images);
    if (source->with_block)
        features_join(&shards->features.block, source->shard, block_path, source);
    features_join(&shards->features.summary, source->shard, summary_path, source);
    if (lock >= 0) close(lock);
    return 0;
}

void feature_shards_list_bad(FILE *file, const struct shard_source *source,
                             size_t images)
{
    char weights[HASH_HEX];
    slab_digest(weights, source->weights, source->mae->parameters.count);
    for (size_t s = 0; s * source->shard < images; ++s) {
        struct shard shard;
        shard_open(&shard, source, s, weights);
        char *text = files_read(&shard), *rest = text;
        for (size_t i = shard.first; text && i < images; ++i) {
            char *line = strsep(&rest, "\n"), *name = strsep(&line, "\t");
            strsep(&line, "\t");
            strsep(&line, "\t");
            if (!line) break;
            if (strcmp(line, "-") != 0)
                fprintf(file, "%s\t%s\t%s\n", split_name(source->split), name, line);
        }
        free(text);
    }
}

void feature_shards_close(struct feature_shards *shards)
{
    encoder_features_close(&shards->features);
    free(shards->bad);
    free(shards->labels);
    *shards = (struct feature_shards){0};
}

double feature_shards_bytes(const struct mae *mae, size_t images, int with_block)
{
    const size_t rows =
        SUMMARY_ROWS + (with_block ? shape_tokens(&mae->shape) + LAST_BLOCK_ROWS : 0);
    return (double)images * (double)rows * mae->shape.width * (double)sizeof(float);
}
