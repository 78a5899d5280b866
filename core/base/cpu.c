#include "core/base/cpu.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"

enum { FIELD = 100 };

// value (FIELD) = what follows the colon of a line "field : value"; as it was for other lines.
static void take(char value[FIELD], const char *line, const char *field)
{
    const size_t length = strlen(field);
    if (strncmp(line, field, length)) return;
    const char *rest = line + length + strspn(line + length, " \t");
    if (*rest != ':') return;
    ++rest;
    snprintf(value, FIELD, "%s", rest + strspn(rest, " \t"));
    value[strcspn(value, "\n")] = 0;
    for (char *c = value; *c; ++c)
        if ((unsigned char)*c < ' ') *c = ' ';
}

void cpu_name(char name[CPU_NAME], const char *cpuinfo)
{
    char line[1024], model_name[FIELD] = "", family[FIELD] = "", model[FIELD] = "";
    FILE *file = fopen(cpuinfo, "re");
    // Without the file the name is unknown, but not when it could not be opened for want of memory.
    if (!file && errno == ENOMEM)
        die(EXIT_SYSTEM, "%s: %s (free some memory)", cpuinfo, strerror(errno));
    // An empty line ends the first processor.
    while (file && fgets(line, sizeof line, file) && *line != '\n') {
        take(model_name, line, "model name");
        take(family, line, "cpu family");
        take(model, line, "model");
    }
    if (file) fclose(file);
    snprintf(name, CPU_NAME, "%.100s", *model_name ? model_name : "unknown");
    if (*family && *model)
        snprintf(name + strlen(name), CPU_NAME - strlen(name),
                 ", family %.9s model %.9s", family, model);
}
