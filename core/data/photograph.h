/// Photographs of any size from the bytes of a JPEG or PNG file, decoded as Pillow decodes them and
/// converted as its convert("RGB") does: grey is repeated; CMYK and YCCK are taken for Adobe's
/// inverted inks; transparency is dropped. EXIF rotation and colour profiles are ignored, as by
/// torchvision's loader. With one libjpeg-turbo the bytes are those of Pillow 9.4.
#ifndef MASKBOOK_DATA_PHOTOGRAPH_H
#define MASKBOOK_DATA_PHOTOGRAPH_H

#include <stddef.h>
#include <stdint.h>

enum { PHOTOGRAPH_FAULT = 208 };           ///< bytes of a reason, its final 0 included
enum { PHOTOGRAPH_SIDE_LIMIT = 65500 };    ///< pixels of a side
enum { PHOTOGRAPH_LIMIT = 200 * 1000000 }; ///< pixels

struct photograph {
    size_t width, height;
    uint8_t *rgb; ///< (height,width,3), owned
    int warnings; ///< of libjpeg: bytes that it passed over
};

/// Decodes a file's bytes (size), PNG by its signature and otherwise JPEG. Returns 1; or 0 with
/// `fault` filled and nothing to free, when they are no picture, end before the picture does (a
/// missing end-of-image marker too), or hold more pixels than the limits. Bad bytes within a
/// picture are decoded as far as libjpeg can, and counted. Dies (EXIT_SYSTEM) without memory.
int photograph_decode(struct photograph *photograph, const void *bytes, size_t size,
                      char fault[PHOTOGRAPH_FAULT]) __attribute__((warn_unused_result));

/// Frees the pixels.
void photograph_free(struct photograph *photograph);

#endif
