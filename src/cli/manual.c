/* See manual.h. Text stands on lines of its own or in quotes, so that no word of it is taken for a
 * macro; only the characters that mean something there are escaped. */
#include "cli/manual.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "cli/topic.h"

/* Bytes of a line of running text: mandoc -T lint wants 80 at most, and "\\&" may stand before it.
 */
#define LINE_MAX_BYTES 78

/* Rows of the table at most. */
#define COMMANDS_MAX 64

static const char conntest_summary[] = "network test program: continuous traffic, load and their "
				       "interruptions";

static void print_character(FILE *out, char character)
{
	if (character == '\\')
		(void)fputs("\\e", out);
	else if (character == '-')
		(void)fputs("\\-", out);
	else
		(void)fputc(character, out);
}

/* One line of text as it is, `length` bytes. */
static void print_line(FILE *out, const char *text, size_t length)
{
	if (length > 0 && (*text == '.' || *text == '\''))
		(void)fputs("\\&", out);
	for (size_t i = 0; i < length; i++)
		print_character(out, text[i]);
	(void)fputc('\n', out);
}

/* Where a line ends that is full: behind a blank, or with the text. */
static size_t filled_length(const char *text, size_t length)
{
	size_t end = 0;
	size_t bytes = 0;
	for (size_t i = 0; i < length; i++) {
		bytes += text[i] == '\\' || text[i] == '-' ? 2 : 1;
		if (bytes > LINE_MAX_BYTES && end > 0)
			return end;
		if (text[i] == ' ')
			end = i + 1;
	}
	return length;
}

/* One sentence, on as many lines as it takes. */
static void print_sentence(FILE *out, const char *text, size_t length)
{
	while (length > 0) {
		size_t filled = filled_length(text, length);
		bool is_broken = filled < length;
		print_line(out, text, filled - is_broken);
		text += filled;
		length -= filled;
	}
}

/* Lines as they are; an empty one begins a paragraph. */
static void print_literal(FILE *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		if (length == 0)
			(void)fputs(".Pp\n", out);
		else
			print_line(out, text, length);
		text += length + (text[length] == '\n');
	}
}

/* The end of the first sentence or line of the text: mdoc wants each on a line of its own. */
static size_t sentence_length(const char *text)
{
	size_t length = 0;
	while (text[length] && text[length] != '\n') {
		bool ends = strchr(".?!", text[length]) && text[length + 1] == ' ';
		length++;
		if (ends)
			break;
	}
	return length;
}

/* Running text; an empty line begins a paragraph. */
static void print_text(FILE *out, const char *text)
{
	while (*text) {
		size_t length = sentence_length(text);
		if (length == 0)
			(void)fputs(".Pp\n", out);
		else
			print_sentence(out, text, length);
		text += length;
		text += *text == '\n' || *text == ' ';
	}
}

/* An argument of a macro. */
static void print_argument(FILE *out, const char *text)
{
	(void)fputs(" \"", out);
	for (; *text; text++) {
		if (*text == '"')
			(void)fputs("\\(dq", out);
		else
			print_character(out, *text);
	}
	(void)fputc('"', out);
}

/* .It Fl c Ar "COUNT" , Fl \-connections Ar "COUNT" */
static void print_option(FILE *out, const struct option_row *row)
{
	char placeholder[OPTION_PLACEHOLDER_MAX] = "";
	if (row->type != OPTION_FLAG)
		(void)option_placeholder(row, placeholder);

	(void)fputs(".It", out);
	if (row->letter) {
		(void)fprintf(out, " Fl %c", row->letter);
		if (*placeholder) {
			(void)fputs(" Ar", out);
			print_argument(out, placeholder);
		}
		(void)fputs(" ,", out);
	}
	(void)fputs(" Fl", out);
	char name[OPTION_VARIABLE_MAX];
	(void)snprintf(name, sizeof(name), "-%s%s", option_is_on_by_default(row) ? "no-" : "",
		       row->name);
	print_argument(out, name);
	if (*placeholder) {
		(void)fputs(" Ar", out);
		print_argument(out, placeholder);
	}
	(void)fputc('\n', out);
	print_text(out, row->help);
	if (row->type == OPTION_LIST)
		(void)fputs("(may be repeated)\n", out);
	if (row->default_text && row->type != OPTION_FLAG) {
		(void)fputs("(default\n.Ql", out);
		print_argument(out, row->default_text);
		(void)fputs(" )\n", out);
	}
}

