/* See convergence.h. */
#include "metric/convergence.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BASELINE_WINDOWS     20 /* 2 s */
#define BASELINE_WINDOWS_MIN 5
#define GOOD_WINDOWS         10 /* 1 s */
/* Below this one message more or less is more than 10 %. */
#define BASELINE_MIN 10

#define FIRST_CAPACITY 1024

#define NO_MARK 0 /* marks are counted from 1 in a slot */
static_assert(REPORT_MARKS_MAX < UINT16_MAX, "marks are numbered in 16 bits");

struct tracked {
	uint64_t at_ns;
	uint64_t affected;
	uint64_t not_good;
	uint64_t first_good_ns; /* 0: none yet */
	uint64_t last_good_ns;
};

struct slot_place {
	uint16_t down_since; /* the mark after which it broke, until it is answered */
	uint16_t counted_by; /* the newest mark that counts it as affected */
};

struct convergence {
	uint64_t begin_ns;
	uint64_t end_ns;
	struct tracked marks[REPORT_MARKS_MAX];
	uint32_t mark_count;
	uint32_t *windows; /* answered messages in each */
	size_t window_count;
	size_t capacity;
	uint64_t received; /* up to there */
	bool is_full;
	uint32_t slot_count;
	struct slot_place slots[];
};

int convergence_new(uint32_t slots, struct convergence **ret)
{
	struct convergence *convergence =
		calloc(1, sizeof(*convergence) + slots * sizeof(convergence->slots[0]));
	if (!convergence)
		return -ENOMEM;
	convergence->begin_ns = UINT64_MAX;
	convergence->end_ns = UINT64_MAX;
	convergence->slot_count = slots;
	*ret = convergence;
	return 0;
}

void convergence_free(struct convergence *convergence)
{
	if (!convergence)
		return;
	free(convergence->windows);
	free(convergence);
}

void convergence_begin(struct convergence *convergence, uint64_t begin_ns)
{
	convergence->begin_ns = begin_ns;
}

void convergence_end(struct convergence *convergence, uint64_t end_ns)
{
	if (end_ns < convergence->end_ns)
		convergence->end_ns = end_ns;
}

void convergence_mark(struct convergence *convergence, uint64_t at_ns)
{
	if (convergence->mark_count < REPORT_MARKS_MAX)
		convergence->marks[convergence->mark_count++] = (struct tracked){ .at_ns = at_ns };
}

/* ---- slots ---- */

/* The newest mark that is not later. */
static uint32_t mark_before(const struct convergence *convergence, uint64_t at_ns)
{
	uint32_t mark = convergence->mark_count;
	while (mark > 0 && convergence->marks[mark - 1].at_ns > at_ns)
		mark--;
	return mark;
}

static void broke(struct convergence *convergence, uint32_t slot, uint64_t at_ns)
{
	assert(slot < convergence->slot_count);
	struct slot_place *place = &convergence->slots[slot];
	uint32_t mark = mark_before(convergence, at_ns);
	if (mark == NO_MARK || place->down_since != NO_MARK || at_ns >= convergence->end_ns)
		return;
	convergence->marks[mark - 1].affected += place->counted_by != mark;
	convergence->marks[mark - 1].not_good++;
	place->down_since = place->counted_by = (uint16_t)mark;
}

static void answered(struct convergence *convergence, uint32_t slot, uint64_t at_ns)
{
	assert(slot < convergence->slot_count);
	struct slot_place *place = &convergence->slots[slot];
	if (place->down_since == NO_MARK)
		return;
	struct tracked *mark = &convergence->marks[place->down_since - 1];
	place->down_since = NO_MARK;
	mark->not_good--;
	if (mark->first_good_ns == 0 || at_ns < mark->first_good_ns)
		mark->first_good_ns = at_ns;
	if (at_ns > mark->last_good_ns)
		mark->last_good_ns = at_ns;
}

void convergence_event(struct convergence *convergence, const struct event *event)
{
	switch (event->kind) {
	case EVENT_SLOT_SILENT:
	case EVENT_SLOT_ENDED:
		broke(convergence, event->slot, event->at_ns);
		break;
	case EVENT_SLOT_ANSWERS:
	case EVENT_SLOT_CONNECTED:
		answered(convergence, event->slot, event->at_ns);
		break;
	default:
		break;
	}
}

void convergence_interruption(struct convergence *convergence, const struct interval *interruption,
			      uint64_t stall_after_ns)
{
	uint64_t silent_ns = interruption->start_ns + stall_after_ns;
	if (silent_ns > interruption->end_ns)
		silent_ns = interruption->end_ns;
	broke(convergence, interruption->slot, silent_ns);
	if (!interruption->is_open)
		answered(convergence, interruption->slot, interruption->end_ns);
}

/* ---- windows ---- */

static bool reserve(struct convergence *convergence, uint64_t windows)
{
	size_t capacity = convergence->capacity ? convergence->capacity : FIRST_CAPACITY;
	while (capacity < windows && capacity < CONVERGENCE_WINDOWS_MAX)
		capacity *= 2;
	if (capacity < windows)
		return false;
	if (capacity == convergence->capacity)
		return true;
	uint32_t *items = realloc(convergence->windows, capacity * sizeof(*items));
	if (!items)
		return false;
	convergence->windows = items;
	convergence->capacity = capacity;
	return true;
}

