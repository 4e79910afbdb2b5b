/* Keys out of bytes, and the rates that they step through. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "run/hand.h"
#include "run/key.h"

static void keys_are_known(void **state)
{
	static const struct {
		const char *bytes;
		enum key keys[4];
	} cases[] = {
		{ "\033[A", { KEY_FASTER } },
		{ "\033OA", { KEY_FASTER } },
		{ "\033[B\033[A", { KEY_SLOWER, KEY_FASTER } },
		{ "\033OB", { KEY_SLOWER } },
		{ "\033[1;5A", { KEY_FASTER } },
		{ "\033[C\033[D\033[5~q", { KEY_END } },
		{ "+=- q", { KEY_FASTER, KEY_FASTER, KEY_SLOWER, KEY_PAUSE } },
		{ "Q", { KEY_END } },
		/* Not of an arrow, and Escape on its own takes nothing with it. */
		{ "AB[O", { KEY_NONE } },
		{ "\033\033[A", { KEY_FASTER } },
		{ "\033x ", { KEY_PAUSE } },
		{ "\xff\x01\t\n", { KEY_NONE } },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct key_parser parser = { KEY_PLAIN };
		size_t found = 0;
		for (const char *byte = cases[i].bytes; *byte; byte++) {
			enum key key = key_take(&parser, (uint8_t)*byte);
			if (key != KEY_NONE && found < 4)
				assert_int_equal(key, cases[i].keys[found++]);
		}
		assert_true(found == 4 || cases[i].keys[found] == KEY_NONE);
	}
}

static bool is_near(double a, double b)
{
	return fabs(a - b) < 1e-6 * b;
}

static void steps_are_round_and_lead_back(void **state)
{
	static const struct {
		double from, above, below;
	} cases[] = {
		{ 1000, 1100, 910 },
		{ 20000, 22000, 18000 },
		{ 1, 1.1, 0.91 },
		{ 9.1, 10, 8.2 },
		{ 10, 11, 9.1 },
		{ 12345, 13000, 12000 },
		{ 1e6 / 3, 360000, 330000 },
		{ 0.001, 0.0011, 0.001 },
		{ 1e9, 1e9, 9.1e8 },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		assert_true(is_near(hand_rate_above(cases[i].from), cases[i].above));
		assert_true(is_near(hand_rate_below(cases[i].from), cases[i].below));
	}
	for (double rate = 0.001; rate < 5e8; rate = hand_rate_above(rate)) {
		double above = hand_rate_above(rate);
		assert_true(above > rate * 1.05 && above < rate * 1.17);
		assert_true(is_near(hand_rate_below(above), rate));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_known),
		cmocka_unit_test(steps_are_round_and_lead_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
