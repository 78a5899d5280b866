// The format as its readers meet it: what we write, what others wrote, and what nobody should
// have written. A bad file must end the process with EXIT_INPUT and for the right reason, so
// endings are taken from forked children together with their message.
#include "core/model/safetensors.h"

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/scratch.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>

TestSuite(safetensors, .init = scratch_make);

// --- what we write ---------------------------------------------------------------------------

static struct parameter ROWS[] = {
    {.name = "z.weight", .dimensions = 2, .shape = {3, 5}, .count = 15, .offset = 0},
    {.name = "a.bias", .dimensions = 1, .shape = {7}, .count = 7, .offset = 15},
    {.name = "m", .dimensions = 4, .shape = {2, 1, 3, 4}, .count = 24, .offset = 22},
};
enum { COUNT = 46 };
static const struct parameters TABLE = {
    .row = ROWS, .rows = 3, .capacity = 3, .count = COUNT};

static void fill(real slab[COUNT], uint32_t index)
{
    static const float special[] = {0.f, -0.f, 0x1p-149f, -0x1p-126f, 0x1.fep127f, 1.f};
    struct rng rng = rng_open(5, PURPOSE_TEST, 0, index);
    for (int i = 0; i < COUNT; ++i)
        slab[i] = (real)(float)(rng_normal(&rng) * ldexp(1., i - 20));
    for (int i = 0; i < 6; ++i) slab[7 * i] = (real)special[i];
}

static void write_slab(const char *path, const real *slab, enum tensor_type type)
{
    struct slab one = {"", slab};
    struct metadata metadata[] = {{"heads", "3"},
                                  {"note", "a \"b\" \\ \n \t\xc3\xa9 {}"}};
    safetensors_write(path, &TABLE, &one, 1, metadata, 2, type);
}

static void read_slab(real *slab, const char *path)
{
    struct safetensors file;
    safetensors_read(&file, path, NULL);
    safetensors_weights(slab, &TABLE, &file, "");
    safetensors_free(&file);
}

Test(safetensors, f32_returns_the_same_bits)
{
    real slab[COUNT], back[COUNT];
    fill(slab, 0);
    const char *path = in_scratch("f32");
    write_slab(path, slab, TENSOR_F32);
    read_slab(back, path);
    cr_expect_arr_eq(back, slab, sizeof slab);
}

Test(safetensors, bf16_is_within_half_a_unit_and_written_again_stays_the_same)
{
    real slab[COUNT], back[COUNT], again[COUNT];
    fill(slab, 1);
    write_slab(in_scratch("once"), slab, TENSOR_BF16);
    read_slab(back, in_scratch("once"));
    for (int i = 0; i < COUNT; ++i) {
        // Eight bits of precision: half a unit in the last place is 2^(exponent - 8).
        int exponent = slab[i] != 0 ? (int)logb((double)slab[i]) : -126;
        double half = ldexp(1., (exponent < -126 ? -126 : exponent) - 8);
        cr_expect(fabs((double)back[i] - (double)slab[i]) <= half, "[%d] %g became %g",
                  i, (double)slab[i], (double)back[i]);
    }
    write_slab(in_scratch("twice"), back, TENSOR_BF16);
    read_slab(again, in_scratch("twice"));
    cr_expect_arr_eq(again, back, sizeof back);
}

