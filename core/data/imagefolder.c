#include "core/data/imagefolder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/base/die.h"
#include "core/data/centre_crop.h"

static const char *const split_names[] = {
    [SPLIT_TRAIN] = "train", [SPLIT_TEST] = "val"};
static const char layout[] = "sort them into nXXXXXXXX folders, as for torchvision";

enum { CLASSES_MOST = 65535 };

// ====== Listing ======

static int is_seen(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_picture(const char *name)
{
    static const char *const endings[] = {".jpeg", ".jpg", ".png"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; ++i)
        if (strcasecmp(dot, endings[i]) == 0) return 1;
    return 0;
}

// Names in a folder, in any order, of which the caller frees each and the list.
static size_t names_read(struct dirent ***entries, const char *path, const char *hint)
{
    const int count = scandir(path, entries, is_seen, NULL);
    if (count < 0) die(unread_code(errno), "%s: %s (%s)", path, strerror(errno), hint);
    return (size_t)count;
}

static void names_free(struct dirent **entries, size_t count)
{
    for (size_t i = 0; i < count; ++i) free(entries[i]);
    free(entries);
}

static char *text_keep(struct arena *arena, const char *text)
{
    const size_t size = strlen(text) + 1;
    return memcpy(arena_take(arena, size, 1), text, size);
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// names (returned count, in `arena`) = the class folders of a split, in byte order.
static size_t classes_list(const char ***names, const char *path, struct arena *arena)
{
    struct dirent **entries;
    struct stat status;
    size_t classes = 0, pictures = 0;
    const size_t count = names_read(
        &entries, path, "IMAGENET_DIR is the folder that holds train and val");
    *names = arena_take(arena, count ? count : 1, sizeof **names);
    for (size_t i = 0; i < count; ++i) {
        char entry[PATH_SIZE];
        path_format(entry, "%s/%s", path, entries[i]->d_name);
        if (stat(entry, &status) == 0 && S_ISDIR(status.st_mode))
            (*names)[classes++] = text_keep(arena, entries[i]->d_name);
        else
            pictures += is_picture(entries[i]->d_name);
    }
    names_free(entries, count);
    if (pictures > 0)
        die(EXIT_INPUT, "%s: holds images %s class folders (%s)", path,
            classes ? "next to" : "but no", layout);
    if (classes < 2 || classes > CLASSES_MOST)
        die(EXIT_INPUT, "%s: has %zu class folders (2 to %d are wanted)", path, classes,
            CLASSES_MOST);
    qsort(*names, classes, sizeof **names, text_compare);
    return classes;
}

// An image with its sort key.
struct entry {
    unsigned char digest[SHA256_BYTES]; // of "CLASS/FILE"
    struct folder_image image;
};

static int by_digest(const void *a, const void *b)
{
    return memcmp(((const struct entry *)a)->digest, ((const struct entry *)b)->digest,
                  SHA256_BYTES);
}

static int by_place(const void *a, const void *b)
{
    const struct folder_image *one = a, *other = b;
    if (one->place != other->place) return one->place < other->place ? -1 : 1;
    return (one->label > other->label) - (one->label < other->label);
}

// The images of a split while they are listed; grows.
struct list {
    size_t count, capacity;
    struct folder_image *image;
};

static void list_add(struct list *list, const struct folder_image *image)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 1024;
        list->image =
            realloc(list->image, size_product(list->capacity, sizeof *list->image));
        if (!list->image)
            die(EXIT_SYSTEM, "no memory for a list of %zu images", list->capacity);
    }
    list->image[list->count++] = *image;
}

// Adds the images of one class, at `path`.
static void class_list(struct list *list, const char *path, const char *name,
                       uint16_t label, struct arena *arena)
{
    struct dirent **names;
    struct stat status;
    const size_t count = names_read(&names, path, "make it readable");
    struct entry *entries = malloc((count ? count : 1) * sizeof *entries);
    if (!entries) die(EXIT_SYSTEM, "%s: no memory to list %zu files", path, count);
    size_t images = 0;
    for (size_t i = 0; i < count; ++i) {
        char file[PATH_SIZE], text[PATH_SIZE];
        if (!is_picture(names[i]->d_name)) continue;
        path_format(file, "%s/%s", path, names[i]->d_name);
        path_format(text, "%s/%s", name, names[i]->d_name);
        if (strpbrk(text, "\t\n\r"))
            die(EXIT_INPUT, "%s: a file's name has a tab or a newline (rename it)",
                path);
        // A link that leads nowhere is refused when it is read, not here.
        const int there = stat(file, &status) == 0;
        if (there && !S_ISREG(status.st_mode)) continue;
        struct entry *entry = &entries[images++];
        entry->image =
            (struct folder_image){.name = text_keep(arena, text),
                                  .bytes = there ? (size_t)status.st_size : 0,
                                  .label = label};
        hash_raw(entry->digest, text, strlen(text));
    }
    names_free(names, count);
    if (images == 0)
        die(EXIT_INPUT, "%s: a class without images (unpack it, or remove the folder)",
            path);
    qsort(entries, images, sizeof *entries, by_digest);
    for (size_t i = 0; i < images; ++i) {
        entries[i].image.place = i;
        list_add(list, &entries[i].image);
    }
    free(entries);
}

