#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/service.h"
#include "cli/hints.h"

struct any_options {
	uint64_t duration_ns;
};

/* A command that has exactly the option which the hint under test advises. */
static struct option_row row;
static struct command command;
static const struct command *table[3];

const struct command *const *command_table(void)
{
	return table;
}

static void set_command(const char *name, const char *option)
{
	row = (struct option_row)OPTION(struct any_options, duration_ns, OPTION_TIME, );
	row.name = option;
	row.letter = 'Z';
	command = (struct command){ .name = name, .options = { &row, option ? 1 : 0 } };
	table[0] = &command;
}

/* The first of "traffic load"; some command for a hint that holds everywhere. */
static void first_word(const char *words, char name[32])
{
	words = words ? words : "any";
	(void)snprintf(name, 32, "%.*s", (int)strcspn(words, " "), words);
}

static void no_hint_without_what_it_advises(void **state)
{
	size_t count = 0;
	const struct hint *hints = hints_table(&count);
	assert_true(count > 10);
	for (size_t i = 0; i < count; i++) {
		struct buffer sentence;
		buffer_init(&sentence, 256);
		assert_true(hints_have_word(hints[i].word));
		set_command("other", NULL);
		assert_false(hints_for_option(&command, hints[i].word, NULL, &sentence));
		assert_null(hints_for_command(hints[i].word));
		assert_string_equal(buffer_text(&sentence), "");
		buffer_deinit(&sentence);
	}
}

static void every_hint_is_given_with_it(void **state)
{
	size_t count = 0;
	const struct hint *hints = hints_table(&count);
	for (size_t i = 0; i < count; i++) {
		struct buffer sentence;
		char name[32];
		first_word(hints[i].commands, name);
		buffer_init(&sentence, 256);
		set_command(hints[i].command ? hints[i].command : name, hints[i].option);
		if (hints[i].command) {
			assert_ptr_equal(hints_for_command(hints[i].word), &command);
		} else {
			assert_true(hints_for_option(&command, hints[i].word, NULL, &sentence));
			assert_null(strchr(buffer_text(&sentence), '%'));
		}
		if (hints[i].option)
			assert_non_null(strstr(buffer_text(&sentence), "-Z "));
		buffer_deinit(&sentence);
	}
}

/* What a sentence spells out has to be what the row advises. */
static void sentences_name_what_their_rows_advise(void **state)
{
	size_t count = 0;
	const struct hint *hints = hints_table(&count);
	for (size_t i = 0; i < count; i++) {
		const struct hint *hint = &hints[i];
		assert_int_equal((hint->option != NULL) + (hint->command != NULL) +
					 (hint->scheme != NULL),
				 1);
		const char *name = hint->sentence ? strstr(hint->sentence, "(--") : NULL;
		if (name)
			assert_memory_equal(name + 3, hint->option, strlen(hint->option));
		if (hint->option)
			assert_non_null(hint->sample);
		bool is_transport = hint->scheme && (strcmp(hint->scheme, "tcp") == 0 ||
						     strcmp(hint->scheme, "udp") == 0);
		if (hint->scheme && !is_transport)
			assert_int_not_equal(service_find(hint->scheme, strlen(hint->scheme)),
					     SERVICE_COUNT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_hint_without_what_it_advises),
		cmocka_unit_test(every_hint_is_given_with_it),
		cmocka_unit_test(sentences_name_what_their_rows_advise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