// What is shipped: the numbers as BF16, the digest of those and of what was trained, all else as it
// was.
Test(safetensors, rounded_files_say_what_they_were_rounded_from)
{
    real slab[COUNT], rounded[COUNT], again[COUNT], back[COUNT];
    char trained[HASH_HEX], digest[HASH_HEX], other[HASH_HEX];
    struct safetensors file;
    fill(slab, 4);
    slab_digest(trained, slab, COUNT);
    const struct slab one = {"", slab};
    const struct metadata metadata[] = {
        {"heads", "3"}, {SAFETENSORS_DIGEST, trained}, {"note", "a \"b\""}};
    safetensors_write(in_scratch("trained"), &TABLE, &one, 1, metadata, 3, TENSOR_F32);
    safetensors_read(&file, in_scratch("trained"), NULL);
    cr_expect_str_eq(safetensors_trained(&file), trained);
    memcpy(rounded, slab, sizeof slab);
    safetensors_write_rounded(in_scratch("rounded"), &file, &TABLE, rounded);
    // Numbers that were rounded before make the same file.
    memcpy(again, slab, sizeof slab);
    safetensors_round(again, COUNT);
    cr_expect_arr_eq(again, rounded, sizeof again);
    safetensors_write_rounded(in_scratch("again"), &file, &TABLE, again);
    hash_file(digest, in_scratch("rounded"));
    hash_file(other, in_scratch("again"));
    cr_expect_str_eq(digest, other);
    safetensors_free(&file);

    write_slab(in_scratch("narrow"), slab, TENSOR_BF16);
    read_slab(back, in_scratch("narrow"));
    cr_expect_arr_eq(rounded, back, sizeof back);
    read_slab(back, in_scratch("rounded"));
    cr_expect_arr_eq(rounded, back, sizeof back);
    slab_digest(digest, rounded, COUNT);
    safetensors_read(&file, in_scratch("rounded"), NULL);
    cr_expect_str_eq(safetensors_metadata(&file, SAFETENSORS_DIGEST), digest);
    cr_expect_str_eq(safetensors_metadata(&file, SAFETENSORS_TRAINED), trained);
    cr_expect_str_eq(safetensors_trained(&file), trained);
    cr_expect_str_eq(safetensors_metadata(&file, "heads"), "3");
    cr_expect_str_eq(safetensors_metadata(&file, "note"), "a \"b\"");
    safetensors_free(&file);
}

Test(safetensors, bf16_rounds_ties_to_even)
{
    static const uint32_t from[] = {0x3f808000, 0x3f818000, 0x3f808001, 0x3f80ffff,
                                    0xbf808000, 0xbf817fff, 0x7f7f7fff, 0x00008000,
                                    0x00008001, 0x80000000, 0x007fffff};
    static const uint32_t to[] = {0x3f80, 0x3f82, 0x3f81, 0x3f81, 0xbf80, 0xbf81,
                                  0x7f7f, 0x0000, 0x0001, 0x8000, 0x0080};
    enum { N = sizeof from / sizeof *from };
    struct parameter row = {.name = "x", .dimensions = 1, .shape = {N}, .count = N};
    struct parameters table = {.row = &row, .rows = 1, .capacity = 1, .count = N};
    real values[N];
    for (int i = 0; i < N; ++i) {
        float value;
        memcpy(&value, &from[i], 4);
        values[i] = (real)value;
    }
    struct slab slab = {"", values};
    safetensors_write(in_scratch("ties"), &table, &slab, 1, NULL, 0, TENSOR_BF16);
    struct safetensors file;
    safetensors_read(&file, in_scratch("ties"), NULL);
    for (int i = 0; i < N; ++i) {
        uint16_t bits;
        memcpy(&bits, (const char *)file.tensors[0].data + 2 * i, 2);
        cr_expect_eq(bits, to[i], "%08x became %04x, not %04x", from[i], bits, to[i]);
    }
    safetensors_free(&file);
}

Test(safetensors, tensors_lie_in_table_order_after_an_aligned_header)
{
    real slab[COUNT];
    fill(slab, 2);
    write_slab(in_scratch("order"), slab, TENSOR_F32);
    struct safetensors file;
    safetensors_read(&file, in_scratch("order"), NULL);
    cr_assert_eq(file.count, TABLE.rows);
    size_t header = (unsigned char)file.bytes[0] + 256u * (unsigned char)file.bytes[1];
    cr_expect_eq(header % 8, 0);
    const char *data = file.bytes + 8 + header;
    for (size_t r = 0; r < TABLE.rows; ++r) {
        cr_expect_str_eq(file.tensors[r].name, ROWS[r].name);
        cr_expect_eq(file.tensors[r].data, data + 4 * ROWS[r].offset);
    }
    cr_expect_eq(file_size(file.path, NULL), 8 + header + 4 * COUNT);
    safetensors_free(&file);
}

Test(safetensors, metadata_and_digest_come_back)
{
    real slab[COUNT];
    fill(slab, 3);
    write_slab(in_scratch("metadata"), slab, TENSOR_F32);
    struct safetensors file;
    safetensors_read(&file, in_scratch("metadata"), NULL);
    cr_expect_str_eq(safetensors_metadata(&file, "heads"), "3");
    cr_expect_str_eq(safetensors_metadata(&file, "note"),
                     "a \"b\" \\ \n \t\xc3\xa9 {}");
    cr_expect_null(safetensors_metadata(&file, "Heads"));
    cr_expect_null(safetensors_find(&file, "__metadata__"));
    char digest[HASH_HEX];
    hash_file(digest, file.path);
    cr_expect_str_eq(file.digest, digest);
    safetensors_free(&file);
}

