/// The preprocessing of MAE's evaluation on ImageNet, to the byte: Resize(S / .875, bicubic) of the
/// shorter side, CenterCrop(S) (facebookresearch/mae, main_linprobe.py), and the normalisation of
/// ImageNet's colours. The resampler is Pillow's: Keys' cubic (1981) with a = -1/2, widened by the
/// scale when it shrinks; taps that leave the picture are dropped and the others divided by their
/// sum; fixed point of 22 bits; rows first, rounded and clipped to bytes, then columns.
#ifndef MASKBOOK_DATA_CENTRE_CROP_H
#define MASKBOOK_DATA_CENTRE_CROP_H

#include "core/data/photograph.h"

/// crop (3,S,S) = planes R, G, B of the centre of the photograph after resizing; offsets of half a
/// pixel go to the even neighbour, as by torchvision. Requires 1 <= S <= 1024. Returns 1, or 0 when
/// there is no memory. Work: about (4 scale + 1) (S^2 + S rows) products a colour.
int centre_crop(uint8_t *crop, int side, const struct photograph *photograph)
    __attribute__((warn_unused_result));

/// value (3,256) = (byte / 255 - mean) / deviation of each colour, in float32 like torchvision;
/// means .485 .456 .406, deviations .229 .224 .225.
void colours_normalise(float *value);

#endif
