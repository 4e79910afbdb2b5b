#include "run/trial.h"

#include <string.h>

#include "base/buffer.h"
#include "metric/expect.h"
#include "metric/limit.h"
#include "metric/report_settings.h"
#include "view/phrase.h"
#include "view/text_parts.h"

#define TEXT_MAX 4096

/* A rate is offered when no more than so much of it was not sent. */
#define NOT_SENT_MAX 0.005
/* A worker without time to spare; as metric/limit.h has it. */
#define CPU_FULL 0.9

static uint64_t not_sent(const struct report_stream *stream)
{
	const struct counters *totals = &stream->totals;
	return totals->missed_generator + totals->missed_peer + totals->missed_no_connection;
}

static bool is_offered(const struct report_stream *stream)
{
	return (double)not_sent(stream) <= NOT_SENT_MAX * (double)stream->totals.scheduled;
}

/* What kept this host from sending in time, or from hearing in time; NULL: nothing did. */
static const char *cause_here(const struct report *report, const struct report_stream *stream)
{
	const struct report_generator *generator = &report->generator;
	const struct report_latency *response = &stream->latency[LATENCY_RESPONSE];
	if (generator->limited_by && strcmp(generator->limited_by, "host") == 0)
		return generator->limited_cause;
	if (generator->worker_cpu_max >= CPU_FULL && !report_is_spinning(report))
		return limit_cause(LIMIT_CPU);
	if (response->count > 0 && 2 * generator->loop_lag_p99_ns > response->p99_ns)
		return limit_cause(LIMIT_LAG);
	return NULL;
}

/* "response.p99 9.10 ms" */
static void add_figure(const struct report *report, const struct report_expectation *condition,
		       struct buffer *out)
{
	char value[PHRASE_MAX];
	buffer_append_format(out, "%s%.*s ", out->size > 0 ? ", " : "",
			     (int)strcspn(condition->text, " "), condition->text);
	if (condition->is_measured)
		buffer_append_text(out, text_expectation_value(report, condition, value));
	else
		buffer_append_format(out, "unknown (%s)", condition->reason);
}

static const char *figures(const struct report *report, struct arena *arena)
{
	cleanup(buffer_deinit) struct buffer out;
	buffer_init(&out, TEXT_MAX);
	for (uint32_t i = 0; i < report->expectation_count; i++)
		add_figure(report, &report->expectations[i], &out);
	return arena_text(arena, buffer_text(&out));
}

static void add_failed(const struct report *report, struct buffer *out)
{
	for (uint32_t i = 0; i < report->expectation_count; i++)
		if (!report->expectations[i].is_held)
			add_figure(report, &report->expectations[i], out);
}

static const char *reason(const struct report *report, const struct report_stream *stream,
			  struct arena *arena)
{
	cleanup(buffer_deinit) struct buffer out;
	char share[PHRASE_MAX];
	buffer_init(&out, TEXT_MAX);
	if (report->has_nothing_answered)
		buffer_append_text(&out, "nothing answered");
	else if (!is_offered(stream))
		buffer_append_format(
			&out, "%s %% of the messages could not be sent",
			phrase_share(not_sent(stream), stream->totals.scheduled, share));
	else
		add_failed(report, &out);
	return out.size > 0 ? arena_text(arena, buffer_text(&out)) : NULL;
}

static void copy_conditions(const struct report *report, struct arena *arena,
			    struct report_trial *ret)
{
	ret->condition_count = report->expectation_count;
	ret->conditions =
		arena_take_array(arena, report->expectation_count, sizeof(*ret->conditions));
	for (uint32_t i = 0; i < report->expectation_count; i++) {
		struct report_expectation *condition = &ret->conditions[i];
		*condition = report->expectations[i];
		condition->text = arena_text(arena, condition->text);
		condition->reason = arena_text(arena, condition->reason);
	}
}

enum rate_verdict trial_judge(const struct report *report, struct arena *arena,
			      struct report_trial *ret)
{
	const struct report_stream *stream = report_main_stream(report);
	enum rate_verdict verdict = RATE_HELD;
	*ret = (struct report_trial){ .rate_per_second = stream->schedule.rate_per_second,
				      .length_ns = report->planned_duration_ns,
				      .figures = figures(report, arena),
				      .reason = reason(report, stream, arena) };
	const char *here = ret->reason ? cause_here(report, stream) : NULL;
	if (here) {
		verdict = RATE_HOST;
		ret->reason = arena_text(arena, here);
	} else if (ret->reason) {
		verdict = RATE_FAILED;
	}
	ret->verdict = rate_verdict_name(verdict);
	copy_conditions(report, arena, ret);
	return verdict;
}