/* Of the run, as long as it is known to be. */
static uint64_t whole_windows(const struct convergence *convergence)
{
	return (convergence->end_ns - convergence->begin_ns) / CONVERGENCE_WINDOW_NS;
}

void convergence_count(struct convergence *convergence, uint64_t windows, uint64_t received)
{
	if (windows > whole_windows(convergence))
		windows = whole_windows(convergence);
	if (windows <= convergence->window_count || convergence->is_full)
		return;
	convergence->is_full = !reserve(convergence, windows);
	while (!convergence->is_full && convergence->window_count < windows) {
		uint64_t left = windows - convergence->window_count;
		uint64_t share = (received - convergence->received) / left;
		convergence->windows[convergence->window_count++] = (uint32_t)share;
		convergence->received += share;
	}
}

static int compare_counts(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;
	return a < b ? -1 : a > b;
}

/* The median of the windows before this one; NULL, or why there is none. */
static const char *baseline_of(const struct convergence *convergence, size_t window,
			       uint32_t *baseline)
{
	uint32_t sorted[BASELINE_WINDOWS];
	size_t count = window < BASELINE_WINDOWS ? window : BASELINE_WINDOWS;
	if (window > convergence->window_count)
		return "not every window of 100 ms was counted";
	if (count < BASELINE_WINDOWS_MIN)
		return "less than 0.5 s of the run came before it";
	memcpy(sorted, convergence->windows + window - count, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_counts);
	*baseline = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
	return *baseline >= BASELINE_MIN ? NULL
					 : "fewer than 10 answers in 100 ms before it: no measure "
					   "of throughput";
}

/* The first window in [from, to) that has fewer answers; `to` if none has. */
static size_t find_fallen(const struct convergence *convergence, size_t from, size_t to,
			  uint32_t wanted)
{
	while (from < to && convergence->windows[from] >= wanted)
		from++;
	return from;
}

struct place { /* of a mark among the windows */
	uint64_t offset_ns;
	size_t window; /* that it is in */
	size_t next;   /* that the next mark is in, or the end */
	uint32_t baseline;
};

/* Windows of the run that were counted. */
static size_t counted_windows(const struct convergence *convergence)
{
	uint64_t windows = whole_windows(convergence);
	return windows < convergence->window_count ? windows : convergence->window_count;
}

static int64_t throughput(const struct convergence *convergence, const struct place *place,
			  unsigned percent)
{
	size_t end = counted_windows(convergence);
	uint32_t wanted = (uint32_t)((uint64_t)place->baseline * percent / 100);
	size_t fallen = find_fallen(convergence, place->window, place->next, wanted);
	if (fallen >= place->next)
		return 0;
	for (size_t start = fallen + 1; start + GOOD_WINDOWS <= end; start = fallen + 1) {
		fallen = find_fallen(convergence, start, start + GOOD_WINDOWS, wanted);
		if (fallen == start + GOOD_WINDOWS)
			return (int64_t)(start * CONVERGENCE_WINDOW_NS - place->offset_ns);
	}
	return INT64_MIN;
}

static void measure_throughput(const struct convergence *convergence, uint32_t mark,
			       struct report_convergence *ret)
{
	const struct tracked *tracked = &convergence->marks[mark];
	size_t end = counted_windows(convergence);
	struct place place = {
		.offset_ns = tracked->at_ns - convergence->begin_ns,
		.next = end,
	};
	place.window = place.offset_ns / CONVERGENCE_WINDOW_NS;
	ret->reason = baseline_of(convergence, place.window, &place.baseline);
	if (ret->reason)
		return;
	if (mark + 1 < convergence->mark_count) {
		uint64_t next_ns = tracked[1].at_ns - convergence->begin_ns;
		size_t next = next_ns / CONVERGENCE_WINDOW_NS;
		place.next = next < end ? next : end;
	}
	ret->throughput_90_ns = throughput(convergence, &place, 90);
	ret->throughput_95_ns = throughput(convergence, &place, 95);
	ret->throughput_99_ns = throughput(convergence, &place, 99);
}

/* ---- result ---- */

void convergence_result(const struct convergence *convergence, uint32_t mark,
			struct report_convergence *ret)
{
	const struct tracked *tracked = &convergence->marks[mark];
	*ret = (struct report_convergence){
		.first_good_ns = INT64_MIN,
		.all_good_ns = INT64_MIN,
		.throughput_90_ns = INT64_MIN,
		.throughput_95_ns = INT64_MIN,
		.throughput_99_ns = INT64_MIN,
	};
	if (tracked->at_ns < convergence->begin_ns)
		ret->reason = "it came before the start";
	else if (tracked->at_ns >= convergence->end_ns)
		ret->reason = "it came after the end";
	if (ret->reason)
		return;
	ret->is_measured = true;
	ret->affected = tracked->affected;
	ret->not_good = tracked->not_good;
	if (tracked->first_good_ns > 0)
		ret->first_good_ns = (int64_t)(tracked->first_good_ns - tracked->at_ns);
	if (tracked->affected > 0 && tracked->not_good == 0)
		ret->all_good_ns = (int64_t)(tracked->last_good_ns - tracked->at_ns);
	measure_throughput(convergence, mark, ret);
}
