/* See option.h. Each source sets what no stronger one has set. */
#include "cli/option.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/closest.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/hints.h"
#include "cli/option_environment.h"
#include "cli/option_value.h"

/* An option as it was typed, for sentences. */
#define TYPED_MAX 128

/* From the weakest to the strongest. The order of reading is another: the strong ones name the
 * file. */
enum source { SOURCE_NONE, SOURCE_DEFAULTS, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_ARGUMENTS };

struct parser {
	const struct command *command;
	const struct option_table *table;
	void *options;
	struct operands *operands;
	struct error *error;
	char **argv;
	int argc;
	int next;                           /* argument */
	enum source source;                 /* that is being read */
	enum source given[OPTION_ROWS_MAX]; /* by which each option was set */
};

static const struct option_row *find_name(const struct parser *parser, const char *name,
					  size_t length)
{
	for (size_t i = 0; i < parser->table->count; i++) {
		const char *candidate = parser->table->rows[i].name;
		if (strlen(candidate) == length && strncmp(candidate, name, length) == 0)
			return &parser->table->rows[i];
	}
	return NULL;
}

static const struct option_row *find_letter(const struct parser *parser, char letter)
{
	for (size_t i = 0; i < parser->table->count; i++) {
		if (parser->table->rows[i].letter == letter)
			return &parser->table->rows[i];
	}
	return NULL;
}

/* The flag that "no-NAME" switches off; "NAME" switches off the flag "no-NAME". */
static const struct option_row *find_opposite(const struct parser *parser, const char *name,
					      size_t length)
{
	char opposite[TYPED_MAX];
	bool is_negative = length > 3 && strncmp(name, "no-", 3) == 0;
	int size = is_negative
			   ? snprintf(opposite, sizeof(opposite), "%.*s", (int)length - 3, name + 3)
			   : snprintf(opposite, sizeof(opposite), "no-%.*s", (int)length, name);
	if (size >= (int)sizeof(opposite))
		return NULL;
	const struct option_row *row = find_name(parser, opposite, (size_t)size);
	return row && row->type == OPTION_FLAG ? row : NULL;
}

/* What a stronger source has set stays, unseen what the weaker one would have. */
static int set_value(struct parser *parser, const struct option_row *row, const char *typed,
		     const char *value)
{
	enum source *given = &parser->given[row - parser->table->rows];
	if (*given > parser->source)
		return 0;
	if (*given < parser->source)
		option_value_clear(row, parser->options);
	*given = parser->source;
	parser->operands->is_given[row - parser->table->rows] = parser->source > SOURCE_DEFAULTS;
	int code = option_value_set(row, parser->options, value, &parser->operands->arena,
				    parser->error);
	if (code < 0)
		error_prefix(parser->error, "%s", typed);
	return code;
}

/* A list's items stand on lines of their own, in defaults and in variables. */
static int set_lines(struct parser *parser, const struct option_row *row, const char *typed,
		     const char *value)
{
	if (row->type != OPTION_LIST)
		return set_value(parser, row, typed, value);
	while (*value) {
		size_t length = strcspn(value, "\n");
		const char *line =
			arena_format(&parser->operands->arena, "%.*s", (int)length, value);
		int code = length > 0 ? set_value(parser, row, typed, line) : 0;
		if (code < 0)
			return code;
		value += length;
		value += strspn(value, "\n");
	}
	return 0;
}

/* Our own defaults have to parse. */
static void set_default(struct parser *parser, const struct option_row *row)
{
	parser->source = SOURCE_DEFAULTS;
	parser->given[row - parser->table->rows] = SOURCE_NONE;
	option_value_clear(row, parser->options);
	int code = row->default_text ? set_lines(parser, row, row->name, row->default_text) : 0;
	assert(code == 0);
}

static void set_defaults(struct parser *parser)
{
	if (parser->command->options_size > 0)
		memset(parser->options, 0, parser->command->options_size);
	for (size_t i = 0; i < parser->table->count; i++)
		set_default(parser, &parser->table->rows[i]);
}

bool option_is_on_by_default(const struct option_row *row)
{
	return row->type == OPTION_FLAG && row->default_text &&
	       strcmp(row->default_text, "true") == 0;
}

const char *option_placeholder(const struct option_row *row, char text[OPTION_PLACEHOLDER_MAX])
{
	(void)snprintf(text, OPTION_PLACEHOLDER_MAX, "%s",
		       row->choices ? row->choices : row->placeholder);
	for (char *letter = text; row->choices && *letter; letter++)
		*letter = *letter == ' ' ? '|' : *letter;
	return text;
}

