/* See command.h. */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/closest.h"
#include "cli/help.h"
#include "cli/hints.h"
#include "cli/message.h"

/* More names than the table will ever have. */
#define NAMES_MAX      64
#define NAME_MAX_BYTES 64

const struct command *command_find(const char *name)
{
	for (const struct command *const *row = command_table(); *row; row++) {
		if (strcmp((*row)->name, name) == 0)
			return *row;
	}
	return NULL;
}

bool command_is_inside(const struct command *command, const char *group)
{
	size_t length = strlen(group);
	return strncmp(command->name, group, length) == 0 && command->name[length] == ' ';
}

/* What may stand in the place of a word: the names behind "GROUP ", or all of one word. */
static size_t list_names(const char *group, const char *names[NAMES_MAX])
{
	size_t count = 0;
	for (const struct command *const *row = command_table(); *row && count < NAMES_MAX; row++) {
		const char *name = (*row)->name;
		if (group && command_is_inside(*row, group))
			names[count++] = name + strlen(group) + 1;
		else if (!group && !strchr(name, ' '))
			names[count++] = name;
	}
	return count;
}

static const struct command *find_inside(const char *group, const char *name)
{
	char full_name[NAME_MAX_BYTES];
	int length = snprintf(full_name, sizeof(full_name), "%s %s", group, name);
	return length < (int)sizeof(full_name) ? command_find(full_name) : NULL;
}

/* `group` is NULL for the first word. */
static int no_such_command(const struct command *group, const char *word)
{
	struct error error;
	const char *names[NAMES_MAX];
	size_t count = list_names(group ? group->name : NULL, names);
	const struct command *known = group ? NULL : hints_for_command(word);
	const char *meant = known ? known->name : closest_word(word, names, count);
	if (meant)
		(void)error_set(&error, EINVAL, "%s: no such command; did you mean %s?", word,
				meant);
	else
		(void)error_set(&error, EINVAL,
				"%s: no such command; conntest %s%s--help lists them", word,
				group ? group->name : "", group ? " " : "");
	return command_fail(group, EXIT_USAGE, &error);
}

/* A group by itself: what is inside. */
static int introduce_group(const struct command *group, const char *word)
{
	if (word && *word != '-')
		return no_such_command(group, word);
	help_print_command(stdout, group, OPTION_FIRST_HOUR);
	return word && strcmp(word, "--help") == 0 ? EXIT_OK : EXIT_USAGE;
}

static int misplaced_option(const char *word)
{
	struct error error;
	(void)error_set(&error, EINVAL, "%s: a command comes first (conntest --help lists them)",
			word);
	return command_fail(NULL, EXIT_USAGE, &error);
}

int command_dispatch(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "--help";
	const char *second = argc > 2 ? argv[2] : NULL;
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		help_print_overview(stdout);
		return EXIT_OK;
	}
	if (strcmp(word, "--version") == 0)
		word = "version";
	if (*word == '-')
		return misplaced_option(word);

	const struct command *command = command_find(word);
	if (!command)
		return no_such_command(NULL, word);
	const struct command *inside = second ? find_inside(word, second) : NULL;
	if (inside)
		return inside->run(inside, argc - 2, argv + 2);
	if (!command->run)
		return introduce_group(command, second);
	return command->run(command, argc - 1, argv + 1);
}

int command_fail(const struct command *command, enum exit_code exit_code, const struct error *error)
{
	char context[NAME_MAX_BYTES + sizeof("conntest ")];
	(void)snprintf(context, sizeof(context), "conntest%s%s", command ? " " : "",
		       command ? command->name : "");
	message_print(context, error->text);
	return exit_code;
}

int command_stop(const struct command *command, int code, const struct error *error)
{
	return code == -ECANCELED ? EXIT_OK : command_fail(command, EXIT_USAGE, error);
}

int command_file_code(int code)
{
	return code < 0 && code != -ENOMEM ? -EINVAL : code;
}

const char *exit_code_sentence(enum exit_code exit_code)
{
	static const char *const sentences[] = {
		[EXIT_OK] = "it ran and all expectations held; also after SIGINT or SIGTERM",
		[EXIT_NO] = "the answer is no: an expectation failed, or nothing answered at all",
		[EXIT_USAGE] =
			("wrong usage, also a file of messages, certificates or options that can't "
			 "be read; nothing was sent"),
		[EXIT_UNABLE] = "could not measure: descriptors, ports, permissions, disk",
	};
	return sentences[exit_code];
}
