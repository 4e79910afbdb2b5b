/* See config_example.h. */
#include "cli/config_example.h"

#include <string.h>

#include "cli/config.h"

/* In quotes where YAML could take it for more than a text; some placeholders bring theirs. */
static void print_scalar(FILE *out, const char *text, size_t length)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789./_|-";
	bool needs_quotes = strspn(text, plain) < length && *text != '\'';
	const char *quote = needs_quotes ? "'" : "";
	(void)fprintf(out, "%s%.*s%s\n", quote, (int)length, text, quote);
}

static void print_list(FILE *out, const char *items)
{
	(void)fputc('\n', out);
	while (*items) {
		size_t length = strcspn(items, "\n");
		(void)fputs("  #  - ", out);
		print_scalar(out, items, length);
		items += length;
		items += strspn(items, "\n");
	}
}

/* The default, or what stands for one. */
static void print_option(FILE *out, const struct option_row *row)
{
	char placeholder[OPTION_PLACEHOLDER_MAX];
	const char *value = row->default_text;
	if (!value)
		value = row->type == OPTION_FLAG ? "false" : option_placeholder(row, placeholder);
	(void)fprintf(out, "  # %s\n  #%s:", row->help, row->name);
	if (row->type == OPTION_LIST) {
		print_list(out, value);
		return;
	}
	(void)fputc(' ', out);
	print_scalar(out, value, strlen(value));
}

static void print_section(FILE *out, const struct command *command)
{
	(void)fprintf(out, "\n# %s\n%s:\n", command->summary, command->name);
	for (size_t i = 0; i < command->options.count; i++) {
		if (&command->options.rows[i] != config_row(command))
			print_option(out, &command->options.rows[i]);
	}
}

void config_example_print(FILE *out)
{
	(void)fputs("# Options of conntest, for --config FILE. Those that begin with # are as they "
		    "are by themselves:\n"
		    "# take the # away to say otherwise. Variables (CONNTEST_TRAFFIC_RATE) and the "
		    "command line\n"
		    "# outweigh a file. Values are written as on the command line (conntest help "
		    "units).\n",
		    out);
	for (const struct command *const *row = command_table(); *row; row++) {
		if (config_row(*row))
			print_section(out, *row);
	}
}
