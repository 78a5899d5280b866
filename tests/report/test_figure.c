#include "core/report/figure.h"

#include "core/base/die.h"
#include "core/base/hash.h"
#include "core/report/panel.h"
#include "tests/report/world.h"

TestSuite(figure, .init = world_open);

static const char script[] = "load \"figures/style.gp\"\n"
                             "set xlabel \"component i\"\n"
                             "plot table using \"i\":\"value\" with linespoints lt 1\n";

// Draws figures/NAME.gp, with this text, on a small table; everything lands in the run's folder.
static void draw(const char *name, const char *text, const char *caption,
                 const char *panels)
{
    struct run run;
    char words[512], path[PATH_SIZE];
    path_format(path, "figures/%s.gp", name);
    world_write(path, text);
    world_run(&run, "--tier smoke", words);
    run_path(path, &run, "figure2.tsv");
    world_write(path, "i\tvalue\n1\t2\n2\t3\n3\tnan\n4\t2.5\n");
    figure_draw(&run, name, "figure2", caption, panels);
    world_listen();
    run_close(&run);
}

static const char svg[] = "results/smoke-planted/02-demo/figure2.svg",
                  png[] = "results/smoke-planted/02-demo/figure2.png";

Test(figure, both_formats_are_drawn_and_listed)
{
    struct provenance provenance;
    draw("curve", script, "A caption", NULL);
    cr_expect(!strncmp(world_text(png) + 1, "PNG", 3));
    const char *text = world_text(svg);
    cr_expect(strstr(text, "</svg>"));
    cr_expect(strstr(text, "DejaVu Sans"));
    cr_expect(strstr(text, "component i"));
    cr_expect(strstr(text, "A caption"));
    cr_assert(
        provenance_read(&provenance, "results/smoke-planted/02-demo/provenance.tsv"));
    cr_expect(provenance_find(&provenance, "file figure2.svg"));
    cr_expect(provenance_find(&provenance, "file figure2.png"));
    cr_expect(provenance_find(&provenance, "file figure2.txt"));
    cr_expect_str_eq(world_text("results/smoke-planted/02-demo/figure2.txt"),
                     "A caption\n");
    provenance_free(&provenance);
    cr_expect_eq(scratch_entries("results/smoke-planted/02-demo"), 7,
                 "no temporary file");
}

Test(figure, the_same_table_is_the_same_picture)
{
    char first[2][HASH_HEX], second[2][HASH_HEX];
    draw("curve", script, "A caption", NULL);
    hash_file(first[0], svg);
    hash_file(first[1], png);
    draw("curve", script, "A caption", NULL);
    hash_file(second[0], svg);
    hash_file(second[1], png);
    cr_expect_str_eq(first[0], second[0]);
    cr_expect_str_eq(first[1], second[1]);
}

Test(figure, a_caption_is_text_and_nothing_else)
{
    draw("curve", script,
         "It's `touch ran` \"$HOME\" x_i^2 {a} \\n @b; set output 'ran' \xc3\xa9",
         NULL);
    const char *text = world_text(svg);
    cr_expect(strstr(text, "It's `touch ran`"), "quote and backquotes");
    cr_expect(strstr(text, "x_i^2 {a} \\n @b; set output 'ran' \xc3\xa9"), "markup");
    cr_expect_neq(access("ran", F_OK), 0, "nothing was executed");
}

Test(figure, a_long_caption_is_broken_into_lines)
{
    char caption[601];
    for (size_t i = 0; i < 600; ++i) caption[i] = i % 8 == 7 ? ' ' : 'w';
    caption[600] = 0;
    draw("curve", script, caption, NULL);
    const char *text = world_text(svg);
    size_t lines = 0;
    for (const char *at = text; (at = strstr(at, "wwwwwww wwwwwww")); ++lines)
        at = strchr(at, '\n');
    // 75 words, of which 12 fit into 101 characters.
    cr_expect_eq(lines, 7, "%zu lines", lines);
    draw("curve", script, "a caption of\ntwo lines", NULL);
    cr_expect(strstr(world_text(svg), "a caption of two lines"));
}

