#!/usr/bin/env python3
"""Prints the orders that tests/data/test_batches.c and test_masks.c expect, from Philox4x32-10 as
published and Fisher-Yates from the end."""
import sys

sys.dont_write_bytecode = True
from planted_golden import Stream

PURPOSE_ORDER, PURPOSE_MASK = 2, 3

print("batches: seed 5, 12 images, epochs 0..2")
for epoch in range(3):
    print(Stream(5, PURPOSE_ORDER, 0, epoch).permutation(12))
print("masks: seed 7, epoch 3, image 9, 16 patches")
print(Stream(7, PURPOSE_MASK, 9, 3).permutation(16))
