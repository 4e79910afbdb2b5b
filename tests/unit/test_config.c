/* Configuration files: what is read, who outweighs whom, and every fault with its line. */
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
#include "cli/config.h"
#include "cli/config_example.h"

struct traffic_options {
	uint64_t connections;
	uint64_t duration_ns;
	const char *source;
	const char *token;
	struct option_list expect;
	bool is_quiet;
	const char *config;
};

static const struct option_row traffic_rows[] = {
	OPTION(struct traffic_options, connections, OPTION_COUNT, .name = "connections",
	       .letter = 'c', .placeholder = "COUNT", .default_text = "20", .maximum = "10k",
	       .help = "how many"),
	OPTION(struct traffic_options, duration_ns, OPTION_TIME, .name = "duration", .letter = 'T',
	       .placeholder = "TIME", .default_text = "10s", .help = "how long"),
	OPTION(struct traffic_options, source, OPTION_TEXT, .name = "source",
	       .placeholder = "ADDRESS", .help = "from"),
	OPTION(struct traffic_options, token, OPTION_TEXT, .name = "token", .placeholder = "TEXT",
	       .is_secret = true, .help = "secret"),
	OPTION(struct traffic_options, expect, OPTION_LIST, .name = "expect", .letter = 'e',
	       .placeholder = "'NAME OP VALUE'", .default_text = "x < 1\ny > 2",
	       .help = "exit 1 unless"),
	OPTION(struct traffic_options, is_quiet, OPTION_FLAG, .name = "quiet", .letter = 'q',
	       .help = "no events"),
	CONFIG_OPTION(struct traffic_options, config),
};
static const struct command traffic = {
	.name = "traffic",
	.summary = "traffic",
	.options = { traffic_rows, array_size(traffic_rows) },
	.options_size = sizeof(struct traffic_options),
};
static const struct command serve = {
	.name = "serve",
	.summary = "serve",
	.options = { traffic_rows, array_size(traffic_rows) },
	.options_size = sizeof(struct traffic_options),
};
static const struct command show = { .name = "show", .summary = "show" };

const struct command *const *command_table(void)
{
	static const struct command *const commands[] = { &traffic, &serve, &show, NULL };
	return commands;
}

/* ---- what a file says */

static int append_value(void *context, const struct option_row *row, const char *value)
{
	buffer_append_format(context, "%s=%s|", row->name, value);
	return 0;
}

/* clang-format off */
static const struct { const char *text; const char *values; } files[] = {
	{ "", "" },
	{ "# nothing\n", "" },
	{ "---\n", "" },
	{ "---\n...\n", "" },
	{ "~\n", "" },
	{ "{}\n", "" },
	{ "traffic:\n", "" },
	{ "traffic: {}\nserve:\n", "" },
	{ "traffic:\n  connections: 5\n  duration: 1m\n", "connections=5|duration=1m|" },
	{ "\xef\xbb\xbf" "traffic:\r\n  connections: 5\r\n", "connections=5|" },
	{ "traffic: { connections: 5, 'quiet': yes }", "connections=5|quiet=yes|" },
	{ "serve:\n  connections: 7\ntraffic:\n  connections: 5\n", "connections=5|" },
	{ "traffic:\n  expect: a < 1\n", "expect=a < 1|" },
	{ "traffic:\n  expect:\n  - a < 1\n  - 'b: 2'\n", "expect=a < 1|expect=b: 2|" },
	{ "traffic:\n  expect: [a, \"b\"]\n", "expect=a|expect=b|" },
	{ "traffic:\n  expect: []\n", "" },
	{ "traffic:\n  source: \"\"\n  token: 'null'\n", "source=|token=null|" },
	{ "traffic:\n  source: >\n    a\n    b\n", "source=a b\n|" },
};

