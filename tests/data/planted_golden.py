#!/usr/bin/env python3
"""Generates planted scenes a second time, in plain Python (3.8 or newer, nothing installed), from the
description in core/data/planted.h and Philox4x32-10 as published, and prints what
tests/data/test_planted.c expects: SHA-256 of scenes 0..count-1, each as label (1 byte), region map
(64), pixels (3,072).

    tests/data/planted_golden.py [seed [count [noise]]]        default: 1 100 0.05
"""
import bisect
import hashlib
import math
import sys

MASK = 0xFFFFFFFF
PURPOSE_TILES, PURPOSE_SCENE = 4, 5


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


class Stream:
    def __init__(self, seed, purpose, index, epoch=0):
        self.words = self.generate((seed & MASK, seed >> 32), purpose, index, epoch)

    @staticmethod
    def generate(key, purpose, index, epoch):
        position = 0
        while True:
            yield from philox((position, index, epoch, purpose), key)
            position += 1

    def bits(self):
        return next(self.words)

    def below(self, n):
        product = self.bits() * n
        while (product & MASK) < (1 << 32) % n:
            product = self.bits() * n
        return product >> 32

    def uniform(self):
        high, low = self.bits() >> 5, self.bits() >> 6
        return ((high << 26) + low) / (1 << 53)

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def permutation(self, n):
        items = list(range(n))
        for i in range(n, 1, -1):
            j = self.below(i)
            items[i - 1], items[j] = items[j], items[i - 1]
        return items


def clip(byte):
    return min(max(byte, 0), 255)


def dictionary():
    textures = []
    for t in range(20):
        stream = Stream(0, PURPOSE_TILES, t)
        values = [clip(round((0.4 * stream.normal() + 1) * 127.5)) for _ in range(96)]
        textures.append((values[:48], values[48:]))
    return textures


def region_map(stream, k):
    while True:
        centre = [2 + 4 * stream.uniform(), 2 + 4 * stream.uniform()]
        while True:
            p, q = 2 * stream.uniform() - 1, 2 * stream.uniform() - 1
            if 0 < p * p + q * q <= 1:
                break
        angle = math.atan2(q, p)
        half = [1.25 + 1.75 * stream.uniform(), 1.25 + 1.75 * stream.uniform()]
        cells = [(8 * stream.uniform(), 8 * stream.uniform()) for _ in range(k - 1)]
        tokens = []
        for t in range(64):
            y, x = t // 8 + 0.5, t % 8 + 0.5
            dy, dx = y - centre[0], x - centre[1]
            u = (math.cos(angle) * dy + math.sin(angle) * dx) / half[0]
            v = (math.cos(angle) * dx - math.sin(angle) * dy) / half[1]
            far = [math.hypot(y - cy, x - cx) for cy, cx in cells]
            tokens.append(0 if u * u + v * v <= 1 else 1 + far.index(min(far)))
        if all(tokens.count(region) >= 2 for region in range(k)):
            return tokens


def steps(noise):
    """2^32 * P(step <= s) for s = -255..255: noise rounded to whole bytes."""
    table = [int(0.5 * math.erfc(-(s + 0.5) / (127.5 * noise * math.sqrt(2))) * 2**32)
             for s in range(-255, 255)]
    return table + [1 << 32]


def scene(seed, index, textures, table):
    stream = Stream(seed, PURPOSE_SCENE, index)
    label = stream.below(10)
    k = 2 + stream.below(3)
    tokens = region_map(stream, k)
    ground = stream.permutation(10)
    texture = [label] + [10 + ground[r] for r in range(k - 1)]
    negative = [stream.below(2) for _ in range(k)]
    pixels = bytearray()
    for c in range(3):
        for y in range(32):
            for x in range(32):
                row, column = y // 4, x // 4
                region = tokens[8 * row + column]
                byte = textures[texture[region]][(row + column) % 2][16 * c + 4 * (y % 4) + x % 4]
                pixels.append(255 - byte if negative[region] else byte)
    if table:
        for i, byte in enumerate(pixels):
            bits = stream.bits()
            step = bisect.bisect_right(table, bits) - 255  # the first s with table > bits
            pixels[i] = clip(byte + step)
    return bytes([label]) + bytes(tokens) + bytes(pixels)


def main():
    seed, count, noise = [*sys.argv[1:], *("1", "100", "0.05")[len(sys.argv) - 1:]]
    textures, table = dictionary(), steps(float(noise)) if float(noise) else None
    digest = hashlib.sha256()
    for i in range(int(count)):
        digest.update(scene(int(seed), i, textures, table))
    print(digest.hexdigest())


if __name__ == "__main__":
    main()