Test(safetensors, slabs_under_prefixes_are_told_apart)
{
    real parts[3][COUNT], back[COUNT];
    static const char *const prefixes[] = {"param/", "m/", "v/"};
    struct slab slabs[3];
    for (int s = 0; s < 3; ++s) {
        fill(parts[s], (uint32_t)(10 + s));
        slabs[s] = (struct slab){prefixes[s], parts[s]};
    }
    safetensors_write(in_scratch("slabs"), &TABLE, slabs, 3, NULL, 0, TENSOR_F32);
    struct safetensors file;
    safetensors_read(&file, in_scratch("slabs"), NULL);
    cr_expect_eq(file.count, 9);
    cr_expect_null(safetensors_metadata(&file, "heads"));
    for (int s = 0; s < 3; ++s) {
        safetensors_weights(back, &TABLE, &file, prefixes[s]);
        cr_expect_arr_eq(back, parts[s], sizeof back);
    }
    safetensors_free(&file);
}

// --- what others wrote -----------------------------------------------------------------------

// Python 3, straight from the format's description; the tensors lie in another order than their
// names, the padding is spaces. Read exactly, so the tolerance is none.
//   h = json.dumps({"__metadata__": {"heads": "3"},
//       "b": {"dtype": "BF16", "shape": [2], "data_offsets": [8, 12]},
//       "a": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}}).encode()
//   h += b" " * (-len(h) % 8)
//   d = struct.pack("<ff", 1.5, -2**-149) + struct.pack("<HH", 0x3f80, 0xc049)
//   print(struct.pack("<Q", len(h)) + h + d)
#define GOLDEN_LENGTH "\xa0\0\0\0\0\0\0\0"
#define GOLDEN_HEADER                                                                  \
    "{\"__metadata__\": {\"heads\": \"3\"}, \"b\": {\"dtype\": \"BF16\", \"shape\": "  \
    "[2], \"data_offsets\": [8, 12]}, \"a\": {\"dtype\": \"F32\", \"shape\": [1, 2], " \
    "\"data_offsets\": [0, 8]}} "
#define GOLDEN_DATA "\0\0\xc0?\x01\0\0\x80\x80?I\xc0"
static const char GOLDEN[] = GOLDEN_LENGTH GOLDEN_HEADER GOLDEN_DATA;
enum { GOLDEN_SIZE = sizeof GOLDEN - 1 };

Test(safetensors, golden_file_is_read_to_the_bit)
{
    scratch_write(in_scratch("golden"), GOLDEN, GOLDEN_SIZE);
    struct safetensors file;
    char fault[SAFETENSORS_FAULT];
    cr_assert_eq(safetensors_open(&file, in_scratch("golden"), fault), 1);
    cr_assert_eq(file.count, 2);
    const struct tensor *a = safetensors_find(&file, "a");
    const struct tensor *b = safetensors_find(&file, "b");
    cr_assert(a == &file.tensors[0] && b == &file.tensors[1]);
    cr_expect(a->type == TENSOR_F32 && a->dimensions == 2 && a->shape[1] == 2);
    cr_expect(b->type == TENSOR_BF16 && b->dimensions == 1 && b->count == 2);
    real x[2], y[2];
    tensor_values(x, a);
    tensor_values(y, b);
    cr_expect(x[0] == (real)1.5 && x[1] == (real)-0x1p-149);
    cr_expect(y[0] == 1 && y[1] == (real)-3.140625);
    safetensors_free(&file);
}

// A file of header length, header and data, right or wrong.
static void put_safetensors(const char *path, const char *header, size_t length,
                            const char *data, size_t size)
{
    char *bytes = malloc(8 + length + size);
    cr_assert(bytes);
    uint64_t wide = length;
    memcpy(bytes, &wide, 8);
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, data, size);
    scratch_write(path, bytes, 8 + length + size);
    free(bytes);
}