static int read_environment(struct parser *parser)
{
	parser->source = SOURCE_ENVIRONMENT;
	for (size_t i = 0; i < parser->table->count; i++) {
		const struct option_row *row = &parser->table->rows[i];
		char name[OPTION_VARIABLE_MAX];
		const char *value = getenv(option_variable(parser->command, row, name));
		int code = value && *value ? set_lines(parser, row, name, value) : 0;
		if (code < 0)
			return code;
	}
	return 0;
}

static int no_such_option(struct parser *parser, const char *typed, const char *argument)
{
	struct buffer hint cleanup(buffer_deinit);
	buffer_init(&hint, TYPED_MAX);
	if (hints_for_option(parser->command, typed, argument, &hint))
		return error_set(parser->error, EINVAL, "%s: no such option; %s", typed,
				 buffer_text(&hint));

	const char *names[OPTION_ROWS_MAX + 1];
	for (size_t i = 0; i < parser->table->count; i++)
		names[i] = parser->table->rows[i].name;
	names[parser->table->count] = "help";
	const char *closest = NULL;
	if (typed[1] == '-')
		closest = closest_word(typed + 2, names, parser->table->count + 1);
	if (closest)
		return error_set(parser->error, EINVAL, "%s: no such option; did you mean --%s?",
				 typed, closest);
	return error_set(parser->error, EINVAL,
			 "%s: no such option; conntest %s --help all lists them", typed,
			 parser->command->name);
}

/* The argument behind the one that is being read, not yet taken. */
static const char *peek(const struct parser *parser)
{
	return parser->next < parser->argc ? parser->argv[parser->next] : NULL;
}

static int take_value(struct parser *parser, const struct option_row *row, const char *typed)
{
	const char *value = peek(parser);
	char placeholder[OPTION_PLACEHOLDER_MAX];
	if (row->bare_text && (!value || *value == '-'))
		return set_value(parser, row, typed, row->bare_text);
	if (!value)
		return error_set(parser->error, EINVAL, "%s: needs a value: %s %s", typed, typed,
				 option_placeholder(row, placeholder));
	parser->next++;
	return set_value(parser, row, typed, value);
}

static int print_help(struct parser *parser, const char *word)
{
	help_print_command(stdout, parser->command, help_level_find(word));
	return -ECANCELED;
}

static int read_flag(struct parser *parser, const char *typed, const char *name, size_t length)
{
	const struct option_row *row = find_name(parser, name, length);
	const char *value = row ? "true" : "false";
	if (!row)
		row = find_opposite(parser, name, length);
	if (!row)
		return no_such_option(parser, typed, peek(parser));
	if (name[length] == '=')
		return error_set(parser->error, EINVAL, "%s: takes no value", typed);
	return set_value(parser, row, typed, value);
}

/* --name, --name value, --name=value */
static int read_long(struct parser *parser, const char *word)
{
	const char *name = word + 2;
	size_t length = strcspn(name, "=");
	const char *value = name[length] == '=' ? name + length + 1 : NULL;
	char typed[TYPED_MAX];
	(void)snprintf(typed, sizeof(typed), "--%.*s", (int)length, name);

	if (strcmp(typed, "--help") == 0)
		return print_help(parser, value ? value : peek(parser));
	const struct option_row *row = find_name(parser, name, length);
	if (!row || row->type == OPTION_FLAG)
		return read_flag(parser, typed, name, length);
	return value ? set_value(parser, row, typed, value) : take_value(parser, row, typed);
}

/* -q, -qv, -r 10, -r10 */
static int read_short(struct parser *parser, const char *word)
{
	if (word[2] && hints_have_word(word)) /* "-nconn" is not -n conn */
		return no_such_option(parser, word, peek(parser));
	for (const char *letter = word + 1; *letter; letter++) {
		char typed[] = { '-', *letter, '\0' };
		const char *rest = letter[1] ? letter + 1 : NULL;
		const struct option_row *row = find_letter(parser, *letter);
		if (!row && *letter == 'h')
			return print_help(parser, rest ? rest : peek(parser));
		if (!row)
			return no_such_option(parser, typed, rest ? rest : peek(parser));
		if (row->type != OPTION_FLAG)
			return rest ? set_value(parser, row, typed, rest)
				    : take_value(parser, row, typed);
		int code = set_value(parser, row, typed, "true");
		if (code < 0)
			return code;
	}
	return 0;
}

