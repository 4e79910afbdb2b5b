/* See help.h. */
#include "cli/help.h"

#include <ctype.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/topic.h"

#define INDENT            2
#define OPTION_COLUMN_MAX 34
#define LEFT_MAX          160
#define RIGHT_MAX         512

void help_print_wrapped(FILE *out, const char *text, int column, int indent)
{
	bool is_line_start = true;
	while (*text) {
		int length = (int)strcspn(text, " \n");
		if (!is_line_start && column + 1 + length > HELP_COLUMNS) {
			(void)fprintf(out, "\n%*s", indent, "");
			column = indent;
			is_line_start = true;
		}
		column += fprintf(out, "%s%.*s", is_line_start ? "" : " ", length, text);
		is_line_start = false;
		text += length;
		text += strspn(text, " \n");
	}
	(void)fputc('\n', out);
}

const char *help_level_heading(enum option_level level)
{
	static const char *const headings[] = {
		[OPTION_FIRST_HOUR] = "Options",    [OPTION_ALL] = "More options",
		[OPTION_SOCKET] = "Socket options", [OPTION_TLS] = "TLS options",
		[OPTION_OUTPUT] = "Output options",
	};
	return headings[level];
}

const char *help_level_word(enum option_level level)
{
	static const char *const words[] = {
		[OPTION_ALL] = "all",
		[OPTION_SOCKET] = "socket",
		[OPTION_TLS] = "tls",
		[OPTION_OUTPUT] = "output",
	};
	return words[level];
}

enum option_level help_level_find(const char *word)
{
	unsigned level = OPTION_OUTPUT;
	while (level > OPTION_FIRST_HOUR && (!word || strcmp(word, help_level_word(level)) != 0))
		level--;
	return level;
}

/* "-c, --connections COUNT" */
static int format_left(const struct option_row *row, char text[LEFT_MAX])
{
	char letter[] = "-c, ";
	char placeholder[OPTION_PLACEHOLDER_MAX] = "";
	letter[1] = row->letter;
	if (row->type != OPTION_FLAG)
		(void)option_placeholder(row, placeholder);
	return snprintf(text, LEFT_MAX, "%s--%s%s%s%s", row->letter ? letter : "    ",
			option_is_on_by_default(row) ? "no-" : "", row->name,
			*placeholder ? " " : "", placeholder);
}

/* "what it does (may be repeated; default 20)" */
static void format_right(const struct option_row *row, struct buffer *right)
{
	bool is_list = row->type == OPTION_LIST;
	bool has_default = row->default_text && row->type != OPTION_FLAG;
	buffer_append_text(right, row->help);
	if (is_list)
		buffer_append_text(right,
				   has_default ? " (may be repeated; " : " (may be repeated)");
	if (has_default)
		buffer_append_format(right, "%sdefault %s)", is_list ? "" : " (",
				     row->default_text);
}

static void print_option(FILE *out, const struct option_row *row, int column)
{
	char left[LEFT_MAX];
	int end = INDENT + format_left(row, left);
	(void)fprintf(out, "%*s%s", INDENT, "", left);
	if (end + INDENT > column) {
		(void)fputc('\n', out);
		end = 0;
	}
	struct buffer right cleanup(buffer_deinit);
	buffer_init(&right, RIGHT_MAX);
	format_right(row, &right);
	(void)fprintf(out, "%*s", column - end, "");
	help_print_wrapped(out, buffer_text(&right), column, column);
}

static bool is_shown(const struct option_row *row, enum option_level level)
{
	return level == OPTION_ALL || row->level == level;
}

/* The options' help begins where the longest of them ends, unless that is very long. */
static int help_column(const struct command *command, enum option_level level)
{
	int column = 0;
	for (size_t i = 0; i < command->options.count; i++) {
		char left[LEFT_MAX];
		int end = 2 * INDENT + format_left(&command->options.rows[i], left);
		if (is_shown(&command->options.rows[i], level) && end > column &&
		    end <= OPTION_COLUMN_MAX)
			column = end;
	}
	return column > 0 ? column : OPTION_COLUMN_MAX;
}

