/* A message is cut into 2 * 10^15 parts, so that in a ns a rate of n millionths a second makes
 * 2 * n of them due. Over `t` ns of a line from f to g in L ns that is t * (2 f + (g - f) t / L):
 * an integer but for the last division, whatever the rates are. */
#include "engine/schedule.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/rate_ramp.h"

typedef unsigned __int128 uint128;

#define PARTS UINT64_C(2000000000000000)

static uint64_t saturate(uint128 value)
{
	return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static bool is_constant(const struct schedule_segment *segment)
{
	return segment->from_micro == segment->to_micro;
}

/* What is due within `ns` of the segment, rounded up to a part: a number of whole messages is more
 * than that or not, with and without the rounding. */
static uint128 parts_within(const struct schedule_segment *segment, uint64_t ns)
{
	uint128 from = 2 * (uint128)segment->from_micro;
	uint64_t length = segment->length_ns;

	if (is_constant(segment))
		return from * ns;
	/* Both terms of the mean rate times length: no difference that could be negative. */
	uint128 mean = from * (length - ns) + (uint128)ns * segment->from_micro +
		       (uint128)ns * segment->to_micro;
	uint128 rest = mean % length * ns;

	return mean / length * ns + (rest + length - 1) / length;
}

/* ---- making one ---- */

static uint64_t micro_of(double rate)
{
	assert(rate >= 0 && rate <= SCHEDULE_RATE_MAX);
	return (uint64_t)llround(rate * 1e6);
}

/* Begins there; the last one, which begins before, ends there. */
static struct schedule_segment *append(struct schedule *schedule, uint64_t start_ns)
{
	assert(schedule->count < SCHEDULE_SEGMENTS_MAX);
	const struct schedule_segment *last = &schedule->segments[schedule->count - 1];
	struct schedule_segment *next = &schedule->segments[schedule->count++];

	*next = (struct schedule_segment){
		.start_ns = start_ns,
		.before = last->before + parts_within(last, start_ns - last->start_ns),
	};
	return next;
}

static void set_rates(struct schedule_segment *segment, double from, double to, uint64_t length_ns)
{
	segment->from_micro = micro_of(from);
	segment->to_micro = micro_of(to);
	segment->length_ns = length_ns;
}

static void init_first(struct schedule *schedule, uint64_t start_ns)
{
	schedule->count = 1;
	schedule->segments[0] = (struct schedule_segment){ .start_ns = start_ns };
}

void schedule_init(struct schedule *schedule, uint64_t start_ns, double rate)
{
	assert(rate >= SCHEDULE_RATE_MIN);
	init_first(schedule, start_ns);
	set_rates(&schedule->segments[0], rate, rate, 0);
}

void schedule_init_planned(struct schedule *schedule, uint64_t start_ns, double rate,
			   const struct rate_ramp *ramp)
{
	static_assert(RATE_RAMP_PARTS_MAX < SCHEDULE_SEGMENTS_MAX, "and the rate that stays");

	if (!ramp) {
		schedule_init(schedule, start_ns, rate);
		return;
	}
	init_first(schedule, start_ns);
	struct schedule_segment *segment = &schedule->segments[0];
	for (uint32_t i = 0; i < ramp->count; i++) {
		const struct rate_ramp_part *part = &ramp->parts[i];

		set_rates(segment, part->from, part->to, part->length_ns);
		if (part->length_ns > 0)
			segment = append(schedule, segment->start_ns + part->length_ns);
	}
	double last = ramp->parts[ramp->count - 1].to;
	set_rates(segment, last, last, 0);
}

/* The last one that begins before `at_ns`; else the first. */
static uint32_t index_at(const struct schedule *schedule, uint64_t at_ns)
{
	uint32_t i = schedule->count - 1;

	while (i > 0 && schedule->segments[i].start_ns >= at_ns)
		i--;
	return i;
}

/* ---- changing it ---- */

/* How many of the segments begin before `at_ns`. */
static uint32_t count_before(const struct schedule *schedule, uint64_t at_ns)
{
	uint32_t count = schedule->count;

	while (count > 0 && schedule->segments[count - 1].start_ns >= at_ns)
		count--;
	return count;
}

static bool is_same_rate(const struct schedule_segment *segment, double rate)
{
	return is_constant(segment) && segment->from_micro == micro_of(rate);
}

bool schedule_change(struct schedule *schedule, uint64_t at_ns, double rate)
{
	uint32_t count = count_before(schedule, at_ns);

	if (count == 0) {
		schedule->count = 1;
		set_rates(&schedule->segments[0], rate, rate, 0);
		return true;
	}
	if (is_same_rate(&schedule->segments[count - 1], rate)) {
		schedule->count = count;
		return true;
	}
	if (count == SCHEDULE_SEGMENTS_MAX)
		return false;
	schedule->count = count;
	set_rates(append(schedule, at_ns), rate, rate, 0);
	return true;
}

bool schedule_has_room(const struct schedule *schedule)
{
	return schedule->count < SCHEDULE_SEGMENTS_MAX;
}

/* ---- reading it ---- */

uint64_t schedule_count(const struct schedule *schedule, uint64_t at_ns)
{
	const struct schedule_segment *segment = &schedule->segments[index_at(schedule, at_ns)];

	if (at_ns <= segment->start_ns)
		return 0;
	/* floor(x) < d exactly if x < d for an integer d: so no rounding can put this and
	 * schedule_due() at odds. */
	uint128 parts = segment->before + parts_within(segment, at_ns - segment->start_ns);

	return saturate((parts + PARTS - 1) / PARTS);
}

/* The last one before which `number` or fewer are due. */
static const struct schedule_segment *segment_of(const struct schedule *schedule, uint64_t number)
{
	uint32_t i = schedule->count - 1;

	while (i > 0 && schedule->segments[i].before > (uint128)number * PARTS)
		i--;
	return &schedule->segments[i];
}

void schedule_forget(struct schedule *schedule, uint64_t number)
{
	uint32_t forgotten = (uint32_t)(segment_of(schedule, number) - schedule->segments);

	schedule->count -= forgotten;
	memmove(schedule->segments, schedule->segments + forgotten,
		schedule->count * sizeof(schedule->segments[0]));
}

/* The most ns within which no more than `parts` are due: near the square root's answer, which has
 * 64 bits of them, or less where the rate goes down to nothing. */
static uint64_t ns_of(const struct schedule_segment *segment, uint128 parts)
{
	long double from = (long double)segment->from_micro;
	long double slope =
		((long double)segment->to_micro - from) / (long double)segment->length_ns;
	long double square = from * from + slope * (long double)parts;
	long double guess = (long double)parts / (from + sqrtl(square > 0 ? square : 0));
	uint64_t most = segment->length_ns;
	uint64_t low = guess > 0 && guess < (long double)most ? (uint64_t)guess : 0;
	uint64_t step = 1;

	while (low > 0 && parts_within(segment, low) > parts) {
		low = low > step ? low - step : 0;
		step *= 2;
	}
	uint64_t high = low + 1;
	for (step = 1; high < most && parts_within(segment, high) <= parts; step *= 2)
		high = high + step < most ? high + step : most;
	while (low + 1 < high) {
		uint64_t middle = low + (high - low) / 2;

		*(parts_within(segment, middle) <= parts ? &low : &high) = middle;
	}
	return low;
}

uint64_t schedule_due(const struct schedule *schedule, uint64_t number)
{
	const struct schedule_segment *segment = segment_of(schedule, number);
	uint128 parts = (uint128)number * PARTS - segment->before;

	assert((uint128)number * PARTS >= segment->before); /* else it was forgotten */
	if (!is_constant(segment))
		return segment->start_ns + ns_of(segment, parts);
	if (segment->from_micro == 0)
		return UINT64_MAX;
	return add_saturating(segment->start_ns, saturate(parts / (2 * segment->from_micro)));
}

/* ---- dealing ---- */

static void set_stride(struct schedule_stride *stride, uint64_t divisor)
{
	uint128 parts = (uint128)stride->messages * PARTS;

	stride->ns = saturate(parts / divisor);
	stride->remainder = (uint64_t)(parts % divisor);
}

static uint64_t numbers_end(const struct schedule *schedule, const struct schedule_segment *segment)
{
	if (segment == &schedule->segments[schedule->count - 1])
		return UINT64_MAX;
	return saturate((segment[1].before + PARTS - 1) / PARTS);
}

void schedule_cursor_settle(struct schedule_cursor *cursor)
{
	const struct schedule *schedule = cursor->schedule;
	const struct schedule_segment *segment = segment_of(schedule, cursor->number);

	cursor->due_ns = schedule_due(schedule, cursor->number);
	cursor->strides_end = 0;
	if (!is_constant(segment) || segment->from_micro == 0)
		return;
	uint128 parts = (uint128)cursor->number * PARTS - segment->before;

	cursor->divisor = 2 * segment->from_micro;
	cursor->remainder = (uint64_t)(parts % cursor->divisor);
	cursor->strides_end = numbers_end(schedule, segment);
	set_stride(&cursor->across, cursor->divisor);
	set_stride(&cursor->around, cursor->divisor);
}

void schedule_cursor_init(struct schedule_cursor *cursor, const struct schedule *schedule,
			  uint32_t slots, uint32_t worker, uint32_t workers)
{
	assert(worker < workers);
	*cursor = (struct schedule_cursor){
		.due_ns = UINT64_MAX,
		.schedule = schedule,
		.slots = slots,
		.worker = worker,
		.workers = workers,
	};
	if (worker >= slots)
		return;

	uint32_t last_slot = worker + (slots - 1 - worker) / workers * workers;

	cursor->number = worker;
	cursor->slot = worker;
	cursor->across.messages = workers;
	cursor->around.messages = (uint64_t)slots - last_slot + worker;
	schedule_cursor_settle(cursor);
}