Test(figure, a_panel_is_placed_inside_the_picture)
{
    struct panel panel;
    const float image[12] = {0};
    panel_open(&panel, 1, 1, 2, 8, 0);
    panel_image(&panel, 0, 0, image);
    panel_write(&panel, "panel.png");
    panel_close(&panel);
    draw("map",
         "load \"figures/style.gp\"\nplot panels binary filetype=png with rgbimage\n",
         "", "panel.png");
    cr_expect(strstr(world_text(svg), "data:image/png;base64"), "one file, no link");
}

Test(figure, settings_of_the_user_change_nothing)
{
    char first[HASH_HEX], second[HASH_HEX];
    draw("curve", script, "A caption", NULL);
    hash_file(first, svg);
    world_write(".gnuplot", "set xlabel 'spoiled'\n");
    setenv("HOME", scratch_folder, 1);
    setenv("GNUTERM", "nonsense", 1);
    setenv("LC_ALL", "C", 1);
    draw("curve", script, "A caption", NULL);
    hash_file(second, svg);
    cr_expect_str_eq(first, second);
}

static void draw_broken(const void *text)
{
    draw("broken", text, "", NULL);
}

static void draw_unscripted(const void *unused)
{
    struct run run;
    char words[512];
    (void)unused;
    world_run(&run, "", words);
    figure_draw(&run, "nowhere", "figure2", "", NULL);
}

Test(figure, a_failing_script_ends_the_program_and_keeps_the_old_picture)
{
    char before[HASH_HEX], after[HASH_HEX];
    draw("curve", script, "A caption", NULL);
    hash_file(before, svg);
    expect_death(__LINE__, draw_broken, "load \"figures/style.gp\"\nplott 1\n", 4,
                 "figures/broken.gp: \"figures/broken.gp\" line 2: invalid command");
    expect_death(__LINE__, draw_broken,
                 "load \"figures/style.gp\"\nplot table using \"nosuch\":\"value\"\n",
                 4, "figures/broken.gp");
    expect_death(__LINE__, draw_broken, "x = 1\n", 4, "drew nothing");
    hash_file(after, svg);
    cr_expect_str_eq(before, after);
    cr_expect_eq(scratch_entries("results/smoke-planted/02-demo"), 7,
                 "no temporary file");
}

Test(figure, what_is_missing_is_named)
{
    expect_death(__LINE__, draw_unscripted, NULL, 3,
                 "figures/nowhere.gp: no such script");
    setenv("PATH", "/nowhere", 1);
    expect_death(__LINE__, draw_broken, script, 4, "gnuplot: not found");
}

// ====== Before anything is computed ======

static void be_ready(const void *unused)
{
    (void)unused;
    figure_ready();
}

Test(figure, letters_are_looked_for_beforehand)
{
    static struct ending ending;
    ending_of(&ending, be_ready, NULL);
    cr_expect_eq(ending.code, 0, "%s", ending.says);

    cr_assert_eq(mkdir("none", 0777), 0);
    char fonts[1024];
    snprintf(fonts, sizeof fonts,
             "<?xml version=\"1.0\"?><fontconfig><dir>%s/none</dir>"
             "<cachedir>%s/none</cachedir></fontconfig>",
             scratch_folder, scratch_folder);
    world_write("fonts.conf", fonts);
    setenv("FONTCONFIG_FILE", in_scratch("fonts.conf"), 1);
    expect_death(__LINE__, be_ready, NULL, EXIT_SYSTEM,
                 "draws no letters, as no font is found (install fonts-dejavu-core)");
    setenv("PATH", "/nonexistent", 1);
    expect_death(__LINE__, be_ready, NULL, EXIT_SYSTEM,
                 "gnuplot: not found (install gnuplot-nox)");
}

Test(figure, without_cairo_it_says_so)
{
    world_write("gnuplot",
                "#!/bin/sh\necho 'line 0: unknown or ambiguous terminal type'\n"
                "exit 1\n");
    cr_assert_eq(chmod("gnuplot", 0755), 0);
    setenv("PATH", scratch_folder, 1);
    expect_death(__LINE__, be_ready, NULL, EXIT_SYSTEM,
                 "cannot draw PNG with cairo: line 0: unknown or ambiguous terminal");
}

