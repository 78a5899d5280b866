# fault: the encoder reads the neighbour of each visible patch, which may be hidden
# file: core/model/encoder.c
# runner: figures.sh
s/const size_t t = (size_t)input->visible\[b \* V + v\];/const size_t t = (size_t)input->visible[b * V + v] ^ 1;/
