#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "cli/command.h"
#include "cli/message.h"

/* Says that it ran, and with what. */
static int run(const struct command *command, int argc, char **argv)
{
	(void)fprintf(stderr, "%s ran:", command->name);
	for (int i = 1; i < argc; i++)
		(void)fprintf(stderr, " %s", argv[i]);
	(void)fprintf(stderr, "\n");
	return 42;
}

static const struct command serve = { .name = "serve", .summary = "answers", .run = run };
static const struct command path = { .name = "path", .summary = "path", .run = run };
static const struct command report = { .name = "report", .summary = "reports" };
static const struct command report_list = { .name = "report list", .summary = "l", .run = run };
static const struct command report_show = { .name = "report show", .summary = "s", .run = run };
static const struct command mesh = { .name = "mesh", .summary = "mesh", .run = run };
static const struct command mesh_once = { .name = "mesh once", .summary = "o", .run = run };

const struct command *const *command_table(void)
{
	static const struct command *const commands[] = { &serve,       &path,        &report,
							  &report_list, &report_show, &mesh,
							  &mesh_once,   NULL };
	return commands;
}

/* clang-format off */
static const struct { const char *line; int code; const char *printed; } cases[] = {
	{ "conntest serve -x y", 42, "serve ran: -x y\n" },
	{ "conntest report show a", 42, "report show ran: a\n" },
	{ "conntest mesh", 42, "mesh ran:\n" },
	{ "conntest mesh other", 42, "mesh ran: other\n" },
	{ "conntest mesh once -q", 42, "mesh once ran: -q\n" },
	{ "conntest server", 2, "conntest: server: no such command; did you mean serve?\n" },
	{ "conntest trace", 2, "conntest: trace: no such command; did you mean path?\n" },
	{ "conntest iperf3", 2, "conntest: iperf3: no such command; conntest --help lists them\n" },
	{ "conntest list", 2, "conntest: list: no such command; conntest --help lists them\n" },
	{ "conntest report lsit", 2, "conntest report: lsit: no such command; did you mean list?\n" },
	{ "conntest report x", 2, "conntest report: x: no such command; conntest report --help lists them\n" },
	{ "conntest -c 5", 2, "conntest: -c: a command comes first (conntest --help lists them)\n" },
	{ "conntest \033[31m", 2, "conntest: ?[31m: no such command; conntest --help lists them\n" },
};
/* clang-format on */

struct outcome {
	int code;
	char *printed; /* on stderr; freed by the caller */
};

static struct outcome dispatch(const char *line)
{
	struct outcome outcome = { 0 };
	char copy[256];
	char *argv[8] = { NULL };
	char *rest = NULL;
	size_t size = 0;
	int argc = 0;
	(void)snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;

	FILE *terminal = stderr;
	stderr = open_memstream(&outcome.printed, &size);
	assert_non_null(stderr);
	outcome.code = command_dispatch(argc, argv);
	assert_int_equal(fclose(stderr), 0);
	stderr = terminal;
	return outcome;
}

static void finds_commands_and_what_was_meant(void **state)
{
	for (size_t i = 0; i < array_size(cases); i++) {
		struct outcome outcome = dispatch(cases[i].line);
		assert_string_equal(outcome.printed, cases[i].printed);
		assert_int_equal(outcome.code, cases[i].code);
		free(outcome.printed);
	}
}

static void stops_after_options(void **state)
{
	struct error error = { "" };
	assert_int_equal(command_stop(&serve, -ECANCELED, &error), EXIT_OK);
	assert_int_equal(command_stop(&serve, -EINVAL, &error), EXIT_USAGE);
}

static void exit_codes_have_sentences(void **state)
{
	for (unsigned code = EXIT_OK; code <= EXIT_UNABLE; code++)
		assert_true(strlen(exit_code_sentence((enum exit_code)code)) > 10);
}

static void color_needs_a_terminal_or_an_order(void **state)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	assert_false(message_has_color("auto", file));
	assert_true(message_has_color("always", file));
	assert_false(message_has_color("never", file));
	assert_int_equal(fclose(file), 0);

	file = fopen("/dev/ptmx", "r+e");
	if (!file)
		return;
	assert_int_equal(setenv("TERM", "xterm", 1), 0);
	assert_int_equal(unsetenv("NO_COLOR"), 0);
	assert_true(message_has_color("auto", file));
	assert_int_equal(setenv("NO_COLOR", "", 1), 0);
	assert_true(message_has_color("auto", file));
	assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
	assert_false(message_has_color("auto", file));
	assert_true(message_has_color("always", file));
	assert_int_equal(unsetenv("NO_COLOR"), 0);
	assert_int_equal(setenv("TERM", "dumb", 1), 0);
	assert_false(message_has_color("auto", file));
	assert_int_equal(fclose(file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_commands_and_what_was_meant),
		cmocka_unit_test(stops_after_options),
		cmocka_unit_test(exit_codes_have_sentences),
		cmocka_unit_test(color_needs_a_terminal_or_an_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
