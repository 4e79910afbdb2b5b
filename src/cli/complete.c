/* See complete.h. */
#include "cli/complete.h"

#include <string.h>

#include "base/attributes.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/topic.h"

static const struct {
	const char *shell;
	const char *script;
} scripts[] = {
	{ "bash", "# From: conntest help --completion bash\n"
		  "_conntest() {\n"
		  "	local line\n"
		  "	COMPREPLY=()\n"
		  "	while IFS= read -r line; do\n"
		  "		COMPREPLY+=(\"${line%%$'\\t'*}\")\n"
		  "	done < <(\"$1\" help --complete -- \"${COMP_WORDS[@]:1:COMP_CWORD}\""
		  " 2>/dev/null)\n"
		  "}\n"
		  "complete -o default -F _conntest conntest\n" },
	/* The body of the function _conntest, autoloaded from a file of that name. */
	{ "zsh", "#compdef conntest\n"
		 "# From: conntest help --completion zsh\n"
		 "local -a lines\n"
		 "lines=(\"${(@f)$($words[1] help --complete -- \"${(@)words[2,CURRENT]}\""
		 " 2>/dev/null)}\")\n"
		 "lines=(\"${(@)lines//:/\\\\:}\")\n"
		 "lines=(\"${(@)lines/$'\\t'/:}\")\n"
		 "if [[ -n $lines ]]; then _describe conntest lines; else _files; fi\n" },
	{ "fish", "# From: conntest help --completion fish\n"
		  "function __conntest\n"
		  "	conntest help --complete -- (commandline -opc)[2..-1] (commandline -ct)"
		  " 2>/dev/null\n"
		  "end\n"
		  "complete -c conntest -f -a '(__conntest)'\n"
		  "complete -c conntest -F -n 'not count (__conntest) >/dev/null'\n" },
};

const char *complete_script(const char *shell)
{
	for (size_t i = 0; i < array_size(scripts); i++) {
		if (strcmp(scripts[i].shell, shell) == 0)
			return scripts[i].script;
	}
	return NULL;
}

/* What is being typed: candidates have to begin with it. */
struct completion {
	FILE *out;
	const char *typed;
};

static void offer(const struct completion *completion, const char *before, const char *word,
		  const char *summary)
{
	char candidate[128];
	(void)snprintf(candidate, sizeof(candidate), "%s%s", before, word);
	if (strncmp(candidate, completion->typed, strlen(completion->typed)) == 0)
		(void)fprintf(completion->out, "%s\t%s\n", candidate, summary);
}

/* First words of the table, or second ones of a group. */
static void offer_commands(const struct completion *completion, const char *group)
{
	for (const struct command *const *row = command_table(); *row; row++) {
		const char *name = (*row)->name;
		if (group && command_is_inside(*row, group))
			offer(completion, "", name + strlen(group) + 1, (*row)->summary);
		else if (!group && !strchr(name, ' ') && !(*row)->is_hidden)
			offer(completion, "", name, (*row)->summary);
	}
}

static void offer_topics(const struct completion *completion)
{
	for (const struct topic *topic = topic_table(); topic->name; topic++)
		offer(completion, "", topic->name, topic->summary);
}

static void offer_options(const struct completion *completion, const struct command *command)
{
	for (size_t i = 0; i < command->options.count; i++) {
		const struct option_row *row = &command->options.rows[i];
		offer(completion, option_is_on_by_default(row) ? "--no-" : "--", row->name,
		      row->help);
	}
	offer(completion, "", "--help", "the options of the first hour");
}

/* The row of "-o", "--output" or "--output=..." if it takes a value. */
static const struct option_row *valued_option(const struct command *command, const char *word)
{
	size_t length = strcspn(word, "=");
	for (size_t i = 0; i < command->options.count; i++) {
		const struct option_row *row = &command->options.rows[i];
		bool is_letter =
			word[0] == '-' && row->letter && word[1] == row->letter && word[2] == '\0';
		bool is_name = length > 2 && strncmp(word, "--", 2) == 0 &&
			       strlen(row->name) == length - 2 &&
			       strncmp(word + 2, row->name, length - 2) == 0;
		if ((is_letter || is_name) && row->type != OPTION_FLAG)
			return row;
	}
	return NULL;
}

/* `before` is what of the word stands before the value: "--color=" or "". */
struct value_offer {
	const struct completion *completion;
	const char *before;
};

static void offer_value(void *context, const char *word, const char *summary)
{
	const struct value_offer *values = context;
	offer(values->completion, values->before, word, summary);
}

static void offer_values(const struct completion *completion, const char *before,
			 const struct option_row *row)
{
	const char *choice = row->choices ? row->choices : "";
	struct value_offer values = { completion, before };
	while (*choice) {
		char word[64];
		int length = (int)strcspn(choice, " ");
		(void)snprintf(word, sizeof(word), "%.*s", length, choice);
		offer(completion, before, word, row->help);
		choice += length;
		choice += strspn(choice, " ");
	}
	if (row->values)
		row->values(&(struct option_offer){ offer_value, &values });
}

static void offer_levels(const struct completion *completion)
{
	for (unsigned level = OPTION_FIRST_HOUR + 1; level <= OPTION_OUTPUT; level++)
		offer(completion, "", help_level_word(level), help_level_heading(level));
}

/* An option, or one with the beginning of its value. */
static void complete_word(const struct completion *completion, const struct command *command)
{
	const char *equals = strchr(completion->typed, '=');
	const struct option_row *row = equals ? valued_option(command, completion->typed) : NULL;
	if (row) {
		char before[64];
		(void)snprintf(before, sizeof(before), "%.*s",
			       (int)(equals - completion->typed) + 1, completion->typed);
		offer_values(completion, before, row);
	} else if (*completion->typed == '-') {
		offer_options(completion, command);
	}
}

/* The words behind the command's name. */
static void complete_arguments(FILE *out, const struct command *command, const char *const *words,
			       size_t count)
{
	struct completion completion = { out, words[count - 1] };
	const char *previous = count > 1 ? words[count - 2] : "";
	if (strcmp(completion.typed, "=") == 0)
		completion.typed = "";
	else if (strcmp(previous, "=") == 0 && count > 2)
		previous = words[count - 3];

	const struct option_row *row = valued_option(command, previous);
	if (row)
		offer_values(&completion, "", row);
	else if (strcmp(previous, "--help") == 0)
		offer_levels(&completion);
	else
		complete_word(&completion, command);
}

void complete_print(FILE *out, const char *const *words, size_t count)
{
	struct completion completion = { out, count > 0 ? words[count - 1] : "" };
	if (count <= 1) {
		offer_commands(&completion, NULL);
		return;
	}
	const struct command *command = command_find(words[0]);
	if (count == 2)
		offer_commands(&completion, words[0]);
	if (count == 2 && strcmp(words[0], "help") == 0) {
		offer_commands(&completion, NULL);
		offer_topics(&completion);
	}
	if (count == 3 && strcmp(words[0], "help") == 0)
		offer_commands(&completion, words[1]);

	char name[128];
	(void)snprintf(name, sizeof(name), "%s %s", words[0], words[1]);
	const struct command *inside = count > 2 ? command_find(name) : NULL;
	if (inside)
		complete_arguments(out, inside, words + 2, count - 2);
	else if (command)
		complete_arguments(out, command, words + 1, count - 1);
}
