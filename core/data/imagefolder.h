/// Folders of labelled photographs, as ImageNet-1K is unpacked for torchvision:
/// ROOT/train/CLASS/FILE and ROOT/val/CLASS/FILE. A file's label is the place of its class in the
/// byte order of the classes' names, as with torchvision's ImageFolder.
///
/// Files whose names end in .jpeg, .jpg or .png, in any case, count; hidden ones do not; links are
/// followed. Within a class they are ordered by the SHA-256 of the text CLASS/FILE, and the images
/// of a split by (place in the class, class). So any prefix has about as many images of each class,
/// in an order that does not depend on the file system and costs no reading.
#ifndef MASKBOOK_DATA_IMAGEFOLDER_H
#define MASKBOOK_DATA_IMAGEFOLDER_H

#include "core/base/arena.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/data/images.h"
#include "core/data/photograph.h"

/// The sizes of ImageNet-1K.
enum { IMAGENET_CLASSES = 1000, IMAGENET_TRAIN = 1281167, IMAGENET_VAL = 50000 };

struct folder_image {
    const char *name; ///< CLASS/FILE
    size_t bytes;     ///< of the file
    size_t place;     ///< within its class
    uint16_t label;
};

struct folder_split {
    size_t count;
    struct folder_image *image; ///< (count)
};

struct imagefolder {
    char root[PATH_SIZE];
    size_t classes;
    const char **class_names;     ///< (classes), in byte order
    struct folder_split split[2]; ///< by enum split; SPLIT_TEST is val
    struct arena arena;           ///< owned
};

/// Lists the folder `root`. Dies (EXIT_INPUT) with one line when there is none, when a split is
/// missing or holds images outside of class folders, when the classes of train and val differ, when
/// a class has no images, and for fewer than 2 or more than 65,535 classes. Cost: one stat a file.
void imagefolder_open(struct imagefolder *folder, const char *root);

/// How many images of a split have a place below `per_class` (0: all): a prefix.
size_t imagefolder_prefix(const struct imagefolder *folder, enum split split,
                          size_t per_class);

/// Whether the numbers of classes and images are those of ImageNet-1K.
int imagefolder_is_imagenet(const struct imagefolder *folder);

/// hex (HASH_HEX) = SHA-256 of the names and sizes of images first .. last - 1 of a split.
void imagefolder_listing(char hex[HASH_HEX], const struct imagefolder *folder,
                         enum split split, size_t first, size_t last);

/// Reads image number `image` of a split.
/// crop (3,S,S)           centre_crop of side S
/// digest (SHA256_BYTES)  of the file's bytes; zeros when it cannot be read
/// warnings               photograph.warnings
/// Returns 1; or 0 with `fault` filled and the crop zeroed when the file cannot be read or decoded.
/// Dies (EXIT_SYSTEM) where the system is at fault: no memory, too many open files, a failing disk.
int imagefolder_crop(uint8_t *crop, unsigned char digest[SHA256_BYTES], int *warnings,
                     const struct imagefolder *folder, enum split split, size_t image,
                     int side, char fault[PHOTOGRAPH_FAULT])
    __attribute__((warn_unused_result));

/// Frees the lists.
void imagefolder_close(struct imagefolder *folder);

#endif
