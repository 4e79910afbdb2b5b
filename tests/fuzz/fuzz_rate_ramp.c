// Any text as a ramp: what parses makes a schedule whose two directions agree around each change.
#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "base/rate_ramp.h"
#include "engine/schedule.h"
#include "fuzz.h"

static void check_number(const struct schedule *schedule, uint64_t number)
{
	uint64_t due_ns = schedule_due(schedule, number);

	if (number > 0)
		assert(schedule_due(schedule, number - 1) <= due_ns);
	if (due_ns == UINT64_MAX)
		return;
	assert(schedule_count(schedule, due_ns) <= number);
	assert(schedule_count(schedule, due_ns + 1) > number);
}

static void check_schedule(const struct rate_ramp *ramp)
{
	struct schedule schedule;

	schedule_init_planned(&schedule, NS_PER_S, 0, ramp);
	for (uint32_t i = 0; i < schedule.count; i++) {
		uint64_t first = schedule_count(&schedule, schedule.segments[i].start_ns);

		check_number(&schedule, first);
		check_number(&schedule, first + 1);
		check_number(&schedule, first + 1000000);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[1024];
	struct error error = { "" };
	struct rate_ramp ramp;

	(void)snprintf(text, sizeof(text), "%.*s", (int)(size < sizeof(text) ? size : sizeof(text)),
		       (const char *)data);
	if (rate_ramp_parse(text, &error, &ramp) < 0) {
		assert(error.text[0] != '\0');
		return 0;
	}
	assert(ramp.count > 0 && rate_ramp_highest(&ramp) > 0);
	if (rate_ramp_multiply(&ramp, 3, &error) == 0)
		check_schedule(&ramp);
	return 0;
}
