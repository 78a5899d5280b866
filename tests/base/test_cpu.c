#include "core/base/cpu.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/scratch.h"

TestSuite(cpu, .init = scratch_make);

static const struct {
    const char *cpuinfo, *name;
} cpus[] = {
    {"processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\n"
     "model name\t: AMD EPYC\nflags\t\t: fpu\n\nprocessor\t: 1\nmodel\t\t: 3\n",
     "AMD EPYC, family 26 model 2"},
    {"cpu family\t: 6\nmodel\t\t: 207\nmodel name\t: A\tname  \001\n",
     "A name   , family 6 model 207"},
    {"model name : one line without an end", "one line without an end"},
    {"processor\t: 0\nBogoMIPS\t: 243\n", "unknown"},
    {"", "unknown"},
};

Test(cpu, is_named_with_family_and_model)
{
    for (size_t i = 0; i < sizeof cpus / sizeof *cpus; ++i) {
        char name[CPU_NAME];
        scratch_write(in_scratch("cpuinfo"), cpus[i].cpuinfo, strlen(cpus[i].cpuinfo));
        cpu_name(name, in_scratch("cpuinfo"));
        cr_expect_str_eq(name, cpus[i].name, "'%s', not '%s'", name, cpus[i].name);
    }
}

Test(cpu, without_a_file_is_unknown)
{
    char name[CPU_NAME];
    cpu_name(name, in_scratch("nothing"));
    cr_expect_str_eq(name, "unknown");
}

Test(cpu, of_a_long_name_keeps_its_numbers)
{
    char text[600] = "model name : ", name[CPU_NAME];
    memset(text + strlen(text), 'x', 400);
    strcat(text, "\ncpu family : 6\nmodel : 85\n");
    scratch_write(in_scratch("cpuinfo"), text, strlen(text));
    cpu_name(name, in_scratch("cpuinfo"));
    cr_expect_str_eq(name + strlen(name) - strlen(", family 6 model 85"),
                     ", family 6 model 85");
}
