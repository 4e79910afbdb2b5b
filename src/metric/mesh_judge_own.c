#include "metric/mesh_judge_own.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"

/* Of a window. A cpu quota shows at 2 %, a busy machine has a few percent of waiting anyway. */
#define THROTTLED_SOME 0.02
#define THROTTLED_MUCH 0.10
#define WAITED_SOME    0.10
#define LATE_SOME      0.05
#define LATE_MUCH      0.50
#define DELAY_SOME_NS  (20 * NS_PER_MS)
#define DELAY_MUCH_NS  (50 * NS_PER_MS)
#define SHARE_EXPLAINS 0.15
#define SHARE_SILENCES 0.50
#define TOO_RARE       1e-6
#define COMPARED_LEAST 4 /* pairs that say what befalls all of them */

static double ratio(uint64_t part, uint64_t of)
{
	return of > 0 ? (double)part / (double)of : 0;
}

static double largest(double a, double b)
{
	return a > b ? a : b;
}

void mesh_doubt_begin(struct mesh_doubt *doubt, const struct mesh_own_window *own,
		      const struct mesh_settings *settings)
{
	uint64_t length_ns = own->length_ns ? own->length_ns : settings->window_ns;
	double throttled = ratio(own->throttled_ns, length_ns);
	double waited = ratio(own->cpu_waited_ns, length_ns);
	double late = ratio(own->late, own->probes);

	/* Skipped for another reason than lateness says nothing: a cap, or a silent peer. */
	if (late >= 0.01)
		late = ratio(own->late + own->skipped, own->probes);
	*doubt = (struct mesh_doubt){
		.share = largest(throttled, largest(waited, late)),
		.halts = largest(throttled, late),
		.delay_max_ns = own->delay_max_ns,
		.timeout_ns = settings->timeout_ns ? settings->timeout_ns : NS_PER_S,
		.length_ns = length_ns,
		.overflows = own->overflows,
		.is_heavy = throttled >= THROTTLED_MUCH ||
			    (late >= LATE_MUCH && own->delay_p99_ns >= DELAY_MUCH_NS),
	};
	doubt->is_held = doubt->is_heavy || throttled >= THROTTLED_SOME || waited >= WAITED_SOME ||
			 late >= LATE_SOME || own->delay_p99_ns >= DELAY_SOME_NS ||
			 own->overflows > 0 || own->delay_max_ns >= doubt->timeout_ns / 2;
	doubt->is_moved = doubt->share >= SHARE_EXPLAINS;
}

void mesh_doubt_add(struct mesh_doubt *doubt, struct mesh_doubt_pairs *pairs,
		    const struct mesh_sight *sight, uint64_t usual_ns)
{
	uint64_t without_ns = usual_ns > 0 ? usual_ns : sight->connect_ns;

	if (sight->decided == 0)
		return;
	doubt->decided += sight->decided;
	doubt->received += sight->received;
	doubt->udp_lost += sight->udp_lost;
	pairs->losses[pairs->count++] = 1 - ratio(sight->received, sight->decided);
	if (without_ns > 0 && sight->rtt_ns > 0)
		pairs->slows[pairs->slow_count++] =
			sight->rtt_ns > without_ns ? (double)(sight->rtt_ns - without_ns) : 0;
}

static int compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static double median(double *values, uint32_t count)
{
	if (count == 0)
		return 0;
	qsort(values, count, sizeof(*values), compare);
	return values[(count - 1) / 2];
}

void mesh_doubt_settle(struct mesh_doubt *doubt, struct mesh_doubt_pairs *pairs)
{
	doubt->loss = median(pairs->losses, pairs->count);
	doubt->compared = pairs->slow_count;
	doubt->slow_ns = (uint64_t)median(pairs->slows, pairs->slow_count);
}

/* It stood still once, or again and again. */
static bool stood_still(const struct mesh_doubt *doubt)
{
	return doubt->delay_max_ns >= doubt->timeout_ns / 2;
}

static bool was_held_often(const struct mesh_doubt *doubt)
{
	return doubt->share >= SHARE_EXPLAINS && doubt->delay_max_ns >= doubt->timeout_ns / 8;
}

static bool explains_loss(const struct mesh_doubt *doubt, const struct mesh_sight *sight)
{
	double expected = 2 * doubt->loss * sight->decided;

	if (sight->lost > 0 && doubt->overflows >= sight->lost &&
	    2 * doubt->overflows >= doubt->udp_lost)
		return true;
	if (stood_still(doubt) &&
	    sight->lost <= 1 + sight->decided * ratio(doubt->delay_max_ns + doubt->timeout_ns,
						      doubt->length_ns))
		return true;
	return was_held_often(doubt) && sight->lost <= expected + 3 * sqrt(expected) + 3;
}

static bool explains_slow(const struct mesh_doubt *doubt, const struct mesh_sight *sight,
			  uint64_t usual_ns)
{
	uint64_t above_ns = sight->rtt_ns > usual_ns ? sight->rtt_ns - usual_ns : 0;
	bool may_be_alone = doubt->halts >= SHARE_EXPLAINS || doubt->compared < COMPARED_LEAST;
	uint64_t reach_ns = may_be_alone && doubt->delay_max_ns > doubt->slow_ns
				    ? doubt->delay_max_ns
				    : doubt->slow_ns;

	return doubt->share >= SHARE_EXPLAINS && above_ns <= 2 * reach_ns;
}

static bool explains_silence(const struct mesh_doubt *doubt, const struct mesh_sight *sight)
{
	uint64_t others = doubt->decided - sight->decided;

	if (!stood_still(doubt) && !was_held_often(doubt))
		return false;
	if (others == 0)
		return doubt->share >= SHARE_SILENCES;
	return pow(1 - ratio(doubt->received - sight->received, others), sight->decided) > TOO_RARE;
}

bool mesh_doubt_explains(const struct mesh_doubt *doubt, const struct mesh_sight *sight,
			 uint64_t usual_ns)
{
	if (!doubt->is_held)
		return false;
	switch (sight->verdict) {
	case MESH_VERDICT_LOSS:
		return explains_loss(doubt, sight);
	case MESH_VERDICT_SLOW:
		return explains_slow(doubt, sight, usual_ns);
	case MESH_VERDICT_SILENT:
		return explains_silence(doubt, sight);
	case MESH_VERDICT_SERVICE: /* it took connections, and was not heard in time */
		return sight->blame == MESH_BLAME_PEER_HOST && explains_silence(doubt, sight);
	case MESH_VERDICT_BLACK_HOLE: /* 10,000 B need more of a cpu than 10 B */
		return sight->is_by_tcp && was_held_often(doubt);
	default:
		return false;
	}
}

void mesh_doubt_say(const struct mesh_own_window *own, struct mesh_say *say)
{
	char p99[UNITS_TEXT_MAX], longest[UNITS_TEXT_MAX];

	if (own->length_ns > 0 && own->throttled_ns > 0)
		mesh_say(say, "throttled for %.0f %% of the window",
			 100 * ratio(own->throttled_ns, own->length_ns));
	if (own->length_ns > 0 && ratio(own->cpu_waited_ns, own->length_ns) >= 0.01)
		mesh_say(say, "waited for a cpu for %.0f %% of it",
			 100 * ratio(own->cpu_waited_ns, own->length_ns));
	mesh_say(say, "probes began late by p99 %s ms, at most %s ms",
		 units_format_ms(own->delay_p99_ns, p99),
		 units_format_ms(own->delay_max_ns, longest));
	if (own->overflows > 0)
		mesh_say(say, "receive queues overflowed %llu times",
			 (unsigned long long)own->overflows);
}
