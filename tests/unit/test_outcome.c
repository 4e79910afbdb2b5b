#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/outcome.h"

static void every_name_finds_its_outcome(void **state)
{
	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		assert_int_equal(outcome_find(outcome_name((enum outcome)i)), i);
		assert_string_not_equal(outcome_sentence((enum outcome)i), "");
	}
	assert_int_equal(outcome_find("no such"), OUTCOME_COUNT);
}

static void only_open_and_done_are_no_failures(void **state)
{
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		assert_int_equal(outcome_is_failure((enum outcome)i),
				 i != OUTCOME_OPEN && i != OUTCOME_DONE);
}

static const struct {
	int code;
	enum outcome outcome;
} errnos[] = {
	{ 0, OUTCOME_DONE },
	{ ECONNREFUSED, OUTCOME_REFUSED },
	{ ECONNRESET, OUTCOME_RESET },
	{ EPIPE, OUTCOME_RESET },
	{ ETIMEDOUT, OUTCOME_TIMED_OUT },
	{ EHOSTUNREACH, OUTCOME_UNREACHABLE },
	{ ENETUNREACH, OUTCOME_UNREACHABLE },
	{ EACCES, OUTCOME_PROHIBITED },
	{ EMFILE, OUTCOME_NO_DESCRIPTORS },
	{ EADDRNOTAVAIL, OUTCOME_NO_PORTS },
	{ ENOBUFS, OUTCOME_NO_MEMORY },
	{ EINVAL, OUTCOME_OTHER },
};

static void errnos_mean_outcomes(void **state)
{
	for (size_t i = 0; i < array_size(errnos); i++)
		assert_int_equal(outcome_from_errno(errnos[i].code), errnos[i].outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_finds_its_outcome),
		cmocka_unit_test(only_open_and_done_are_no_failures),
		cmocka_unit_test(errnos_mean_outcomes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