Test(safetensors, foreign_data_written_again_are_the_same_bytes)
{
    static const char header[] =
        "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
        "\"a\":{\"shape\":[2],\"dtype\":\"F32\",\"data_offsets\":[4,12]}}";
    static const char data[12] = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c";
    put_safetensors(in_scratch("foreign"), header, strlen(header), data, 12);
    struct parameter rows[] = {
        {.name = "b", .dimensions = 1, .shape = {1}, .count = 1, .offset = 0},
        {.name = "a", .dimensions = 1, .shape = {2}, .count = 2, .offset = 1}};
    struct parameters table = {.row = rows, .rows = 2, .capacity = 2, .count = 3};
    real values[3];
    struct safetensors file;
    safetensors_read(&file, in_scratch("foreign"), NULL);
    safetensors_weights(values, &table, &file, "");
    safetensors_free(&file);
    struct slab slab = {"", values};
    safetensors_write(in_scratch("again"), &table, &slab, 1, NULL, 0, TENSOR_F32);
    size_t size;
    char *bytes = file_read(&size, in_scratch("again"), NULL);
    cr_expect(size > 12 && memcmp(bytes + size - 12, data, 12) == 0);
    free(bytes);
}

// --- what nobody should have written ---------------------------------------------------------

#define ENTRY(dtype, shape, from, to)                                                  \
    "{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" from "," to "]}"
#define ONE(dtype, shape, from, to) "{\"a\":" ENTRY(dtype, shape, from, to) "}"
#define TWO(name, from0, to0, from1, to1)                                              \
    "{\"a\":" ENTRY("F32", "2", from0, to0) ",\"" name                                 \
                                            "\":" ENTRY("F32", "2", from1, to1) "}"
#define FULL ONE("F32", "2", "0", "8")

