/* The class of a slot, by what happened to it in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "metric/survival.h"

/* One letter an event: u connection up, s stall began, a answers again; the connection ended by
 * r reset, c close, t time-out, x corruption, R refusal (also of an attempt), U unreachable,
 * L a limit, o something else, d done (the run's own end). */
static const struct {
	const char *history;
	enum survival class;
} cases[] = {
	/* clang-format off */
	{ "",       SURVIVAL_NEVER_CONNECTED },
	{ "R",      SURVIVAL_NEVER_CONNECTED },
	{ "RtU",    SURVIVAL_NEVER_CONNECTED },
	{ "u",      SURVIVAL_UNTOUCHED },
	{ "ud",     SURVIVAL_UNTOUCHED },
	{ "Ru",     SURVIVAL_UNTOUCHED }, /* late, but its connection never broke */
	{ "ua",     SURVIVAL_UNTOUCHED }, /* answers without a stall */
	{ "us",     SURVIVAL_STALLED },
	{ "usd",    SURVIVAL_STALLED },
	{ "usa",    SURVIVAL_RECOVERED },
	{ "usas",   SURVIVAL_STALLED }, /* it came back, and is silent at the end */
	{ "usasa",  SURVIVAL_RECOVERED }, /* the first break counts */
	{ "usac",   SURVIVAL_RECOVERED },
	{ "usacur", SURVIVAL_RECOVERED },
	{ "usr",    SURVIVAL_RESET }, /* a stall that ends so is no stall */
	{ "usc",    SURVIVAL_CLOSED },
	{ "ust",    SURVIVAL_TIMED_OUT },
	{ "usx",    SURVIVAL_CORRUPTED },
	{ "ur",     SURVIVAL_RESET },
	{ "uc",     SURVIVAL_CLOSED },
	{ "ut",     SURVIVAL_TIMED_OUT },
	{ "ux",     SURVIVAL_CORRUPTED },
	{ "uU",     SURVIVAL_TIMED_OUT },
	{ "uL",     SURVIVAL_CLOSED },
	{ "uo",     SURVIVAL_RESET },
	{ "urRRu",  SURVIVAL_RESET }, /* reconnected: still reset */
	{ "urus",   SURVIVAL_RESET },
	{ "urusa",  SURVIVAL_RESET },
	{ "ucur",   SURVIVAL_CLOSED },
	{ "usrua",  SURVIVAL_RESET }, /* the successor's answers end no stall */
	/* clang-format on */
};

static enum outcome outcome_of(char letter)
{
	switch (letter) {
	case 'r':
		return OUTCOME_RESET;
	case 'c':
		return OUTCOME_CLOSED;
	case 't':
		return OUTCOME_TIMED_OUT;
	case 'x':
		return OUTCOME_CORRUPTED;
	case 'R':
		return OUTCOME_REFUSED;
	case 'U':
		return OUTCOME_UNREACHABLE;
	case 'L':
		return OUTCOME_LIMITED;
	case 'd':
		return OUTCOME_DONE;
	default:
		return OUTCOME_OTHER;
	}
}

static void happen(struct survival_state *state, char letter)
{
	if (letter == 'u')
		survival_connected(state);
	else if (letter == 's')
		survival_stall_began(state);
	else if (letter == 'a')
		survival_stall_ended(state);
	else
		survival_ended(state, outcome_of(letter));
}

static void histories_give_their_class(void **state)
{
	for (size_t i = 0; i < array_size(cases); i++) {
		struct survival_state slot;

		survival_init(&slot);
		for (const char *letter = cases[i].history; *letter != '\0'; letter++)
			happen(&slot, *letter);
		if (survival_class(&slot) != cases[i].class)
			fail_msg("\"%s\" is %s", cases[i].history,
				 survival_name(survival_class(&slot)));
	}
}

static void a_slot_is_three_bytes(void **state)
{
	assert_int_equal(sizeof(struct survival_state), 3);
}

static void names_are_those_of_the_table(void **state)
{
	assert_string_equal(survival_name(SURVIVAL_UNTOUCHED), "untouched");
	assert_string_equal(survival_name(SURVIVAL_NEVER_CONNECTED), "never_connected");
	assert_string_equal(survival_sentence(SURVIVAL_CLOSED), "closed by peer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histories_give_their_class),
		cmocka_unit_test(a_slot_is_three_bytes),
		cmocka_unit_test(names_are_those_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