static void take_rest(struct parser *parser)
{
	struct operands *operands = parser->operands;
	if (parser->command->wraps_command) {
		operands->wrapped = parser->argv + parser->next;
		operands->wrapped_count = (size_t)(parser->argc - parser->next);
	} else {
		while (parser->next < parser->argc)
			operands->items[operands->count++] = parser->argv[parser->next++];
	}
	parser->next = parser->argc;
}

static int read_arguments(struct parser *parser)
{
	parser->source = SOURCE_ARGUMENTS;
	while (parser->next < parser->argc) {
		const char *word = parser->argv[parser->next++];
		int code = 0;
		if (strcmp(word, "--") == 0)
			take_rest(parser);
		else if (word[0] == '-' && word[1] == '-')
			code = read_long(parser, word);
		else if (word[0] == '-' && word[1])
			code = read_short(parser, word);
		else
			parser->operands->items[parser->operands->count++] = word;
		if (code < 0)
			return code;
	}
	return 0;
}

static int set_from_file(void *context, const struct option_row *row, const char *value)
{
	struct parser *parser = context;
	return set_value(parser, row, row->name, arena_text(&parser->operands->arena, value));
}

static int read_file(struct parser *parser)
{
	const struct option_row *row = config_row(parser->command);
	if (!row || option_value_count(row, parser->options) == 0)
		return 0;
	char unused[OPTION_VALUE_MAX];
	const char *path = option_value_format(row, parser->options, 0, unused);
	parser->source = SOURCE_FILE;
	return config_read(path,
			   &(struct config_section){
				   .command = parser->command,
				   .value = set_from_file,
				   .context = parser,
			   },
			   parser->error);
}

/* Of two that exclude each other the one of the weaker source gives way. */
static int choose(struct parser *parser, const struct option_row *row,
		  const struct option_row *other)
{
	enum source source = parser->given[row - parser->table->rows];
	enum source other_source = parser->given[other - parser->table->rows];
	if (source <= SOURCE_DEFAULTS || other_source <= SOURCE_DEFAULTS)
		return 0;
	if (source == other_source)
		return error_set(parser->error, EINVAL,
				 "--%s stands instead of --%s: give one of them", row->name,
				 other->name);
	set_default(parser, source < other_source ? row : other);
	return 0;
}

static int choose_all(struct parser *parser)
{
	int code = 0;
	for (size_t i = 0; i < parser->table->count && code >= 0; i++) {
		const struct option_row *row = &parser->table->rows[i];
		const char *other = row->instead_of;
		if (other)
			code = choose(parser, row, find_name(parser, other, strlen(other)));
	}
	return code;
}

int options_parse(const struct command *command, int argc, char **argv, void *options,
		  struct operands *operands, struct error *error)
{
	assert(argc > 0 && command->options.count <= OPTION_ROWS_MAX);
	*operands = (struct operands){ .items = (const char **)argv };
	arena_init(&operands->arena);
	struct parser parser = {
		.command = command,
		.table = &command->options,
		.options = options,
		.operands = operands,
		.error = error,
		.argv = argv,
		.argc = argc,
		.next = 1,
	};
	set_defaults(&parser);
	int environment = read_environment(&parser);
	if (environment >= 0)
		environment = option_environment_check(command, &operands->arena, error);
	/* A bad variable must not stand before --help. */
	int code = read_arguments(&parser);
	if (code >= 0)
		code = environment;
	if (code >= 0)
		code = read_file(&parser);
	return code < 0 ? code : choose_all(&parser);
}

bool option_is_given(const struct command *command, const struct operands *operands,
		     const char *name)
{
	for (size_t i = 0; i < command->options.count; i++) {
		if (strcmp(command->options.rows[i].name, name) == 0)
			return operands->is_given[i];
	}
	return false;
}

void operands_deinit(struct operands *operands)
{
	arena_deinit(&operands->arena);
}

void options_echo(const struct command *command, const void *options, option_echo_fn echo,
		  void *context)
{
	for (size_t i = 0; i < command->options.count; i++) {
		const struct option_row *row = &command->options.rows[i];
		for (size_t j = 0; j < option_value_count(row, options); j++) {
			char text[OPTION_VALUE_MAX];
			echo(context, row->name, option_value_format(row, options, j, text));
		}
	}
}