static const struct { const char *text; const char *error; } faults[] = {
	{ "traffic:\n  connectoins: 5\n", "line 2: connectoins: no such option; did you mean connections?" },
	{ "traffic:\n  xyzzy: 5\n", "line 2: xyzzy: no such option; conntest help config lists them" },
	{ "serve:\n  connectoins: 5\n", "line 2: connectoins: no such option; did you mean connections?" },
	{ "trafic:\n", "line 1: trafic: no command that has a section; did you mean traffic?" },
	{ "show:\n  connections: 5\n", "line 1: show: no command that has a section" },
	{ "connections: 5\n", "line 1: connections: an option stands below its command, \"traffic:\"" },
	{ "traffic:\n  quiet: true\n\n  quiet: true\n", "line 4: quiet: stands here twice" },
	{ "traffic:\nserve:\ntraffic:\n", "line 3: traffic: stands here twice" },
	{ "traffic:\n  config: other.yaml\n", "line 2: config: a file doesn't name another one" },
	{ "traffic:\n  source: &a b\n", "line 2: \"a\": anchors and aliases are not for these files" },
	{ "traffic:\n  source: *a\n", "line 2: \"a\": anchors and aliases are not for these files" },
	{ "traffic: &a\n  quiet: true\n", "line 1: \"a\": anchors and aliases are not for these files" },
	{ "traffic:\n  expect: &a [x]\n", "line 2: \"a\": anchors and aliases are not for these files" },
	{ "traffic:\n  source: !!str 5\n", "line 2: \"tag:yaml.org,2002:str\": tags are not for these files" },
	{ "traffic:\n  <<: { quiet: true }\n", "line 2: <<: no such option; conntest help config lists them" },
	{ "traffic:\n  source: {a: b}\n", "line 2: source: nothing is nested in it" },
	{ "traffic:\n  expect:\n  - [a]\n", "line 3: expect: nothing is nested in it" },
	{ "traffic:\n  source: [a]\n", "line 2: source: takes one value, no list" },
	{ "traffic:\n  source:\n", "line 2: source: has no value; leave it out, or write \"\"" },
	{ "traffic:\n  expect:\n  - a\n  -\n", "line 4: expect: has no value; leave it out, or write \"\"" },
	{ "traffic:\n  source: \"a\\0b\"\n", "line 2: source: has a NUL in it" },
	{ "traffic:\n  ? [a]\n  : b\n", "line 2: a key is one word" },
	{ "? {a: b}\n: c\n", "line 1: a key is one word" },
	{ "traffic: 5\n", "line 1: traffic: options stand below it, as \"connections: VALUE\"" },
	{ "- traffic\n", "line 1: a section comes first, as \"traffic:\"" },
	{ "5\n", "line 1: a section comes first, as \"traffic:\"" },
	{ "traffic:\n---\nserve:\n", "line 2: one document a file" },
	{ "traffic:\n\tquiet: true\n", "line 2: found character that cannot start any token (while scanning for the next token)" },
	{ "traffic:\n  source: 'a\n", "line 3: found unexpected end of stream (while scanning a quoted scalar)" },
	{ "traffic:\n quiet: true\n   source: a\n", "line 3: mapping values are not allowed in this context" },
	{ "traffic: \x01\n", "byte 9: control characters are not allowed" },
	{ "traffic: \xff\n", "byte 9: invalid leading UTF-8 octet" },
};
/* clang-format on */

static int parse(const char *text, struct buffer *values, struct error *error)
{
	return config_parse(text, strlen(text),
			    &(struct config_section){
				    .command = &traffic,
				    .value = append_value,
				    .context = values,
			    },
			    error);
}

static void reads_files(void **state)
{
	for (size_t i = 0; i < array_size(files); i++) {
		struct buffer values cleanup(buffer_deinit);
		struct error error = { "" };
		buffer_init(&values, 4096);
		int code = parse(files[i].text, &values, &error);
		assert_string_equal(error.text, "");
		assert_int_equal(code, 0);
		assert_string_equal(buffer_text(&values), files[i].values);
	}
}

static void says_what_is_wrong_and_where(void **state)
{
	for (size_t i = 0; i < array_size(faults); i++) {
		struct buffer values cleanup(buffer_deinit);
		struct error error = { "" };
		buffer_init(&values, 4096);
		int code = parse(faults[i].text, &values, &error);
		assert_string_equal(error.text, faults[i].error);
		assert_int_equal(code, -EINVAL);
	}
}

/* ---- files among the other sources */

static void append_setting(void *context, const char *name, const char *value)
{
	buffer_append_format(context, "%s=%s|", name, value);
}

/* Parses a command line with --config and the text as its file; what it makes, or the sentence
 * without the file's name. */
static void check(const char *text, size_t size, const char *argument, const char *expected)
{
	char path[] = "/tmp/conntest-config-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	assert_int_equal(close(fd), 0);
	char *argv[] = { "traffic", "--config", path, (char *)argument, NULL };
	struct traffic_options options;
	struct operands operands cleanup(operands_deinit);
	struct error error = { "" };
	struct buffer settings cleanup(buffer_deinit);
	buffer_init(&settings, 4096);
	int code = options_parse(&traffic, argument ? 4 : 3, argv, &options, &operands, &error);
	assert_int_equal(unlink(path), 0);
	if (code < 0) {
		assert_true(strncmp(error.text, path, strlen(path)) == 0);
		assert_string_equal(error.text + strlen(path) + 2, expected);
		return;
	}
	options.config = NULL;
	options_echo(&traffic, &options, append_setting, &settings);
	assert_string_equal(buffer_text(&settings), expected);
}

static void check_text(const char *text, const char *argument, const char *expected)
{
	check(text, strlen(text), argument, expected);
}

