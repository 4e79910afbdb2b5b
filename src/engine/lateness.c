#include "engine/lateness.h"

static uint64_t late_by(uint64_t due_ns, uint64_t now_ns)
{
	return now_ns > due_ns ? now_ns - due_ns : 0;
}

/* When message `i` was due. */
static uint64_t due_of(const struct lateness_span *span, uint64_t i)
{
	uint64_t gaps = span->count > 1 ? span->count - 1 : 1;

	return span->first_ns + (span->last_ns - span->first_ns) * i / gaps;
}

static bool is_one_place(const struct hist *hist, uint64_t most_ns, uint64_t least_ns)
{
	return most_ns <= hist->highest && (most_ns > LATE_NS) == (least_ns > LATE_NS) &&
	       hist_index(hist, most_ns) == hist_index(hist, least_ns);
}

void lateness_count_evenly(struct counters *counters, struct hist *send_error,
			   const struct lateness_span *span, uint64_t now_ns)
{
	uint64_t step;

	for (uint64_t i = 0; i < span->count; i += step) {
		uint64_t most_ns = late_by(due_of(span, i), now_ns);
		uint64_t least_ns = most_ns;
		/* As many as fit, of the rest, then of halves of it. */
		for (step = span->count - i; step > 1; step = step / 2) {
			least_ns = late_by(due_of(span, i + step - 1), now_ns);
			if (is_one_place(send_error, most_ns, least_ns))
				break;
			least_ns = most_ns;
		}
		hist_add_many(send_error, least_ns + (most_ns - least_ns) / 2, step);
		if (most_ns > counters->debt_max_ns)
			counters->debt_max_ns = most_ns;
		counters->sent_late += most_ns > LATE_NS ? step : 0;
	}
}
