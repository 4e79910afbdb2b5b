#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/closest.h"

static const char *const words[] = { "serve",       "traffic",     "report",
				     "outages.max", "connections", "connect-rate",
				     "tcp",         "cpu",         "duration" };

static const struct {
	const char *word;
	const char *closest; /* NULL: none */
} cases[] = {
	{ "server", "serve" },
	{ "sevre", "serve" },
	{ "serve", "serve" },
	{ "trafic", "traffic" },
	{ "outage.max", "outages.max" },
	{ "conections", "connections" },
	{ "tpc", "tcp" },
	{ "dur", "duration" },
	{ "duration-of-the-run", NULL },
	{ "conn", NULL },
	{ "", NULL },
	{ "x", NULL },
	{ "banana", NULL },
	{ "http", NULL },
};

static void finds_what_was_meant(void **state)
{
	for (size_t i = 0; i < array_size(cases); i++) {
		const char *closest = closest_word(cases[i].word, words, array_size(words));
		if (cases[i].closest)
			assert_string_equal(closest ? closest : "(none)", cases[i].closest);
		else
			assert_null(closest);
	}
}

static void survives_long_words(void **state)
{
	char word[200];
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	const char *const long_words[] = { word, "serve" };
	assert_null(closest_word(word, words, array_size(words)));
	assert_string_equal(closest_word("serv", long_words, 2), "serve");
	word[63] = '\0';
	assert_null(closest_word(word, words, array_size(words)));
	assert_null(closest_word("a", words, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_meant),
		cmocka_unit_test(survives_long_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
