/* How workers are shared out over processes, and a copy of the program with its line. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/pages.h"
#include "engine/plan.h"
#include "sys/forked.h"

static void every_worker_has_one_process(void **state)
{
	for (unsigned workers = 1; workers <= 130; workers++) {
		for (unsigned processes = 1; processes <= workers && processes <= 64; processes++) {
			struct plan plan = { .workers = workers, .processes = processes };
			assert_int_equal(plan_first_worker(&plan, 0), 0);
			assert_int_equal(plan_first_worker(&plan, processes), workers);
			for (unsigned i = 0; i < workers; i++) {
				unsigned process = plan_process_of(&plan, i);
				assert_true(i >= plan_first_worker(&plan, process));
				assert_true(i < plan_first_worker(&plan, process + 1));
			}
			unsigned share = plan_first_worker(&plan, 1);
			assert_true(share == workers / processes ||
				    share == workers / processes + 1);
		}
	}
}

static void one_process_has_them_all(void **state)
{
	struct plan plan = { .workers = 5 };
	assert_int_equal(plan_processes(&plan), 1);
	assert_int_equal(plan_process_of(&plan, 4), 0);
	assert_int_equal(plan_first_worker(&plan, 1), 5);
}

/* What the copy does: writes where both see it, answers each byte with the next, leaves at the
 * end of the line. */
static _Noreturn void echo(struct forked *copy, int *seen)
{
	char word = 0;
	*seen = 7;
	while (forked_await(copy, &word) == 0)
		forked_say(copy, (char)(word + 1));
	forked_leave(3);
}

static void start(struct forked *copy, int **ret_seen)
{
	void *pages = NULL;
	assert_int_equal(pages_new(sizeof(int), PAGES_SHARED, &pages), 0);
	assert_int_equal(forked_start(copy), 0);
	if (copy->pid == 0)
		echo(copy, pages);
	*ret_seen = pages;
}

static void a_copy_answers_and_leaves_with_its_owner(void **state)
{
	struct forked copy;
	struct forked_end end;
	int *seen = NULL;
	char word = 0;
	start(&copy, &seen);
	assert_int_equal(forked_hear(&copy, &word), -EAGAIN);
	forked_say(&copy, 'a');
	assert_int_equal(forked_await(&copy, &word), 0);
	assert_int_equal(word, 'b');
	assert_int_equal(*seen, 7);
	/* A terminal's signals are not for it. */
	assert_int_equal(kill(copy.pid, SIGINT), 0);
	assert_int_equal(kill(copy.pid, SIGTERM), 0);
	forked_say(&copy, 'k');
	assert_int_equal(forked_await(&copy, &word), 0);
	assert_int_equal(word, 'l');
	assert_int_equal(forked_reap(&copy, &end), -EAGAIN);
	forked_close(&copy);
	forked_reap_last(&copy, &end);
	assert_int_equal(end.status, 3);
	assert_int_equal(end.signal, 0);
	assert_int_equal(copy.pid, 0);
	pages_free(seen, sizeof(*seen));
}

static void a_copy_that_is_killed_is_seen(void **state)
{
	struct forked copy;
	struct forked_end end;
	int *seen = NULL;
	char word = 0;
	start(&copy, &seen);
	assert_int_equal(kill(copy.pid, SIGKILL), 0);
	assert_int_equal(forked_await(&copy, &word), -EPIPE);
	forked_say(&copy, 'a');
	forked_reap_last(&copy, &end);
	assert_int_equal(end.signal, SIGKILL);
	assert_int_equal(end.status, 0);
	forked_close(&copy);
	pages_free(seen, sizeof(*seen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_worker_has_one_process),
		cmocka_unit_test(one_process_has_them_all),
		cmocka_unit_test(a_copy_answers_and_leaves_with_its_owner),
		cmocka_unit_test(a_copy_that_is_killed_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
