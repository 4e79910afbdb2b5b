/* See result_search.h. */
#include "view/result_search.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "view/phrase.h"

/* "response.p99 < 10ms and lost == 0" */
static void conditions(const struct report *report, struct buffer *out)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < report->setting_count; i++)
		if (strcmp(report->settings[i].name, "find-rate") == 0)
			buffer_append_format(out, "%s%s", count++ > 0 ? " and " : "",
					     report->settings[i].value);
	buffer_append_text(out, count == 1 ? " holds" : " hold");
}

void headline_search(const struct report *report, const struct report_stream *load,
		     struct buffer *out)
{
	const struct report_search *search = &report->search;
	char count[PHRASE_MAX], sending[PHRASE_MAX], longest[PHRASE_MAX];
	bool is_datagram = strcmp(load->transport, "udp") == 0;
	buffer_append_text(out, "the highest rate at which ");
	conditions(report, out);
	buffer_append_format(out,
			     ", over %s; at most %" PRIu64
			     " trials of up to %s, %s of sending; below is %s",
			     phrase_count(load->slots, is_datagram ? "flow" : "connection", count),
			     search->trials_max, phrase_duration(search->length_ns, longest),
			     phrase_duration(search->sending_max_ns, sending),
			     search->is_found ? "the one that held" : "the last");
}

static const struct report_trial *trial_of(const struct report_search *search, uint64_t number)
{
	return number > 0 && number <= search->trial_count ? &search->trials[number - 1] : NULL;
}

/* The ends of an interval are told with four digits. */
static const char *end_text(double rate, char text[PHRASE_MAX])
{
	double digit = pow(10, floor(log10(rate)) - 3);
	return phrase_rate(round(rate / digit) * digit, text);
}

static void interval(const struct report_search *search, struct buffer *out)
{
	char low[PHRASE_MAX], high[PHRASE_MAX];
	if (search->low > 0 && search->high > search->low)
		buffer_append_format(out, " (the highest lies between %s and %s/s)",
				     end_text(search->low, low), end_text(search->high, high));
}

/* Why it went no further, and how far that can be trusted. */
static void ending(const struct report_search *search, struct buffer *out)
{
	if (strcmp(search->end, "highest") == 0)
		buffer_append_text(out, "; no higher rate is tried");
	else if (strcmp(search->end, "out_of_time") == 0)
		buffer_append_text(out, "; the time was over before it was known closer: with a "
					"longer -T there is more");
	else if (strcmp(search->end, "interrupted") == 0)
		buffer_append_text(out, "; interrupted before it was known closer");
	if (search->limit)
		buffer_append_format(out, "; this host is the limit, not the target: %s",
				     search->limit);
}

static void held(const struct report_search *search, struct buffer *out)
{
	const struct report_trial *trial = trial_of(search, search->held_trial);
	const struct report_trial *above = trial_of(search, search->failed_trial);
	char rate[PHRASE_MAX];
	buffer_append_format(out, "%s/s held", phrase_rate(search->rate_per_second, rate));
	interval(search, out);
	if (trial)
		buffer_append_format(out, ": %s", trial->figures);
	if (above && above->reason)
		buffer_append_format(out, "; at %s/s: %s",
				     phrase_rate(above->rate_per_second, rate), above->reason);
}

static void none_held(const struct report_search *search, struct buffer *out)
{
	char rate[PHRASE_MAX];
	const struct report_trial *last = trial_of(search, search->trial_count);
	if (!last) {
		buffer_append_text(out, "no rate was tried to its end");
		return;
	}
	buffer_append_format(out, "no rate held, not even %s/s",
			     phrase_rate(last->rate_per_second, rate));
	if (last->reason)
		buffer_append_format(out, ": %s", last->reason);
}

void result_search(const struct report *report, struct buffer *out)
{
	const struct report_search *search = &report->search;
	if (search->is_found)
		held(search, out);
	else
		none_held(search, out);
	ending(search, out);
}