Test(figure, what_is_drawn_to_see_whether_it_can_be_is_no_file)
{
    world_write("gnuplot",
                "#!/bin/sh\nfor word; do echo \"$word\"; done >given\nexit 1\n");
    cr_assert_eq(chmod("gnuplot", 0755), 0);
    setenv("PATH", scratch_folder, 1);
    expect_death(__LINE__, be_ready, NULL, EXIT_SYSTEM, "it wrote nothing");
    const char *given = world_text("given");
    int outputs = 0;
    for (; (given = strstr(given, "set output '")); ++outputs) {
        given += strlen("set output '");
        cr_expect(!strncmp(given, "/proc/self/fd/", strlen("/proc/self/fd/")), "%.40s",
                  given);
    }
    cr_expect_eq(outputs, 2);
}

// ====== A script that has changed since ======

// A second run of the same content: draws again what has to be drawn.
static void look_again(void)
{
    struct run run;
    char words[512];
    world_run(&run, "--tier smoke", words);
    cr_assert(run_fresh(&run));
    figures_refresh(&run);
    run_print(&run);
}

Test(figure, a_changed_script_draws_its_figure_again)
{
    char before[HASH_HEX], after[HASH_HEX];
    draw("curve", script, "A caption\nof two lines", NULL);
    look_again();
    cr_expect(!strstr(world_said(), "drawn again"));
    hash_file(before, svg);
    world_write("figures/curve.gp",
                "load \"figures/style.gp\"\n"
                "set xlabel \"another axis\"\n"
                "plot table using \"i\":\"value\" with lines lt 2\n");
    look_again();
    cr_expect(strstr(world_said(), "figure2: drawn again, its script has changed"));
    hash_file(after, svg);
    cr_expect_str_neq(before, after);
    cr_expect(strstr(world_text(svg), "another axis"));
    cr_expect(strstr(world_text(svg), "A caption of two lines"));
    // The provenance knows the new files, so the result is still fresh, and nothing is drawn twice.
    world_listen();
    look_again();
    cr_expect(!strstr(world_said(), "drawn again"));
}

Test(figure, a_change_of_what_its_script_loads_draws_a_figure_again)
{
    static const char base[] = "load \"figures/style.gp\"\nset xlabel \"%s axis\"\n";
    char text[128];
    snprintf(text, sizeof text, base, "one");
    world_write("figures/base.gp", text);
    draw("curve",
         "# loads another\nload 'figures/base.gp'\n"
         "plot table using \"i\":\"value\" with lines\n",
         "A caption", NULL);
    look_again();
    cr_expect(!strstr(world_said(), "drawn again"));
    snprintf(text, sizeof text, base, "another");
    world_write("figures/base.gp", text);
    look_again();
    cr_expect(strstr(world_said(), "figure2: drawn again, its script has changed"));
    cr_expect(strstr(world_text(svg), "another axis"));
}

static void look_again_child(const void *unused)
{
    (void)unused;
    look_again();
}

Test(figure, a_script_that_fails_leaves_the_figures_drawn_before_it_and_the_result)
{
    static const char *const names[] = {"first", "second"};
    struct run run;
    char words[512], path[PATH_SIZE];
    world_run(&run, "--tier smoke", words);
    for (int i = 0; i < 2; ++i) {
        path_format(path, "figures/%s.gp", names[i]);
        world_write(path, script);
        path_format(path, "results/smoke-planted/02-demo/%s.tsv", names[i]);
        world_write(path, "i\tvalue\n1\t2\n2\t3\n");
        figure_draw(&run, names[i], names[i], "A caption", NULL);
    }
    world_listen();
    run_close(&run);
    world_write("figures/first.gp", "load \"figures/style.gp\"\n"
                                    "plot table using \"i\":\"value\" with lines\n");
    world_write("figures/second.gp", "load \"figures/style.gp\"\nplott 1\n");
    static struct ending ending;
    ending_of(&ending, look_again_child, NULL);
    cr_expect_eq(ending.code, EXIT_SYSTEM);
    cr_expect(strstr(ending.says, "first: drawn again"), "%s", ending.says);
    cr_expect(strstr(ending.says, "figures/second.gp"), "%s", ending.says);
    // look_again requires a result that is still fresh.
    world_write("figures/second.gp", script);
    world_listen();
    look_again();
    cr_expect(!strstr(world_said(), "drawn again"),
              "the first is as drawn, the second as it was");
}
