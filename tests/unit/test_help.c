/* --help, the manual and completions: all that is derived from the rows of a command. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/manual.h"

struct load_options {
	uint64_t connections;
	const char *color;
	struct option_list expect;
	bool has_probe;
	uint64_t buffer;
	const char *ca;
};

static const struct option_row load_rows[] = {
	OPTION(struct load_options, connections, OPTION_COUNT, .name = "connections", .letter = 'c',
	       .placeholder = "COUNT", .default_text = "20", .help = "how many at a time"),
	OPTION(struct load_options, expect, OPTION_LIST, .name = "expect", .letter = 'e',
	       .placeholder = "'NAME OP VALUE'",
	       .help = "exit 1 unless it holds, and a very long explanation that has to be broken "
		       "in order to stay inside of one hundred columns, twice even, as it goes on "
		       "and on"),
	OPTION(struct load_options, has_probe, OPTION_FLAG, .name = "probe", .default_text = "true",
	       .level = OPTION_ALL, .help = ".don't \\ probe \"it\""),
	OPTION(struct load_options, color, OPTION_CHOICE, .name = "color", .level = OPTION_OUTPUT,
	       .choices = "auto always never", .default_text = "auto", .help = "colour"),
	OPTION(struct load_options, buffer, OPTION_SIZE, .name = "receive-buffer-of-the-kernel",
	       .placeholder = "SIZE", .level = OPTION_SOCKET, .help = "bytes"),
	OPTION(struct load_options, ca, OPTION_TEXT, .name = "ca", .placeholder = "FILE",
	       .level = OPTION_TLS, .help = "whom to trust"),
};

static int run(const struct command *command, int argc, char **argv)
{
	return EXIT_OK;
}

static const struct command load = {
	.name = "load",
	.summary = "as much as asked",
	.operands = "TARGET...",
	.options = { load_rows, array_size(load_rows) },
	.options_size = sizeof(struct load_options),
	.description = "First paragraph.\n\n.Second one.",
	.examples = "conntest load web   # all it takes\nconntest load -c 5 web",
	.run = run,
};
static const struct command report = { .name = "report", .summary = "reports of runs" };
static const struct command show = { .name = "report show", .summary = "one of them", .run = run };

const struct command *const *command_table(void)
{
	static const struct command *const commands[] = { &load, &report, &show, NULL };
	return commands;
}

static const char load_help[] =
	"Usage: conntest load [OPTION...] TARGET...\n"
	"\n"
	"As much as asked\n"
	"\n"
	"Options:\n"
	"  -c, --connections COUNT       how many at a time (default 20)\n"
	"  -e, --expect 'NAME OP VALUE'  exit 1 unless it holds, and a very long explanation that has to be\n"
	"                                broken in order to stay inside of one hundred columns, twice even,\n"
	"                                as it goes on and on (may be repeated)\n"
	"\n"
	"Examples:\n"
	"  conntest load web   # all it takes\n"
	"  conntest load -c 5 web\n"
	"\n"
	"All options: conntest load --help all|socket|tls|output\n"
	"The manual:  conntest help load\n";

static const char socket_help[] = "Usage: conntest load [OPTION...] TARGET...\n"
				  "\n"
				  "As much as asked\n"
				  "\n"
				  "Socket options:\n"
				  "      --receive-buffer-of-the-kernel SIZE\n"
				  "                                  bytes\n"
				  "\n"
				  "Examples:\n"
				  "  conntest load web   # all it takes\n"
				  "  conntest load -c 5 web\n";

static char *help_of(const struct command *command, enum option_level level)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	help_print_command(out, command, level);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void help_shows_one_level(void **state)
{
	char *text = help_of(&load, OPTION_FIRST_HOUR);
	assert_string_equal(text, load_help);
	free(text);
	text = help_of(&load, OPTION_SOCKET);
	assert_string_equal(text, socket_help);
	free(text);
	text = help_of(&load, help_level_find("tls"));
	assert_non_null(strstr(text, "\nTLS options:\n      --ca FILE "));
	assert_null(strstr(text, "bytes"));
	free(text);
}

static void help_all_shows_every_option(void **state)
{
	char *text = help_of(&load, OPTION_ALL);
	assert_non_null(strstr(text, "\nMore options:\n      --no-probe "));
	assert_non_null(strstr(text, "\nSocket options:\n"));
	assert_non_null(strstr(text, "      --color auto|always|never "));
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= HELP_COLUMNS);
	free(text);
}

static void a_group_lists_what_is_inside(void **state)
{
	char *text = help_of(&report, OPTION_FIRST_HOUR);
	assert_non_null(strstr(text, "Usage: conntest report COMMAND\n"));
	assert_non_null(strstr(text, "  report show  one of them\n"));
	assert_null(strstr(text, "as much as asked"));
	free(text);
}

static char *manual_of(const char *page)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_int_equal(manual_print(out, page), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void manual_escapes_what_means_something(void **state)
{
	char *text = manual_of("conntest-load");
	assert_non_null(strstr(text, "\n.Nm conntest-load\n.Nd \"as much as asked\"\n"));
	assert_non_null(strstr(text, "\n.Pp\n\\&.Second one.\n"));
	assert_non_null(strstr(text, "\n.It Fl \"\\-no\\-probe\"\n\\&.don't \\e probe \"it\"\n"));
	assert_non_null(strstr(text,
			       "\n.It Fl c Ar \"COUNT\" , Fl \"\\-connections\" Ar \"COUNT\"\n"
			       "how many at a time\n(default\n.Ql \"20\" )\n"));
	assert_non_null(strstr(text, ".Ev CONNTEST_LOAD_CONNECTIONS\n"));
	free(text);
}

static void manual_of_a_group_holds_its_commands(void **state)
{
	char *text = manual_of("conntest-report");
	assert_non_null(strstr(text, "\n.Ss conntest report show\none of them\n"));
	assert_null(strstr(text, "as much as asked"));
	free(text);
	assert_int_equal(manual_print(stdout, "conntest-report-show"), -ENOENT);

	char page[MANUAL_PAGE_MAX];
	assert_string_equal(manual_page(&show, page), "conntest-report");
	assert_string_equal(manual_page(NULL, page), "conntest");
}

#define WORDS_MAX 6

/* clang-format off */
static const struct { const char *words[WORDS_MAX]; const char *candidates; } completions[] = {
	{ { "" }, "load report " },
	{ { "re" }, "report " },
	{ { "nope", "" }, "" },
	{ { "report", "" }, "show " },
	{ { "report", "show", "--" }, "--help " },
	{ { "load", "" }, "" },
	{ { "load", "--c" }, "--connections --color --ca " },
	{ { "load", "web", "--" }, "--connections --expect --no-probe --color --receive-buffer-of-the-kernel --ca --help " },
	{ { "load", "--color", "" }, "auto always never " },
	{ { "load", "--color", "a" }, "auto always " },
	{ { "load", "--color=n" }, "--color=never " },
	{ { "load", "--color", "=" }, "auto always never " },
	{ { "load", "--color", "=", "ne" }, "never " },
	{ { "load", "-c", "--" }, "" },
	{ { "load", "-c", "5", "--exp" }, "--expect " },
	{ { "load", "--no-probe", "--exp" }, "--expect " },
	{ { "help", "lo" }, "load " },
	{ { "help", "un" }, "units " },
	{ { "help", "report", "" }, "show " },
};
/* clang-format on */

static void completes_words(void **state)
{
	for (size_t i = 0; i < array_size(completions); i++) {
		char *text = NULL;
		size_t size = 0;
		size_t count = 0;
		while (count < WORDS_MAX && completions[i].words[count])
			count++;
		FILE *out = open_memstream(&text, &size);
		assert_non_null(out);
		complete_print(out, completions[i].words, count);
		assert_int_equal(fclose(out), 0);

		/* Keep the words, drop the summaries. */
		char words[512] = "";
		size_t used = 0;
		for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%.*s ",
						 (int)strcspn(line, "\t"), line);
		assert_string_equal(words, completions[i].candidates);
		free(text);
	}
}

static void completes_nothing_at_all(void **state)
{
	complete_print(stdout, NULL, 0);
	assert_null(complete_script("tcsh"));
	assert_non_null(complete_script("fish"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_shows_one_level),
		cmocka_unit_test(help_all_shows_every_option),
		cmocka_unit_test(a_group_lists_what_is_inside),
		cmocka_unit_test(manual_escapes_what_means_something),
		cmocka_unit_test(manual_of_a_group_holds_its_commands),
		cmocka_unit_test(completes_words),
		cmocka_unit_test(completes_nothing_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
