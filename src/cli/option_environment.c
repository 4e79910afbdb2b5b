#include "cli/option_environment.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/closest.h"
#include "cli/command.h"

/* "CONNTEST_REPORT_SHOW_": all its variables begin so. */
static size_t variable_prefix(const struct command *command, char name[OPTION_VARIABLE_MAX])
{
	size_t length = (size_t)snprintf(name, OPTION_VARIABLE_MAX, "CONNTEST_%s_", command->name);
	for (char *letter = name; *letter; letter++)
		*letter = *letter == ' ' || *letter == '-' ? '_' : (char)toupper(*letter);
	return length;
}

const char *option_variable(const struct command *command, const struct option_row *row,
			    char name[OPTION_VARIABLE_MAX])
{
	size_t length = variable_prefix(command, name);
	assert(length + strlen(row->name) < OPTION_VARIABLE_MAX);
	for (const char *letter = row->name; *letter; letter++)
		name[length++] = *letter == '-' ? '_' : (char)toupper(*letter);
	name[length] = '\0';
	return name;
}

/* Kubernetes gives every pod CONNTEST_SERVE_SERVICE_HOST, CONNTEST_SERVE_PORT,
 * CONNTEST_SERVE_PORT_5003_TCP_ADDR and more where a service is called conntest-serve. */
static bool is_service_link(const char *rest)
{
	return strncmp(rest, "SERVICE_", 8) == 0 || strncmp(rest, "PORT_", 5) == 0 ||
	       strncmp(rest, "PORT=", 5) == 0;
}

/* "CONNTEST_REPORT_SHOW_FORMAT" is no business of "report". */
static bool is_of_inner_command(const char *variable, const struct command *command)
{
	for (const struct command *const *row = command_table(); *row; row++) {
		char prefix[OPTION_VARIABLE_MAX];
		if (command_is_inside(*row, command->name) &&
		    strncmp(variable, prefix, variable_prefix(*row, prefix)) == 0)
			return true;
	}
	return false;
}

static int no_such_variable(const struct command *command, const char *variable,
			    struct arena *arena, struct error *error)
{
	const char *names[OPTION_ROWS_MAX];
	for (size_t i = 0; i < command->options.count; i++) {
		char name[OPTION_VARIABLE_MAX];
		(void)option_variable(command, &command->options.rows[i], name);
		names[i] = arena_text(arena, name);
	}
	const char *closest = closest_word(variable, names, command->options.count);
	return error_set(error, EINVAL, "%s: no such variable%s%s%s", variable,
			 closest ? "; did you mean " : "", closest ? closest : "",
			 closest ? "?" : "");
}

int option_environment_check(const struct command *command, struct arena *arena,
			     struct error *error)
{
	char prefix[OPTION_VARIABLE_MAX];
	size_t prefix_length = variable_prefix(command, prefix);
	for (char **entry = environ; *entry; entry++) {
		if (strncmp(*entry, prefix, prefix_length) != 0 ||
		    is_service_link(*entry + prefix_length) || is_of_inner_command(*entry, command))
			continue;
		bool is_known = false;
		const char *variable =
			arena_format(arena, "%.*s", (int)strcspn(*entry, "="), *entry);
		for (size_t i = 0; i < command->options.count && !is_known; i++) {
			char name[OPTION_VARIABLE_MAX];
			is_known =
				strcmp(variable, option_variable(command, &command->options.rows[i],
								 name)) == 0;
		}
		if (!is_known)
			return no_such_variable(command, variable, arena, error);
	}
	return 0;
}