static const struct {
    const char *header;
    size_t data;      // bytes of zeros after the header
    const char *says; // what the message must hold
} BAD[] = {
    {"{\"a\":", 0, "not JSON"},
    {"[1,2]", 0, "begin with '{'"},
    {" {}", 0, "begin with '{'"},
    {"{}x", 0, "follows its end"},
    {"{}\n", 0, "follows its end"},
    {"{} {}", 0, "follows its end"},
    {"{\"a\x01\":1}", 0, "control character"},
    {"{\"__metadata__\":{\"a\\u0000b\":\"c\"}}", 0, "0 character"},
    {"{}", 1, "1 bytes follow the last tensor"},
    {FULL, 7, "'a': its data end past"},
    {FULL, 9, "1 bytes follow the last tensor"},
    {TWO("a", "0", "8", "8", "16"), 16, "'a' occurs twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "occurs twice"},
    {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "metadata 'k' occurs twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[]}}", 0, "'a': is not {"},
    {TWO("b", "0", "8", "12", "20"), 20, "'b': a hole"},
    {ONE("F32", "2", "4", "12"), 12, "'a': a hole"},
    {TWO("b", "0", "8", "4", "12"), 16, "'b': an overlap"},
    {TWO("b", "0", "8", "0", "8"), 8, ": an overlap"},
    {ONE("F32", "2", "8", "0"), 8, "'a': reversed"},
    {ONE("F32", "2", "0", "9007199254740992"), 8, "a data offset is not an integer"},
    {ONE("F32", "2", "0", "9007199254740991"), 8, "its data end past"},
    {ONE("F32", "2", "0", "1e400"), 8, "a data offset is not an integer"},
    {ONE("F32", "2", "0", "8.5"), 8, "a data offset is not an integer"},
    {ONE("F32", "2", "-8", "0"), 8, "a data offset is not an integer"},
    {ONE("F32", "2", "0", "\"8\""), 8, "a data offset is not an integer"},
    {ONE("F32", "2", "0,8", "8"), 8, "data_offsets is not a pair"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":8}}", 8, "not a pair"},
    {ONE("F16", "4", "0", "8"), 8, "dtype F16 is unknown"},
    {"{\"a\":{\"dtype\":7,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "dtype missing"},
    {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "'a': is not {"},
    {"{\"a\":{\"DTYPE\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "missing"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8, "not a list"},
    {"{\"a\":[1]}", 0, "'a': is not {"},
    {ONE("F32", "4294967296,4294967296,2", "0", "8"), 8, "shape overflows"},
    {ONE("F32", "4611686018427387,1000", "0", "8"), 8, "does not fit 8 bytes"},
    {ONE("F32", "1,1,1,1,1,1,1,1,2", "0", "8"), 8, "more than 8 dimensions"},
    {ONE("F32", "3", "0", "8"), 8, "does not fit 8 bytes"},
    {ONE("F32", "1.5", "0", "8"), 8, "a side of its shape is not an integer"},
    {ONE("BF16", "2", "0", "8"), 8, "does not fit 8 bytes"},
    {"{\"__metadata__\":{\"heads\":3}}", 0, "metadata 'heads' is not text"},
    {"{\"__metadata__\":{\"heads\":null}}", 0, "metadata 'heads' is not text"},
    {"{\"__metadata__\":\"heads\"}", 0, "__metadata__ is not an object"},
};

static void read_path(const void *path)
{
    struct safetensors file;
    safetensors_read(&file, path, NULL);
    safetensors_free(&file);
}

// Expects that safetensors_open refuses the file and says the path and `part`. line: of the caller,
// or the number of a case.
static void expect_fault(int line, const char *path, const char *part)
{
    struct safetensors file;
    char fault[SAFETENSORS_FAULT];
    cr_expect_eq(safetensors_open(&file, path, fault), 0, "line %d", line);
    cr_expect(strstr(fault, path) && strstr(fault, part), "line %d: %s", line, fault);
    cr_expect(!file.bytes && !file.header && !file.tensors && !file.path);
}

Test(safetensors, bad_header_is_refused)
{
    static const char zeros[32];
    const char *path = in_scratch("bad");
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; ++i) {
        put_safetensors(path, BAD[i].header, strlen(BAD[i].header), zeros, BAD[i].data);
        expect_fault((int)i, path, BAD[i].says);
    }
    // The first stands for all, as the fault is the same.
    const char *const parts[] = {path, BAD[0].says, "remove it and make it again",
                                 NULL};
    put_safetensors(path, BAD[0].header, strlen(BAD[0].header), zeros, BAD[0].data);
    expect_death_naming(__LINE__, read_path, path, EXIT_INPUT, parts);
}

Test(safetensors, valid_variants_are_accepted)
{
    static const char *const headers[] = {
        FULL,
        FULL "      ",
        ONE("F32", "1,2", "0", "8"),
        ONE("BF16", "4", "0", "8"),
        ONE("F32", "1,1,1,1,1,1,1,2", "0", "8"),
    };
    static const char zeros[8];
    for (size_t i = 0; i < 5; ++i) {
        put_safetensors(in_scratch("good"), headers[i], strlen(headers[i]), zeros, 8);
        expect_ending(__LINE__, read_path, in_scratch("good"), 0, "");
    }
    // A scalar has no side and one number; a side of 0 makes no number.
    put_safetensors(in_scratch("scalar"), ONE("F32", "", "0", "4"),
                    strlen(ONE("F32", "", "0", "4")), zeros, 4);
    expect_ending(__LINE__, read_path, in_scratch("scalar"), 0, "");
    put_safetensors(in_scratch("none"), ONE("F32", "3,0", "0", "0"),
                    strlen(ONE("F32", "3,0", "0", "0")), zeros, 0);
    expect_ending(__LINE__, read_path, in_scratch("none"), 0, "");
}

Test(safetensors, zero_byte_inside_the_header_is_refused)
{
    static const char header[] = "{}\0 ";
    put_safetensors(in_scratch("zero"), header, 4, "", 0);
    expect_death(__LINE__, read_path, in_scratch("zero"), EXIT_INPUT,
                 "control character");
}

static const struct {
    uint64_t length;
    size_t size; // bytes of the file, zeros after the length
    const char *says;
} LENGTHS[] = {
    {0, 0, "too few"},
    {2, 7, "too few"},
    {0, 8, "must be 1 to"},
    {UINT64_C(1) << 63, 64, "must be 1 to"},
    {UINT64_MAX, 64, "must be 1 to"},
    {17000000, 17000008, "must be 1 to"},
    {57, 64, "past the end"},
    {1, 8, "past the end"},
};

ParameterizedTestParameters(safetensors, bad_header_length_is_refused)
{
    static int index[] = {0, 1, 2, 3, 4, 5, 6, 7};
    return cr_make_param_array(int, index, sizeof LENGTHS / sizeof *LENGTHS);
}

ParameterizedTest(int *i, safetensors, bad_header_length_is_refused)
{
    size_t size = LENGTHS[*i].size;
    char *bytes = calloc(size + 8, 1);
    memcpy(bytes, &LENGTHS[*i].length, 8);
    scratch_write(in_scratch("length"), bytes, size);
    free(bytes);
    expect_death(__LINE__, read_path, in_scratch("length"), EXIT_INPUT,
                 LENGTHS[*i].says);
}

Test(safetensors, deep_nesting_is_refused_without_a_crash)
{
    enum { DEPTH = 1000000 };
    char *header = malloc(DEPTH + 5);
    memcpy(header, "{\"a\":", 5);
    memset(header + 5, '[', DEPTH);
    put_safetensors(in_scratch("deep"), header, DEPTH + 5, "", 0);
    free(header);
    expect_death(__LINE__, read_path, in_scratch("deep"), EXIT_INPUT, "not JSON");
}

Test(safetensors, missing_file_says_what_to_do)
{
    expect_death(__LINE__, read_path, in_scratch("nowhere"), EXIT_INPUT, "nowhere");
    expect_fault(__LINE__, in_scratch("nowhere"), "is missing");
}

Test(safetensors, numbers_that_are_not_finite_are_refused)
{
    static const uint32_t wide[] = {0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001};
    static const char f32[] = ONE("F32", "2", "0", "8"),
                      bf16[] = ONE("BF16", "2", "0", "4");
    for (int i = 0; i < 4; ++i) {
        char data[8] = {0};
        memcpy(data + 4, &wide[i], 4);
        put_safetensors(in_scratch("wide"), f32, strlen(f32), data, 8);
        expect_death(__LINE__, read_path, in_scratch("wide"), EXIT_INPUT,
                     "number 1 is not finite");
        uint16_t narrow = (uint16_t)(wide[i] >> 16 | (wide[i] & 1));
        memcpy(data + 2, &narrow, 2);
        put_safetensors(in_scratch("narrow"), bf16, strlen(bf16), data, 4);
        expect_death(__LINE__, read_path, in_scratch("narrow"), EXIT_INPUT,
                     "not finite");
    }
}

static void read_table(const void *path)
{
    real slab[COUNT];
    read_slab(slab, path);
}

Test(safetensors, tensors_that_do_not_match_the_table_are_refused)
{
    real slab[COUNT];
    fill(slab, 4);
    const char *path = in_scratch("table");
    struct parameter rows[4];
    memcpy(rows, ROWS, sizeof ROWS);
    struct parameters table = TABLE;
    table.row = rows;
    struct slab one = {"", slab};

    table.rows = 2;
    safetensors_write(path, &table, &one, 1, NULL, 0, TENSOR_F32);
    expect_death(__LINE__, read_table, path, EXIT_INPUT, "tensor 'm' is missing");

    table.rows = 3;
    rows[0].shape[0] = 5, rows[0].shape[1] = 3;
    safetensors_write(path, &table, &one, 1, NULL, 0, TENSOR_F32);
    expect_death(__LINE__, read_table, path, EXIT_INPUT,
                 "tensor 'z.weight' has another shape");

    rows[0] = (struct parameter){
        .name = "z.weight", .dimensions = 1, .shape = {15}, .count = 15};
    safetensors_write(path, &table, &one, 1, NULL, 0, TENSOR_F32);
    expect_death(__LINE__, read_table, path, EXIT_INPUT,
                 "tensor 'z.weight' has another shape");

    memcpy(rows, ROWS, sizeof ROWS);
    rows[3] =
        (struct parameter){.name = "more", .dimensions = 1, .shape = {2}, .count = 2};
    table.rows = 4;
    safetensors_write(path, &table, &one, 1, NULL, 0, TENSOR_F32);
    expect_death(__LINE__, read_table, path, EXIT_INPUT, "tensor 'more' is not part");
}

// --- writing what must not be written --------------------------------------------------------

struct attempt {
    const char *path;
    real value;
    enum tensor_type type;
    const char *second; // the second slab's prefix
};

static void write_attempt(const void *context)
{
    const struct attempt *attempt = context;
    real slab[COUNT] = {0};
    slab[20] = attempt->value;
    struct slab slabs[] = {{"", slab}, {attempt->second, slab}};
    safetensors_write(attempt->path, &TABLE, slabs, 2, NULL, 0, attempt->type);
}

Test(safetensors, writing_what_is_not_finite_aborts_and_keeps_the_old_file)
{
    const char *path = in_scratch("old");
    scratch_write(path, "old", 3);
    const struct attempt attempts[] = {
        {path, (real)NAN, TENSOR_F32, "m/"},
        {path, (real)-INFINITY, TENSOR_F32, "m/"},
        {path, (real)NAN, TENSOR_BF16, "m/"},
        {path, (real)0x1.ffp127, TENSOR_BF16, "m/"}, // finite, but rounds to infinity
    };
    for (int i = 0; i < 4; ++i)
        expect_death(__LINE__, write_attempt, &attempts[i], -SIGABRT,
                     "'a.bias': number 5 is not finite");
    cr_expect_eq(file_size(path, NULL), 3);
}

Test(safetensors, writing_a_name_twice_aborts)
{
    struct attempt attempt = {in_scratch("twice"), 1, TENSOR_F32, ""};
    expect_death(__LINE__, write_attempt, &attempt, -SIGABRT, "is given twice");
    cr_expect(!file_exists(attempt.path));
}

Test(safetensors, folder_that_cannot_be_made_is_a_system_error)
{
    scratch_write(in_scratch("plain"), "", 0);
    struct attempt attempt = {in_scratch("plain/x.safetensors"), 1, TENSOR_F32, "m/"};
    expect_death(__LINE__, write_attempt, &attempt, EXIT_SYSTEM, "plain");
}

// --- anything at all -------------------------------------------------------------------------

// Reads the file and ends with 1 when a number is not finite.
static void read_numbers(const void *path)
{
    struct safetensors file;
    safetensors_read(&file, path, NULL);
    for (size_t i = 0; i < file.count; ++i) {
        real *values = malloc(file.tensors[i].count * sizeof *values + 1);
        tensor_values(values, &file.tensors[i]);
        for (size_t n = 0; n < file.tensors[i].count; ++n)
            if (!isfinite(values[n])) _exit(1);
        free(values);
    }
    safetensors_free(&file);
}

static void expect_refused_or_finite(const char *bytes, size_t size, const char *what,
                                     size_t position)
{
    scratch_write(in_scratch("fuzz"), bytes, size);
    static struct ending ending;
    ending_of(&ending, read_numbers, in_scratch("fuzz"));
    cr_expect(ending.code == 0 || ending.code == EXIT_INPUT, "%s %zu: ended %d: %s",
              what, position, ending.code, ending.says);
}

Test(safetensors, any_flipped_bit_is_refused_or_gives_finite_numbers)
{
    char bytes[GOLDEN_SIZE];
    for (size_t bit = 0; bit < 8 * GOLDEN_SIZE; ++bit) {
        memcpy(bytes, GOLDEN, GOLDEN_SIZE);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        expect_refused_or_finite(bytes, GOLDEN_SIZE, "bit", bit);
    }
}

// Where the maker recorded a digest, no flipped bit of a number goes unseen, in either type.
Test(safetensors, any_flipped_bit_of_recorded_numbers_is_refused)
{
    real slab[COUNT], rounded[COUNT];
    fill(rounded, 3);
    write_slab(in_scratch("narrow"), rounded, TENSOR_BF16);
    read_slab(rounded, in_scratch("narrow"));
    fill(slab, 3);
    for (int type = TENSOR_F32; type <= TENSOR_BF16; ++type) {
        const real *numbers = type == TENSOR_F32 ? slab : rounded;
        const size_t data = COUNT * (type == TENSOR_F32 ? 4u : 2u);
        const struct slab one = {"", numbers};
        char digest[HASH_HEX];
        const char *path = in_scratch("recorded");
        slab_digest(digest, numbers, COUNT);
        const struct metadata metadata = {SAFETENSORS_DIGEST, digest};
        safetensors_write(path, &TABLE, &one, 1, &metadata, 1, (enum tensor_type)type);
        size_t size;
        struct safetensors file;
        char *bytes = file_read(&size, path, NULL), fault[SAFETENSORS_FAULT];
        cr_assert(safetensors_open(&file, path, fault), "%s", fault);
        safetensors_free(&file);
        for (size_t bit = 8 * (size - data); bit < 8 * size; ++bit) {
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
            scratch_write(path, bytes, size);
            cr_expect_not(safetensors_open(&file, path, fault), "type %d, bit %zu",
                          type, bit);
            cr_expect(strstr(fault, "damaged") || strstr(fault, "finite"), "%s", fault);
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        }
        free(bytes);
    }
}

Test(safetensors, any_cut_is_refused)
{
    static struct ending ending;
    for (size_t size = 0; size < GOLDEN_SIZE; ++size) {
        scratch_write(in_scratch("cut"), GOLDEN, size);
        ending_of(&ending, read_numbers, in_scratch("cut"));
        cr_expect_eq(ending.code, EXIT_INPUT, "%zu bytes: ended %d", size, ending.code);
    }
}