static void stands_between_defaults_and_environment(void **state)
{
	static const char file[] = "traffic:\n  connections: 5\n  duration: 1m\n  source: here\n"
				   "  expect: [f]\n  quiet: true\n";
	check_text("", NULL, "connections=20|duration=10s|expect=x < 1|expect=y > 2|quiet=false|");
	check_text(file, NULL, "connections=5|duration=1m|source=here|expect=f|quiet=true|");
	check_text(file, "-c9", "connections=9|duration=1m|source=here|expect=f|quiet=true|");
	check_text(file, "-ea", "connections=5|duration=1m|source=here|expect=a|quiet=true|");
	check_text(file, "--no-quiet",
		   "connections=5|duration=1m|source=here|expect=f|quiet=false|");
	assert_int_equal(setenv("CONNTEST_TRAFFIC_CONNECTIONS", "7", 1), 0);
	assert_int_equal(setenv("CONNTEST_TRAFFIC_EXPECT", "g\nh", 1), 0);
	check_text(file, NULL,
		   "connections=7|duration=1m|source=here|expect=g|expect=h|quiet=true|");
	check_text(file, "-c9",
		   "connections=9|duration=1m|source=here|expect=g|expect=h|quiet=true|");
	assert_int_equal(unsetenv("CONNTEST_TRAFFIC_CONNECTIONS"), 0);
	assert_int_equal(unsetenv("CONNTEST_TRAFFIC_EXPECT"), 0);
}

static void reads_values_by_the_table(void **state)
{
	check_text("traffic:\n  duration: 60\n", NULL,
		   "line 2: duration: \"60\" has no unit: 60s, 60m or 60ms?");
	check_text("traffic:\n  connections: 11k\n", NULL,
		   "line 2: connections: 11k is more than 10k");
	check_text("traffic:\n  quiet: maybe\n", NULL,
		   "line 2: quiet: \"maybe\" is neither true nor false");
	check_text("traffic:\n\n  token: '@/no/such/file'\n", NULL,
		   "line 3: token: cannot read /no/such/file: No such file or directory");
	check_text("serve:\n  token: '@/no/such/file'\n", "-c1",
		   "connections=1|duration=10s|expect=x < 1|expect=y > 2|quiet=false|");
	check_text("traffic:\n  token: s3cret\n", "-c1",
		   "connections=1|duration=10s|token=***|expect=x < 1|expect=y > 2|quiet=false|");
}

static void has_a_limit(void **state)
{
	static const char too_long[] = "is longer than the 64 KiB of a configuration";
	static char text[1024 * 1024];
	memset(text, 'x', sizeof(text));
	check(text, sizeof(text), NULL, too_long);
	memcpy(text, "traffic: {source: \n", 19);
	check(text, sizeof(text), NULL, too_long);
	memset(text, '#', sizeof(text));
	check(text, CONFIG_BYTES_MAX + 1, NULL, too_long);
	check(text, CONFIG_BYTES_MAX, "-c1",
	      "connections=1|duration=10s|expect=x < 1|expect=y > 2|quiet=false|");
}

static void says_which_file_cannot_be_read(void **state)
{
	static const struct {
		const char *path;
		const char *error;
	} paths[] = {
		{ "/no/such/file", "/no/such/file: cannot be read: No such file or directory" },
		{ "/tmp", "/tmp: cannot be read: Is a directory" },
	};
	for (size_t i = 0; i < array_size(paths); i++) {
		struct error error = { "" };
		struct config_section section = { .command = &traffic };
		assert_int_equal(config_read(paths[i].path, &section, &error), -EINVAL);
		assert_string_equal(error.text, paths[i].error);
	}
}

/* ---- the example */

/* Each "#key" and "# - item" becomes what it comments; comments proper stay. */
static void take_the_hashes_away(char *text)
{
	for (char *hash = text; (hash = strchr(hash, '#')); hash++) {
		bool is_item = strncmp(hash, "#  - ", 5) == 0;
		if (is_item || (hash[1] != ' ' && hash > text && hash[-1] == ' '))
			*hash = ' ';
	}
}

static char *make_example(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	assert_non_null(memory);
	config_example_print(memory);
	assert_int_equal(fclose(memory), 0);
	return text;
}

static void gives_an_example_that_parses(void **state)
{
	char *example = make_example();
	check_text(example, NULL,
		   "connections=20|duration=10s|expect=x < 1|expect=y > 2|quiet=false|");
	take_the_hashes_away(example);
	check_text(example, NULL,
		   "connections=20|duration=10s|source=ADDRESS|token=***|expect=x < 1|expect=y > 2|"
		   "quiet=false|");
	free(example);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_files),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(stands_between_defaults_and_environment),
		cmocka_unit_test(reads_values_by_the_table),
		cmocka_unit_test(has_a_limit),
		cmocka_unit_test(says_which_file_cannot_be_read),
		cmocka_unit_test(gives_an_example_that_parses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