static size_t count_level(const struct command *command, enum option_level level)
{
	size_t count = 0;
	for (size_t i = 0; i < command->options.count; i++)
		count += command->options.rows[i].level == level;
	return count;
}

static void print_options(FILE *out, const struct command *command, enum option_level level)
{
	static const enum option_level order[] = { OPTION_FIRST_HOUR, OPTION_ALL, OPTION_SOCKET,
						   OPTION_TLS, OPTION_OUTPUT };
	int column = help_column(command, level);
	for (size_t i = 0; i < array_size(order); i++) {
		if ((level != OPTION_ALL && level != order[i]) ||
		    count_level(command, order[i]) == 0)
			continue;
		(void)fprintf(out, "\n%s:\n", help_level_heading(order[i]));
		for (size_t j = 0; j < command->options.count; j++) {
			if (command->options.rows[j].level == order[i])
				print_option(out, &command->options.rows[j], column);
		}
	}
}

static void print_usage(FILE *out, const struct command *command)
{
	const char *operands = command->operands;
	if (!operands && !command->run)
		operands = "COMMAND";
	(void)fprintf(out, "Usage: conntest %s%s%s%s\n\n", command->name,
		      command->options.count > 0 ? " [OPTION...]" : "", operands ? " " : "",
		      operands ? operands : "");
	(void)fputc(toupper((unsigned char)command->summary[0]), out);
	help_print_wrapped(out, command->summary + 1, 1, 0);
}

static void print_examples(FILE *out, const char *examples)
{
	(void)fprintf(out, "\nExamples:\n");
	while (*examples) {
		int length = (int)strcspn(examples, "\n");
		(void)fprintf(out, "%*s%.*s\n", INDENT, "", length, examples);
		examples += length;
		examples += strspn(examples, "\n");
	}
}

/* Where the rest is told. */
static void print_more(FILE *out, const struct command *command)
{
	(void)fputc('\n', out);
	if (count_level(command, OPTION_FIRST_HOUR) < command->options.count)
		(void)fprintf(out, "All options: conntest %s --help all%s%s%s\n", command->name,
			      count_level(command, OPTION_SOCKET) > 0 ? "|socket" : "",
			      count_level(command, OPTION_TLS) > 0 ? "|tls" : "",
			      count_level(command, OPTION_OUTPUT) > 0 ? "|output" : "");
	(void)fprintf(out, "The manual:  conntest help %s\n", command->name);
}

/* One row a command: its name and summary. */
static void print_commands(FILE *out, const char *group)
{
	int width = 0;
	for (const struct command *const *row = command_table(); *row; row++) {
		int length = (int)strlen((*row)->name);
		width = length > width ? length : width;
	}
	(void)fprintf(out, "\nCommands:\n");
	for (const struct command *const *row = command_table(); *row; row++) {
		bool is_inside = !group || command_is_inside(*row, group);
		if ((*row)->is_hidden || !(*row)->run || !is_inside)
			continue;
		(void)fprintf(out, "%*s%-*s%*s", INDENT, "", width, (*row)->name, INDENT, "");
		help_print_wrapped(out, (*row)->summary, width + 2 * INDENT, width + 2 * INDENT);
	}
}

void help_print_command(FILE *out, const struct command *command, enum option_level level)
{
	print_usage(out, command);
	if (!command->run)
		print_commands(out, command->name);
	print_options(out, command, level);
	if (command->examples)
		print_examples(out, command->examples);
	if (level == OPTION_FIRST_HOUR)
		print_more(out, command);
}

void help_print_overview(FILE *out)
{
	(void)fprintf(out, "conntest: does a connection work, how fast, how steady, and what "
			   "happened when it broke?\n\n"
			   "Usage: conntest COMMAND [OPTION...] [TARGET...]\n");
	print_commands(out, NULL);
	(void)fprintf(out, "\nMore:\n"
			   "  conntest COMMAND --help    its options and examples\n"
			   "  conntest help COMMAND      its manual\n");
	for (const struct topic *topic = topic_table(); topic->name; topic++)
		(void)fprintf(out, "  conntest help %-11s  %s\n", topic->name, topic->summary);
}