static void print_level(FILE *out, const struct command *command, enum option_level level)
{
	bool is_begun = false;
	for (size_t i = 0; i < command->options.count; i++) {
		const struct option_row *row = &command->options.rows[i];
		if (row->level != level)
			continue;
		if (!is_begun)
			(void)fprintf(out, ".Pp\n%s of\n.Cm %s :\n.Bl -tag -width Ds\n",
				      help_level_heading(level), command->name);
		is_begun = true;
		print_option(out, row);
	}
	if (is_begun)
		(void)fputs(".El\n", out);
}

/* The commands of a page: the one it is named after, and those of its group. */
static size_t page_members(const struct command *page, const struct command *members[COMMANDS_MAX])
{
	size_t count = 0;
	for (const struct command *const *row = command_table(); *row && count < COMMANDS_MAX;
	     row++) {
		if ((*row)->run && (*row == page || command_is_inside(*row, page->name)))
			members[count++] = *row;
	}
	return count;
}

static void print_synopsis(FILE *out, const struct command *command)
{
	(void)fprintf(out, ".Nm conntest\n.Cm %s\n", command->name);
	if (command->options.count > 0)
		(void)fputs(".Op Ar OPTION...\n", out);
	if (command->operands) {
		(void)fputs(".Ar", out);
		print_argument(out, command->operands);
		(void)fputc('\n', out);
	}
}

static void print_description(FILE *out, const struct command *command)
{
	print_text(out, command->description ? command->description : command->summary);
}

static void print_options(FILE *out, const struct command *command)
{
	for (unsigned level = OPTION_FIRST_HOUR; level <= OPTION_OUTPUT; level++)
		print_level(out, command, (enum option_level)level);
}

static void print_environment(FILE *out, const struct command *const *members, size_t count)
{
	bool is_begun = false;
	for (size_t i = 0; i < count; i++) {
		char name[OPTION_VARIABLE_MAX];
		if (members[i]->options.count == 0)
			continue;
		if (!is_begun)
			(void)fputs(".Sh ENVIRONMENT\nEvery option is also read from a variable, "
				    "which outweighs a file\nof options and is outweighed by the "
				    "command line.\nThe items of a list stand "
				    "on lines of their own.\nThe variables are called\n",
				    out);
		else
			(void)fputs(" ,\n", out);
		is_begun = true;
		(void)fprintf(out, ".Ev %s\nand so on for\n.Cm %s",
			      option_variable(members[i], &members[i]->options.rows[0], name),
			      members[i]->name);
	}
	if (is_begun)
		(void)fputs(" .\n", out);
	for (size_t i = 0; i < count; i++) {
		if (members[i]->variables)
			print_text(out, members[i]->variables);
	}
}

static void print_examples(FILE *out, const struct command *const *members, size_t count)
{
	bool is_begun = false;
	for (size_t i = 0; i < count; i++) {
		if (!members[i]->examples)
			continue;
		if (!is_begun)
			(void)fputs(".Sh EXAMPLES\n", out);
		is_begun = true;
		(void)fputs(".Bd -literal\n", out);
		print_literal(out, members[i]->examples);
		(void)fputs(".Ed\n", out);
	}
}

static void print_exit_status(FILE *out)
{
	(void)fputs(".Sh EXIT STATUS\nWhere several apply, the highest:\n.Bl -tag -width Ds\n",
		    out);
	for (unsigned code = EXIT_OK; code <= EXIT_UNABLE; code++) {
		(void)fprintf(out, ".It %u\n", code);
		print_text(out, exit_code_sentence((enum exit_code)code));
	}
	(void)fputs(".El\n", out);
}

/* "November 20, 2026" from "Nov 20 2026". gcc takes the date from SOURCE_DATE_EPOCH where a build
 * has to be reproducible. */
static void print_date(FILE *out)
{
	static const char *const months[] = {
		"January", "February", "March",     "April",   "May",      "June",
		"July",    "August",   "September", "October", "November", "December",
	};
	size_t month = 0;
	while (month < array_size(months) - 1 && strncmp(months[month], __DATE__, 3) != 0)
		month++;
	const char *day = &__DATE__[__DATE__[4] == ' ' ? 5 : 4];
	(void)fprintf(out, ".Dd %s %.*s, %s\n", months[month], (int)strcspn(day, " "), day,
		      &__DATE__[7]);
}

