/* In which settings two runs differ, of those that change what is measured. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "metric/report.h"

struct setting_difference {
	const char *name;
	const char
		*a; /* values of an option given several times are joined; "" where it is not set */
	const char *b;
};

/* The value of an option as echoed, the first one of a list; NULL: the report has none. */
const char *report_setting(const struct report *report, const char *name);
/* Did its workers never sleep (--spin), so that their cpu was full whatever they did? */
bool report_is_spinning(const struct report *report);
/* Where output goes, how much is told, what is expected: nothing that changes a measurement. */
bool report_setting_is_idle(const char *name);
/* Their number; the list is in `arena`. */
uint32_t report_settings_compare(const struct report *a, const struct report *b,
				 struct arena *arena, struct setting_difference **ret);