static void split_list(struct imagefolder *folder, enum split split)
{
    struct list list = {0};
    for (size_t c = 0; c < folder->classes; ++c) {
        char path[PATH_SIZE];
        path_format(path, "%s/%s/%s", folder->root, split_names[split],
                    folder->class_names[c]);
        class_list(&list, path, folder->class_names[c], (uint16_t)c, &folder->arena);
    }
    require(list.image, "classes without images");
    // Places within a class are distinct, so the order is complete.
    qsort(list.image, list.count, sizeof *list.image, by_place);
    struct folder_split *to = &folder->split[split];
    to->count = list.count;
    to->image = arena_take(&folder->arena, list.count, sizeof *to->image);
    memcpy(to->image, list.image, list.count * sizeof *to->image);
    free(list.image);
}

static void classes_compare(const struct imagefolder *folder, const char **val,
                            size_t count)
{
    for (size_t t = 0, v = 0; t < folder->classes || v < count;) {
        const int order = t == folder->classes ? 1
                          : v == count         ? -1
                                               : strcmp(folder->class_names[t], val[v]);
        if (order)
            die(EXIT_INPUT, "%s: class '%s' is in %s and not in %s (unpack both)",
                folder->root, order < 0 ? folder->class_names[t] : val[v],
                split_names[order < 0 ? SPLIT_TRAIN : SPLIT_TEST],
                split_names[order < 0 ? SPLIT_TEST : SPLIT_TRAIN]);
        ++t, ++v;
    }
}

void imagefolder_open(struct imagefolder *folder, const char *root)
{
    char path[2][PATH_SIZE];
    const char **val;
    *folder = (struct imagefolder){0};
    path_format(folder->root, "%s", root);
    arena_open_growing(&folder->arena, "image folder");
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s)
        path_format(path[s], "%s/%s", root, split_names[s]);
    folder->classes =
        classes_list(&folder->class_names, path[SPLIT_TRAIN], &folder->arena);
    const size_t classes = classes_list(&val, path[SPLIT_TEST], &folder->arena);
    classes_compare(folder, val, classes);
    split_list(folder, SPLIT_TRAIN);
    split_list(folder, SPLIT_TEST);
}

void imagefolder_close(struct imagefolder *folder)
{
    arena_close(&folder->arena);
    *folder = (struct imagefolder){0};
}

size_t imagefolder_prefix(const struct imagefolder *folder, enum split split,
                          size_t per_class)
{
    const struct folder_split *from = &folder->split[split];
    size_t count = 0;
    while (count < from->count && (!per_class || from->image[count].place < per_class))
        ++count;
    return count;
}

int imagefolder_is_imagenet(const struct imagefolder *folder)
{
    return folder->classes == IMAGENET_CLASSES &&
           folder->split[SPLIT_TRAIN].count == IMAGENET_TRAIN &&
           folder->split[SPLIT_TEST].count == IMAGENET_VAL;
}

void imagefolder_listing(char hex[HASH_HEX], const struct imagefolder *folder,
                         enum split split, size_t first, size_t last)
{
    const struct folder_split *of = &folder->split[split];
    struct hash hash;
    require(first <= last && last <= of->count, "images %zu..%zu of %zu", first, last,
            of->count);
    hash_open(&hash);
    for (size_t i = first; i < last; ++i) {
        char line[PATH_SIZE + 32];
        const int length = snprintf(line, sizeof line, "%s\t%zu\n", of->image[i].name,
                                    of->image[i].bytes);
        hash_add(&hash, line, (size_t)length);
    }
    hash_close(hex, &hash);
}

// ====== Reading ======

// Ends the program where the system is at fault, and not the file: it would be taken for a bad one.
static void system_check(const char *path)
{
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO)
        die(EXIT_SYSTEM, "%s: %s (run it again when that is mended)", path,
            strerror(errno));
}

// The file's bytes (*size) in memory that the caller frees, or NULL with `fault` filled.
static void *bytes_read(size_t *size, const char *path, char fault[PHOTOGRAPH_FAULT])
{
    struct stat status;
    void *bytes = NULL;
    FILE *file = fopen(path, "rb");
    int good = file && fstat(fileno(file), &status) == 0;
    if (good) {
        *size = (size_t)status.st_size;
        bytes = malloc(*size ? *size : 1);
        good = bytes && fread(bytes, 1, *size, file) == *size;
    }
    if (!good) {
        system_check(path);
        snprintf(fault, PHOTOGRAPH_FAULT, "%s",
                 errno ? strerror(errno) : "it became shorter while it was read");
        free(bytes);
        bytes = NULL;
    }
    if (file) fclose(file);
    return bytes;
}

int imagefolder_crop(uint8_t *crop, unsigned char digest[SHA256_BYTES], int *warnings,
                     const struct imagefolder *folder, enum split split, size_t image,
                     int side, char fault[PHOTOGRAPH_FAULT])
{
    require(image < folder->split[split].count, "image %zu of %zu", image,
            folder->split[split].count);
    char path[PATH_SIZE];
    struct photograph photograph;
    size_t size;
    int read = 0;
    path_format(path, "%s/%s/%s", folder->root, split_names[split],
                folder->split[split].image[image].name);
    *warnings = 0;
    errno = 0;
    memset(digest, 0, SHA256_BYTES);
    void *bytes = bytes_read(&size, path, fault);
    if (bytes) {
        hash_raw(digest, bytes, size);
        if (photograph_decode(&photograph, bytes, size, fault)) {
            read = centre_crop(crop, side, &photograph);
            if (!read) die(EXIT_SYSTEM, "%s: no memory to resize it", path);
            *warnings = photograph.warnings;
            photograph_free(&photograph);
        }
        free(bytes);
    }
    if (!read) memset(crop, 0, (size_t)IMAGE_CHANNELS * (size_t)side * (size_t)side);
    return read;
}