static void print_head(FILE *out, const char *page, const char *summary)
{
	print_date(out);
	(void)fputs(".Dt", out);
	char title[MANUAL_PAGE_MAX];
	(void)snprintf(title, sizeof(title), "%s", page);
	for (char *letter = title; *letter; letter++)
		*letter = (char)toupper((unsigned char)*letter);
	print_argument(out, title);
	(void)fprintf(out, " 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd", page);
	print_argument(out, summary);
	(void)fputc('\n', out);
}

static void print_command_page(FILE *out, const char *page, const struct command *command)
{
	const struct command *members[COMMANDS_MAX];
	size_t count = page_members(command, members);

	print_head(out, page, command->summary);
	(void)fputs(".Sh SYNOPSIS\n", out);
	for (size_t i = 0; i < count; i++)
		print_synopsis(out, members[i]);
	(void)fputs(".Sh DESCRIPTION\n", out);
	print_description(out, command);
	for (size_t i = 0; i < count; i++) {
		if (members[i] != command) {
			(void)fprintf(out, ".Ss conntest %s\n", members[i]->name);
			print_description(out, members[i]);
		}
		print_options(out, members[i]);
	}
	print_environment(out, members, count);
	print_exit_status(out);
	print_examples(out, members, count);
	(void)fputs(".Sh SEE ALSO\n.Xr conntest 1\n", out);
}

static void print_command_list(FILE *out)
{
	(void)fputs(".Bl -tag -width Ds\n", out);
	for (const struct command *const *row = command_table(); *row; row++) {
		if ((*row)->is_hidden || !(*row)->run)
			continue;
		(void)fprintf(out, ".It Cm %s\n", (*row)->name);
		print_text(out, (*row)->summary);
	}
	(void)fputs(".El\n", out);
}

/* What the topics print, as it is. */
static void print_topics(FILE *out)
{
	for (const struct topic *topic = topic_table(); topic->name; topic++) {
		char *text = NULL;
		size_t size = 0;
		FILE *memory = open_memstream(&text, &size);
		if (!memory)
			return;
		topic->print(memory);
		(void)fclose(memory);
		(void)fputs(".Ss", out);
		print_argument(out, topic->summary);
		(void)fputs("\n.Bd -literal\n", out);
		print_literal(out, text);
		(void)fputs(".Ed\n", out);
		free(text);
	}
}

static int compare_pages(const void *a, const void *b)
{
	const struct command *const *first = a;
	const struct command *const *second = b;
	return strcmp((*first)->name, (*second)->name);
}

/* All other pages, by name. */
static void print_see_also(FILE *out)
{
	const struct command *commands[COMMANDS_MAX];
	size_t count = 0;
	for (const struct command *const *row = command_table(); *row; row++) {
		assert(count < COMMANDS_MAX);
		if (!(*row)->is_hidden && !strchr((*row)->name, ' '))
			commands[count++] = *row;
	}
	qsort(commands, count, sizeof(void *), compare_pages);

	(void)fputs(".Sh SEE ALSO\n", out);
	for (size_t i = 0; i < count; i++) {
		char page[MANUAL_PAGE_MAX];
		(void)fprintf(out, ".Xr %s 1%s\n", manual_page(commands[i], page),
			      i + 1 < count ? " ," : "");
	}
}

static void print_main_page(FILE *out)
{
	print_head(out, "conntest", conntest_summary);
	(void)fputs(".Sh SYNOPSIS\n.Nm\n.Ar COMMAND\n.Op Ar OPTION...\n.Op Ar TARGET...\n"
		    ".Sh DESCRIPTION\nTells of a connection whether it works, how fast and how "
		    "steady it is,\nand what happened when it broke.\nThe commands:\n",
		    out);
	print_command_list(out);
	print_topics(out);
	print_exit_status(out);
	print_see_also(out);
}

const char *manual_page(const struct command *command, char page[MANUAL_PAGE_MAX])
{
	int length = command ? (int)strcspn(command->name, " ") : 0;
	(void)snprintf(page, MANUAL_PAGE_MAX, "conntest%s%.*s", command ? "-" : "", length,
		       command ? command->name : "");
	return page;
}

int manual_print(FILE *out, const char *page)
{
	if (strcmp(page, "conntest") == 0) {
		print_main_page(out);
		return 0;
	}
	for (const struct command *const *row = command_table(); *row; row++) {
		char own_page[MANUAL_PAGE_MAX];
		if (strchr((*row)->name, ' ') || strcmp(manual_page(*row, own_page), page) != 0)
			continue;
		print_command_page(out, page, *row);
		return 0;
	}
	return -ENOENT;
}
