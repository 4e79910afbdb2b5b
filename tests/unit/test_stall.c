/* Silence by scripts of writes, bytes and looks at a simulated clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/stall.h"

#define AFTER_NS 200
#define NEVER    UINT64_MAX

enum action { END, OWED, PROGRESS, CHECK };

struct step {
	enum action action;
	uint64_t at_ns;
	uint64_t oldest_write_ns; /* PROGRESS */
	bool is_true;             /* what the call returns */
	uint64_t start_ns;        /* of the stall that PROGRESS ends */
	uint64_t deadline_ns;     /* afterwards */
};

struct script {
	const char *name;
	struct step steps[10];
};

static const struct script scripts[] = {
	/* clang-format off */
	{ "answered in time", {
		{ OWED,     1000, 0,    false, 0,    1201 },
		{ CHECK,    1100, 0,    false, 0,    1201 },
		{ PROGRESS, 1150, 0,    false, 0,    NEVER },
		{ CHECK,    9999, 0,    false, 0,    NEVER } } },
	{ "silent, then answered; found once", {
		{ OWED,     1000, 0,    false, 0,    1201 },
		{ CHECK,    1200, 0,    false, 0,    1201 }, /* as long as, not longer */
		{ CHECK,    1201, 0,    true,  0,    NEVER },
		{ CHECK,    1500, 0,    false, 0,    NEVER },
		{ PROGRESS, 1700, 0,    true,  1000, NEVER },
		{ CHECK,    1800, 0,    false, 0,    NEVER } } },
	{ "later writes don't put it off", {
		{ OWED,     1000, 0,    false, 0,    1201 },
		{ OWED,     1100, 0,    false, 0,    1201 },
		{ OWED,     1199, 0,    false, 0,    1201 },
		{ CHECK,    1201, 0,    true,  0,    NEVER },
		{ OWED,     1300, 0,    false, 0,    NEVER },
		{ PROGRESS, 1400, 1100, true,  1000, 1601 } } },
	{ "each byte puts it off while more is owed", {
		{ OWED,     1000, 0,    false, 0,    1201 },
		{ PROGRESS, 1150, 1000, false, 0,    1351 },
		{ PROGRESS, 1300, 1000, false, 0,    1501 },
		{ CHECK,    1501, 0,    true,  0,    NEVER },
		{ PROGRESS, 2000, 1000, true,  1300, 2201 } } },
	{ "counts from the write when that is later than the last byte", {
		{ OWED,     1000, 0,    false, 0,    1201 },
		{ PROGRESS, 1100, 0,    false, 0,    NEVER },
		{ OWED,     5000, 0,    false, 0,    5201 },
		{ CHECK,    5201, 0,    true,  0,    NEVER },
		{ PROGRESS, 5300, 0,    true,  5000, NEVER } } },
	{ "a write stamped after the byte's moment", {
		{ OWED,     1000, 0,    false, 0,    1201 },
		{ PROGRESS, 1100, 1105, false, 0,    1306 } } },
	{ "stalls again after the first bytes of an answer", {
		{ OWED,     1000, 0,    false, 0,    1201 },
		{ CHECK,    1201, 0,    true,  0,    NEVER },
		{ PROGRESS, 1600, 1000, true,  1000, 1801 },
		{ CHECK,    1801, 0,    true,  0,    NEVER },
		{ PROGRESS, 1900, 0,    true,  1600, NEVER } } },
	{ "bytes that waited for a late loop are no silence", {
		{ OWED,     1000, 0,    false, 0,    1201 },
		{ PROGRESS, 3000, 0,    false, 0,    NEVER },
		{ CHECK,    3000, 0,    false, 0,    NEVER } } },
	{ "nothing is owed", {
		{ CHECK,    9000, 0,    false, 0,    NEVER },
		{ PROGRESS, 9100, 0,    false, 0,    NEVER }, /* unasked bytes */
		{ CHECK,    9999, 0,    false, 0,    NEVER } } },
	/* clang-format on */
};

static bool take(struct stall *stall, const struct step *step)
{
	uint64_t start_ns = 0;
	bool is_true = false;

	switch (step->action) {
	case OWED:
		stall_owed(stall, step->at_ns);
		break;
	case PROGRESS:
		is_true = stall_progress(stall, step->at_ns, step->oldest_write_ns, &start_ns);
		break;
	case CHECK:
		is_true = stall_check(stall, step->at_ns);
		break;
	case END:
		break;
	}
	return is_true == step->is_true && start_ns == step->start_ns &&
	       stall_deadline(stall) == step->deadline_ns;
}

static void scripts_give_their_stalls(void **state)
{
	for (size_t i = 0; i < array_size(scripts); i++) {
		const struct script *script = &scripts[i];
		struct stall stall;

		stall_init(&stall, AFTER_NS);
		for (size_t s = 0; script->steps[s].action != END; s++)
			if (!take(&stall, &script->steps[s]))
				fail_msg("%s: step %zu", script->name, s);
	}
}

static void never_means_never(void **state)
{
	struct stall stall;

	stall_init(&stall, UINT64_MAX);
	stall_owed(&stall, 1000);
	assert_int_equal(stall_deadline(&stall), UINT64_MAX);
	assert_false(stall_check(&stall, UINT64_MAX - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_give_their_stalls),
		cmocka_unit_test(never_means_never),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
