#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "cli/command.h"
#include "cli/option.h"

struct traffic_options {
	uint64_t connections;
	uint64_t duration_ns;
	uint64_t message_size;
	struct rate rate;
	struct bandwidth bandwidth;
	const char *color;
	const char *source;
	const char *token;
	const char *receiver;
	struct option_list expect;
	bool is_quiet;
	bool is_verbose;
	bool has_probe;
	bool is_not_saved;
};

static const struct option_row traffic_rows[] = {
	OPTION(struct traffic_options, connections, OPTION_COUNT, .name = "connections",
	       .letter = 'c', .placeholder = "COUNT", .default_text = "20", .minimum = "1",
	       .maximum = "10k", .help = "how many"),
	OPTION(struct traffic_options, duration_ns, OPTION_TIME, .name = "duration", .letter = 'T',
	       .placeholder = "TIME", .default_text = "10s", .help = "how long"),
	OPTION(struct traffic_options, message_size, OPTION_SIZE, .name = "message-size",
	       .placeholder = "SIZE", .default_text = "1KiB", .minimum = "64B", .help = "bytes"),
	OPTION(struct traffic_options, rate, OPTION_RATE, .name = "rate", .letter = 'r',
	       .placeholder = "RATE", .default_text = "10/conn", .maximum = "1M",
	       .help = "a second"),
	OPTION(struct traffic_options, bandwidth, OPTION_BANDWIDTH, .name = "bandwidth",
	       .letter = 'b', .placeholder = "BANDWIDTH", .instead_of = "rate", .help = "bits"),
	OPTION(struct traffic_options, color, OPTION_CHOICE, .name = "color",
	       .choices = "auto always never", .default_text = "auto", .help = "colour"),
	OPTION(struct traffic_options, source, OPTION_TEXT, .name = "source",
	       .placeholder = "ADDRESS", .help = "from"),
	OPTION(struct traffic_options, token, OPTION_TEXT, .name = "token", .placeholder = "TEXT",
	       .is_secret = true, .help = "secret"),
	OPTION(struct traffic_options, receiver, OPTION_TEXT, .name = "receiver",
	       .placeholder = "URI", .bare_text = "auto", .help = "who counts"),
	OPTION(struct traffic_options, expect, OPTION_LIST, .name = "expect", .letter = 'e',
	       .placeholder = "EXPECTATION", .default_text = "one\ntwo", .help = "exit 1 unless"),
	OPTION(struct traffic_options, is_quiet, OPTION_FLAG, .name = "quiet", .letter = 'q',
	       .help = "no events"),
	OPTION(struct traffic_options, is_verbose, OPTION_FLAG, .name = "verbose", .letter = 'v',
	       .help = "all events"),
	OPTION(struct traffic_options, has_probe, OPTION_FLAG, .name = "probe",
	       .default_text = "true", .help = "probe the path"),
	OPTION(struct traffic_options, is_not_saved, OPTION_FLAG, .name = "no-save",
	       .help = "keep no report"),
};
static const struct command traffic = {
	.name = "traffic",
	.options = { traffic_rows, array_size(traffic_rows) },
	.options_size = sizeof(struct traffic_options),
	.wraps_command = true,
};
static const struct command load = {
	.name = "load",
	.options = { traffic_rows, array_size(traffic_rows) },
	.options_size = sizeof(struct traffic_options),
};
static const struct command show = { .name = "traffic show" };

const struct command *const *command_table(void)
{
	static const struct command *const commands[] = { &traffic, &load, &show, NULL };
	return commands;
}

#define ARGUMENTS_MAX 32

/* A command line cut at blanks; words live in `line`. */
struct parsed {
	char line[256];
	char *argv[ARGUMENTS_MAX];
	struct traffic_options options;
	struct operands operands;
	struct error error;
	int code;
};

