/* Any bytes as a configuration file: texts that it hands over end inside themselves, and what
 * fails says why. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "cli/config.h"
#include "fuzz.h"

struct options {
	uint64_t rate;
	struct option_list expect;
	const char *config;
};

static const struct option_row rows[] = {
	OPTION(struct options, rate, OPTION_COUNT, .name = "rate", .placeholder = "N"),
	OPTION(struct options, expect, OPTION_LIST, .name = "expect", .placeholder = "TEXT"),
	CONFIG_OPTION(struct options, config),
};
static const struct command traffic = { .name = "traffic", .options = { rows, array_size(rows) } };
static const struct command serve = { .name = "serve", .options = { rows, array_size(rows) } };

const struct command *const *command_table(void)
{
	static const struct command *const commands[] = { &traffic, &serve, NULL };
	return commands;
}

static int count_bytes(void *context, const struct option_row *row, const char *value)
{
	assert(row == &rows[0] || row == &rows[1]);
	*(size_t *)context += strlen(value);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t bytes = 0;
	struct error error = { "" };
	struct config_section section = {
		.command = &traffic,
		.value = count_bytes,
		.context = &bytes,
	};
	if (size > CONFIG_BYTES_MAX)
		return 0;
	int code = config_parse((const char *)data, size, &section, &error);
	assert((code < 0) == (error.text[0] != '\0'));
	return 0;
}
