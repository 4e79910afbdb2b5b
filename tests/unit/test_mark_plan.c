/* What --mark-on, --mark and --exec take and refuse. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "run/mark_plan.h"

static struct option_list list(const char *item)
{
	return (struct option_list){ .items = { item }, .count = item != NULL };
}

static void takes(void **state)
{
	struct mark_options options = {
		.on = { .items = { "USR1", "sigusr2" }, .count = 2 },
		.at = { .items = { "0=start", "3s=node-3 = cut off" }, .count = 2 },
		.exec = list("1.5s=ssh root@node-3 reboot"),
	};
	struct mark_plan plan;
	struct error error = { "" };
	assert_int_equal(mark_plan_parse(&options, 10 * NS_PER_S, &error, &plan), 0);
	assert_true(sigismember(&plan.signals, SIGUSR1));
	assert_true(sigismember(&plan.signals, SIGUSR2));
	assert_false(sigismember(&plan.signals, SIGINT));
	assert_int_equal(plan.count, 3);
	assert_int_equal(plan.items[0].after_ns, 0);
	assert_int_equal(plan.items[1].after_ns, 3 * NS_PER_S);
	assert_string_equal(plan.items[1].text, "node-3 = cut off");
	assert_false(plan.items[1].is_command);
	assert_int_equal(plan.items[2].after_ns, 1500 * NS_PER_MS);
	assert_string_equal(plan.items[2].text, "ssh root@node-3 reboot");
	assert_true(plan.items[2].is_command);
}

static void refuses_with_a_sentence(void **state)
{
	static const struct {
		const char *on, *at, *exec;
		const char *sentence;
	} cases[] = {
		{ "HUP", NULL, NULL, "--mark-on: \"HUP\" is no signal to mark on (USR1, USR2)" },
		{ NULL, "3s", NULL, "--mark: \"3s\" is not TIME=NAME, as in '3s=node-3 cut off'" },
		{ NULL, "3s=", NULL,
		  "--mark: \"3s=\" is not TIME=NAME, as in '3s=node-3 cut off'" },
		{ NULL, NULL, "=reboot",
		  "--exec: \"=reboot\" is not TIME=COMMAND, as in '3s=ssh root@node-3 reboot'" },
		{ NULL, "3=x", NULL, "--mark: \"3\" has no unit: 3s, 3m or 3ms?" },
		{ NULL, "10s=x", NULL,
		  "--mark: 10s is no moment of this run, which ends at 10s (-T)" },
		{ NULL, NULL, "1m=x",
		  "--exec: 1m is no moment of this run, which ends at 10s (-T)" },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct mark_options options = { list(cases[i].on), list(cases[i].at),
						list(cases[i].exec) };
		struct mark_plan plan;
		struct error error = { "" };
		assert_int_equal(mark_plan_parse(&options, 10 * NS_PER_S, &error, &plan), -EINVAL);
		assert_string_equal(error.text, cases[i].sentence);
	}
}

static void a_run_without_an_end_has_every_moment(void **state)
{
	struct mark_options options = { .at = list("24h=tomorrow") };
	struct mark_plan plan;
	assert_int_equal(mark_plan_parse(&options, 0, NULL, &plan), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(refuses_with_a_sentence),
		cmocka_unit_test(a_run_without_an_end_has_every_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