static void parse(struct parsed *parsed, const struct command *command, const char *line)
{
	char *rest = NULL;
	int argc = 0;
	memset(parsed, 0, sizeof(*parsed));
	(void)snprintf(parsed->line, sizeof(parsed->line), "%s", line);
	for (char *word = strtok_r(parsed->line, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		parsed->argv[argc++] = word;
	parsed->code = options_parse(command, argc, parsed->argv, &parsed->options,
				     &parsed->operands, &parsed->error);
}

static void parsed_deinit(struct parsed *parsed)
{
	operands_deinit(&parsed->operands);
}

static void append_setting(void *context, const char *name, const char *value)
{
	buffer_append_format(context, "%s=%s ", name, value);
}

static void check_settings(const struct parsed *parsed, const char *expected)
{
	struct buffer settings;
	buffer_init(&settings, 4096);
	assert_string_equal(parsed->error.text, "");
	assert_int_equal(parsed->code, 0);
	options_echo(&traffic, &parsed->options, append_setting, &settings);
	assert_string_equal(buffer_text(&settings), expected);
	buffer_deinit(&settings);
}

#define DEFAULTS_BEFORE_RATE "connections=20 duration=10s message-size=1KiB "
#define DEFAULTS_AFTER_RATE \
	"color=auto expect=one expect=two quiet=false verbose=false probe=true no-save=false "

/* clang-format off */
static const struct { const char *line; const char *settings; } lines[] = {
	{ "traffic", DEFAULTS_BEFORE_RATE "rate=10/conn " DEFAULTS_AFTER_RATE },
	{ "traffic -r 5", DEFAULTS_BEFORE_RATE "rate=5 " DEFAULTS_AFTER_RATE },
	{ "traffic -r5k/s", DEFAULTS_BEFORE_RATE "rate=5k " DEFAULTS_AFTER_RATE },
	{ "traffic --rate 5/conn", DEFAULTS_BEFORE_RATE "rate=5/conn " DEFAULTS_AFTER_RATE },
	{ "traffic --rate=5 --rate=6 -r7", DEFAULTS_BEFORE_RATE "rate=7 " DEFAULTS_AFTER_RATE },
	{ "traffic web -r 0.1 web2", DEFAULTS_BEFORE_RATE "rate=0.1 " DEFAULTS_AFTER_RATE },
	{ "traffic -c 1 -T 1m --message-size 64 -b 5Mbps/conn --color never --source a=b --token x -e three --expect=four -qv --no-probe --no-save",
	  "connections=1 duration=1m message-size=64B rate=10/conn bandwidth=5Mbps/conn color=never source=a=b token=*** expect=three expect=four quiet=true verbose=true probe=false no-save=true " },
	{ "traffic -q --no-quiet --no-save --save --no-probe --probe -r0", DEFAULTS_BEFORE_RATE "rate=0 " DEFAULTS_AFTER_RATE },
	{ "traffic -qr0 --no-quiet", DEFAULTS_BEFORE_RATE "rate=0 " DEFAULTS_AFTER_RATE },
	{ "traffic --receiver -r 5", DEFAULTS_BEFORE_RATE "rate=5 color=auto receiver=auto expect=one expect=two quiet=false verbose=false probe=true no-save=false " },
	{ "traffic --receiver", DEFAULTS_BEFORE_RATE "rate=10/conn color=auto receiver=auto expect=one expect=two quiet=false verbose=false probe=true no-save=false " },
	{ "traffic --receiver x", DEFAULTS_BEFORE_RATE "rate=10/conn color=auto receiver=x expect=one expect=two quiet=false verbose=false probe=true no-save=false " },
	{ "traffic -r 0 -- -x --nonsense", DEFAULTS_BEFORE_RATE "rate=0 " DEFAULTS_AFTER_RATE },
};

static const struct { const struct command *command; const char *line; const char *error; } faults[] = {
	/* screens.md, C5 */
	{ &traffic, "traffic -t 60 web:5003", "-t: no such option; how long is -T 60s (--duration)" },
	{ &traffic, "traffic -t60", "-t: no such option; how long is -T 60s (--duration)" },
	{ &traffic, "traffic -t 5m", "-t: no such option; how long is -T 5m (--duration)" },
	{ &traffic, "traffic -t", "-t: no such option; how long is -T 60s (--duration)" },
	{ &traffic, "traffic --time=60", "--time: no such option; how long is -T 60s (--duration)" },
	{ &load, "load -T 60 web:5003", "-T: \"60\" has no unit: 60s, 60m or 60ms?" },
	{ &load, "load -P 4 -R 10.9.1.2", "-P: no such option; connections are -c 4" },
	{ &load, "load -R 10.9.1.2", "-R: no such option; to receive, use source://HOST" },
	{ &traffic, "traffic -R 100", "-R: no such option; messages a second are -r 100" },
	{ &traffic, "traffic -u web", "-u: no such option; UDP is a target: udp://HOST" },
	{ &traffic, "traffic -nconn 200 web", "-nconn: no such option; connections are -c 200" },
	{ &traffic, "traffic --threads 2", "--threads: no such option; conntest traffic --help all lists them" },
	{ &traffic, "traffic --duraton 5s", "--duraton: no such option; did you mean --duration?" },
	{ &traffic, "traffic --dur 5s", "--dur: no such option; did you mean --duration?" },
	{ &traffic, "traffic --dur=5s", "--dur: no such option; did you mean --duration?" },
	{ &traffic, "traffic --hlep", "--hlep: no such option; did you mean --help?" },
	{ &traffic, "traffic -x", "-x: no such option; conntest traffic --help all lists them" },
	{ &traffic, "traffic -qx", "-x: no such option; conntest traffic --help all lists them" },
	{ &traffic, "traffic --no-rate", "--no-rate: no such option; did you mean --no-save?" },
	{ &traffic, "traffic --quiet=yes", "--quiet: takes no value" },
	{ &traffic, "traffic --rate", "--rate: needs a value: --rate RATE" },
	{ &traffic, "traffic --color", "--color: needs a value: --color auto|always|never" },
	{ &traffic, "traffic -r", "-r: needs a value: -r RATE" },
	{ &traffic, "traffic -r 10x", "-r: \"10x\" is not a rate (try 10k or 5M)" },
	{ &traffic, "traffic --rate=10x", "--rate: \"10x\" is not a rate (try 10k or 5M)" },
	{ &traffic, "traffic -r 2M", "-r: 2M is more than 1M" },
	{ &traffic, "traffic -c 0", "-c: 0 is less than 1" },
	{ &traffic, "traffic -c 11k", "-c: 11k is more than 10k" },
	{ &traffic, "traffic --message-size 63", "--message-size: 63 is less than 64B" },
	{ &traffic, "traffic -b 500", "-b: \"500\" has no unit: 500Mbps (bits) or 500MBps (bytes)?" },
	{ &traffic, "traffic -b 5Mbps -r 5", "--bandwidth stands instead of --rate: give one of them" },
	{ &traffic, "traffic -r 5 -b 5Mbps", "--bandwidth stands instead of --rate: give one of them" },
	{ &traffic, "traffic --expect=", "--expect: is empty, it needs EXPECTATION" },
	{ &traffic, "traffic --color blue", "--color: \"blue\" is not auto, always or never" },
	{ &traffic, "traffic --color nevre", "--color: \"nevre\" is no choice; did you mean never?" },
	{ &traffic, "traffic --token @/no/such/file", "--token: cannot read /no/such/file: No such file or directory" },
	{ &traffic, "traffic --token @/dev/zero", "--token: cannot read /dev/zero as a text of less than 64 KiB" },
};
/* clang-format on */

static void reads_command_lines(void **state)
{
	for (size_t i = 0; i < array_size(lines); i++) {
		struct parsed parsed;
		parse(&parsed, &traffic, lines[i].line);
		check_settings(&parsed, lines[i].settings);
		parsed_deinit(&parsed);
	}
}

static void says_what_is_wrong(void **state)
{
	for (size_t i = 0; i < array_size(faults); i++) {
		struct parsed parsed;
		parse(&parsed, faults[i].command, faults[i].line);
		assert_string_equal(parsed.error.text, faults[i].error);
		assert_int_equal(parsed.code, -EINVAL);
		parsed_deinit(&parsed);
	}
}

static void leaves_operands_in_order(void **state)
{
	struct parsed parsed;
	parse(&parsed, &load, "load a -r 5 - b -q -- -c --help");
	assert_int_equal(parsed.code, 0);
	assert_int_equal(parsed.operands.count, 5);
	static const char *const expected[] = { "a", "-", "b", "-c", "--help" };
	for (size_t i = 0; i < array_size(expected); i++)
		assert_string_equal(parsed.operands.items[i], expected[i]);
	assert_null(parsed.operands.wrapped);
	parsed_deinit(&parsed);
}

static void hands_over_the_wrapped_command(void **state)
{
	struct parsed parsed;
	parse(&parsed, &traffic, "traffic web -- sh -c true");
	assert_int_equal(parsed.code, 0);
	assert_int_equal(parsed.operands.count, 1);
	assert_int_equal(parsed.operands.wrapped_count, 3);
	assert_string_equal(parsed.operands.wrapped[1], "-c");
	assert_null(parsed.operands.wrapped[3]);
	parsed_deinit(&parsed);

	parse(&parsed, &traffic, "traffic web --");
	assert_non_null(parsed.operands.wrapped);
	assert_int_equal(parsed.operands.wrapped_count, 0);
	parsed_deinit(&parsed);
}

static void limits_lists(void **state)
{
	char *argv[2 + OPTION_LIST_MAX] = { "traffic" };
	for (int i = 1; i < 2 + OPTION_LIST_MAX; i++)
		argv[i] = "-ex";
	struct parsed parsed = { .code = 0 };
	parsed.code = options_parse(&traffic, 1 + OPTION_LIST_MAX, argv, &parsed.options,
				    &parsed.operands, &parsed.error);
	assert_int_equal(parsed.code, 0);
	assert_int_equal(parsed.options.expect.count, OPTION_LIST_MAX);
	parsed_deinit(&parsed);
	parsed.code = options_parse(&traffic, 2 + OPTION_LIST_MAX, argv, &parsed.options,
				    &parsed.operands, &parsed.error);
	assert_string_equal(parsed.error.text, "-e: 64 at most");
	parsed_deinit(&parsed);
}

/* clang-format off */
static const struct {
	const char *variable;
	const char *value;
	const char *line;
	const char *settings; /* NULL: it fails */
	const char *error;
} variables[] = {
	{ "CONNTEST_TRAFFIC_RATE", "5", "traffic", DEFAULTS_BEFORE_RATE "rate=5 " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_RATE", "5", "traffic -r 6", DEFAULTS_BEFORE_RATE "rate=6 " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_RATE", "5", "traffic -b 5Mbps", DEFAULTS_BEFORE_RATE "rate=10/conn bandwidth=5Mbps " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_BANDWIDTH", "5Mbps", "traffic", DEFAULTS_BEFORE_RATE "rate=10/conn bandwidth=5Mbps " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_BANDWIDTH", "5Mbps", "traffic -r 6", DEFAULTS_BEFORE_RATE "rate=6 " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_RATE", "", "traffic -r0", DEFAULTS_BEFORE_RATE "rate=0 " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_LOAD_RATE", "x", "traffic -r0", DEFAULTS_BEFORE_RATE "rate=0 " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_EXPECT", "a\n\nb c\n", "traffic -r0",
	  DEFAULTS_BEFORE_RATE "rate=0 color=auto expect=a expect=b c quiet=false verbose=false probe=true no-save=false ", NULL },
	{ "CONNTEST_TRAFFIC_EXPECT", "a\nb", "traffic -r0 -ed",
	  DEFAULTS_BEFORE_RATE "rate=0 color=auto expect=d quiet=false verbose=false probe=true no-save=false ", NULL },
	{ "CONNTEST_TRAFFIC_QUIET", "TRUE", "traffic -r0",
	  DEFAULTS_BEFORE_RATE "rate=0 color=auto expect=one expect=two quiet=true verbose=false probe=true no-save=false ", NULL },
	{ "CONNTEST_TRAFFIC_PROBE", "0", "traffic -r0 --no-save",
	  DEFAULTS_BEFORE_RATE "rate=0 color=auto expect=one expect=two quiet=false verbose=false probe=false no-save=true ", NULL },
	/* A Kubernetes service called conntest-traffic brings these. */
	{ "CONNTEST_TRAFFIC_SERVICE_HOST", "10.0.0.1", "traffic -r0", DEFAULTS_BEFORE_RATE "rate=0 " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_PORT", "tcp://10.0.0.1:5003", "traffic -r0", DEFAULTS_BEFORE_RATE "rate=0 " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_PORT_5003_TCP_ADDR", "10.0.0.1", "traffic -r0", DEFAULTS_BEFORE_RATE "rate=0 " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_SHOW_ALL", "x", "traffic -r0", DEFAULTS_BEFORE_RATE "rate=0 " DEFAULTS_AFTER_RATE, NULL },
	{ "CONNTEST_TRAFFIC_QUIET", "maybe", "traffic", NULL, "CONNTEST_TRAFFIC_QUIET: \"maybe\" is neither true nor false" },
	{ "CONNTEST_TRAFFIC_DURATION", "60", "traffic", NULL, "CONNTEST_TRAFFIC_DURATION: \"60\" has no unit: 60s, 60m or 60ms?" },
	{ "CONNTEST_TRAFFIC_MESSAGE_SIZE", "63", "traffic", NULL, "CONNTEST_TRAFFIC_MESSAGE_SIZE: 63 is less than 64B" },
	{ "CONNTEST_TRAFFIC_RATES", "5", "traffic", NULL, "CONNTEST_TRAFFIC_RATES: no such variable; did you mean CONNTEST_TRAFFIC_RATE?" },
	{ "CONNTEST_TRAFFIC_RATES", "5", "traffic -x", NULL, "-x: no such option; conntest traffic --help all lists them" },
};
/* clang-format on */

static void reads_the_environment(void **state)
{
	for (size_t i = 0; i < array_size(variables); i++) {
		struct parsed parsed;
		assert_int_equal(setenv(variables[i].variable, variables[i].value, 1), 0);
		parse(&parsed, &traffic, variables[i].line);
		if (variables[i].settings)
			check_settings(&parsed, variables[i].settings);
		else
			assert_string_equal(parsed.error.text, variables[i].error);
		assert_int_equal(parsed.code, variables[i].settings ? 0 : -EINVAL);
		parsed_deinit(&parsed);
		assert_int_equal(unsetenv(variables[i].variable), 0);
	}
}

static void reads_secrets_from_files(void **state)
{
	char path[] = "/tmp/conntest-secret-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "s3cret\n", 7), 7);
	assert_int_equal(close(fd), 0);

	struct parsed parsed;
	char line[64];
	(void)snprintf(line, sizeof(line), "traffic --token @%s", path);
	parse(&parsed, &traffic, line);
	assert_string_equal(parsed.options.token, "s3cret");
	parsed_deinit(&parsed);
	assert_int_equal(unlink(path), 0);
}

static void knows_what_was_given(void **state)
{
	char *argv[] = { "traffic", "-c", "20", "web", NULL };
	struct traffic_options options;
	struct operands operands;
	struct error error = { "" };
	setenv("CONNTEST_TRAFFIC_RATE", "5/s", 1);
	assert_int_equal(options_parse(&traffic, 4, argv, &options, &operands, &error), 0);
	unsetenv("CONNTEST_TRAFFIC_RATE");
	assert_true(option_is_given(&traffic, &operands, "connections"));
	assert_true(option_is_given(&traffic, &operands, "rate"));
	assert_false(option_is_given(&traffic, &operands, "duration"));
	assert_false(option_is_given(&traffic, &operands, "nonsense"));
	operands_deinit(&operands);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_command_lines),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(leaves_operands_in_order),
		cmocka_unit_test(hands_over_the_wrapped_command),
		cmocka_unit_test(knows_what_was_given),
		cmocka_unit_test(limits_lists),
		cmocka_unit_test(reads_the_environment),
		cmocka_unit_test(reads_secrets_from_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
