#include "run/find_rate.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/arena.h"
#include "cli/message.h"
#include "metric/rate_search.h"
#include "run/delivery.h"
#include "run/expectations.h"
#include "run/signals.h"
#include "run/trial.h"
#include "view/phrase.h"
#include "view/sentence.h"
#include "view/text_parts.h"

#define LINE_MAX_BYTES 4096

/* A search on its way. */
struct finding {
	const struct run *run;
	const struct find_rate *find;
	struct expect_list expect; /* of --expect: of the report in the end */
	struct outputs outputs;
	struct rate_search *search;
	struct arena arena;
	struct report_search told;
	struct report *reports[RATE_SEARCH_TRIALS_MAX]; /* of those that held; else NULL */
	struct report *last;                            /* one that did not; NULL: it held */
	bool is_interrupted;
	bool is_over; /* no further trial has a sense */
	int exit_code;
};

static bool is_quiet(const struct finding *finding)
{
	return finding->run->output->is_quiet;
}

/* ---- one trial ---- */

/* Their report is this one's, and so are the lines on stderr. */
static void measure(struct finding *finding, const struct rate_trial *trial, struct report **ret)
{
	struct plan *plan = finding->find->plan;
	struct output_options output = *finding->run->output;
	struct run run = *finding->run;
	output.formats.count = 0;
	output.expect = *finding->find->conditions;
	output.is_quiet = true;
	run.output = &output;
	run.ret_interrupted = &finding->is_interrupted;
	run.ret_report = ret;
	plan->slots.rate_per_second = trial->rate;
	plan->duration_ns = trial->length_ns;
	int exit_code = run_measure(&run);
	if (exit_code > EXIT_NO)
		finding->exit_code = exit_code;
}

static void tell(const struct finding *finding, const struct report_trial *trial)
{
	cleanup(buffer_deinit) struct buffer line;
	if (is_quiet(finding))
		return;
	buffer_init(&line, LINE_MAX_BYTES);
	text_trial(trial, finding->told.trial_count, &line);
	message_print(NULL, buffer_text(&line));
}

static void keep(struct finding *finding, struct report *report, enum rate_verdict verdict)
{
	report_free(finding->last);
	finding->last = NULL;
	if (verdict == RATE_HELD)
		finding->reports[finding->told.trial_count - 1] = report;
	else
		finding->last = report;
}

/* Nobody says, though all was sent: as where the receiver's control can't be asked. */
static bool is_any_unknown(const struct report *report)
{
	for (uint32_t i = 0; i < report->expectation_count; i++)
		if (!report->expectations[i].is_measured)
			return true;
	return false;
}

/* What could not be measured, or by one who is not there, is no verdict on a rate. What the first
 * trial can't tell, no other will. */
static bool is_verdict(const struct finding *finding, const struct report *report)
{
	bool is_first = finding->told.trial_count == 0;
	return report && !finding->is_interrupted && finding->exit_code <= EXIT_NO &&
	       !(is_first && (report->has_nothing_answered || is_any_unknown(report))) &&
	       report_is_measured(report);
}

static void try_rate(struct finding *finding, const struct rate_trial *trial)
{
	struct report *report = NULL;
	measure(finding, trial, &report);
	if (!is_verdict(finding, report)) {
		finding->is_over = true;
		if (finding->told.trial_count > 0) {
			report_free(report);
			return;
		}
		finding->last = report;
		return;
	}
	struct report_trial *row = &finding->told.trials[finding->told.trial_count++];
	enum rate_verdict verdict = trial_judge(report, &finding->arena, row);
	row->rate_per_second = trial->rate;
	finding->told.sent_ns += trial->length_ns;
	rate_search_add(finding->search, verdict);
	tell(finding, row);
	keep(finding, report, verdict);
}

/* ---- what came of all ---- */

/* The nearest that failed for want of this host says why. */
static const char *limit_of(const struct report_search *told)
{
	const struct report_trial *best = NULL;
	for (uint32_t i = 0; i < told->trial_count; i++) {
		const struct report_trial *trial = &told->trials[i];
		bool is_here = strcmp(trial->verdict, rate_verdict_name(RATE_HOST)) == 0;
		if (is_here && (!best || trial->rate_per_second < best->rate_per_second))
			best = trial;
	}
	return best ? best->reason : NULL;
}

static void fill_search(struct finding *finding, const struct rate_search_result *result)
{
	struct report_search *told = &finding->told;
	told->is_found = result->is_found;
	told->rate_per_second = result->rate;
	told->low = result->low;
	told->high = result->high;
	told->end = rate_search_end_name(result->end);
	told->limit = result->is_host_limited ? limit_of(told) : NULL;
	told->held_trial = (uint64_t)result->held + 1;
	told->failed_trial = (uint64_t)result->failed + 1;
}

/* Of the trial that stands for the rate; where none held, of the last. */
static struct report *report_of(struct finding *finding, const struct rate_search_result *result)
{
	return result->held >= 0 ? finding->reports[result->held] : finding->last;
}

static void deliver(struct finding *finding)
{
	struct rate_search_result result;
	rate_search_result(finding->search, &result);
	struct report *report = report_of(finding, &result);
	if (!report)
		return;
	struct delivery delivery = { .command = finding->run->command,
				     .options = finding->run->output,
				     .outputs = &finding->outputs,
				     .report = report };
	if (finding->told.trial_count > 0) {
		fill_search(finding, &result);
		report->has_search = true;
		report->search = finding->told;
		report->is_interrupted = finding->is_interrupted;
		expect_evaluate(&finding->expect, report);
		sentence_build(report);
	}
	delivery_keep(&delivery);
	delivery_write(&delivery);
	if (!result.is_found || !expect_all_held(report))
		delivery.exit_code = delivery.exit_code > EXIT_NO ? delivery.exit_code : EXIT_NO;
	if (delivery.exit_code > finding->exit_code)
		finding->exit_code = delivery.exit_code;
}

/* ---- before and after ---- */

/* How long it may take is said before it begins. */
static void announce(const struct finding *finding)
{
	cleanup(buffer_deinit) struct buffer line;
	const struct report_search *told = &finding->told;
	char longest[PHRASE_MAX], sending[PHRASE_MAX], from[PHRASE_MAX];
	if (is_quiet(finding))
		return;
	buffer_init(&line, LINE_MAX_BYTES);
	buffer_append_format(&line,
			     "finding the rate, from %s/s: at most %" PRIu64
			     " trials of up to %s, %s of sending, each on new connections",
			     phrase_rate(finding->find->from, from), told->trials_max,
			     phrase_duration(told->length_ns, longest),
			     phrase_duration(told->sending_max_ns, sending));
	message_print(NULL, buffer_text(&line));
}

static int open_finding(struct finding *finding, struct error *error)
{
	const struct run *run = finding->run;
	const struct find_rate *find = finding->find;
	struct expect_list conditions = { 0 };
	struct rate_search_plan plan = { find->from, find->highest, run->plan->duration_ns };
	struct report_search *told = &finding->told;
	int result = expectations_parse(run, find->conditions, "--find-rate", error, &conditions);
	if (result >= 0)
		result = expectations_parse(run, &run->output->expect, "--expect", error,
					    &finding->expect);
	if (result >= 0)
		result = outputs_open(&finding->outputs, run->output, OUTPUT_SENDING, error);
	if (result >= 0 && rate_search_new(&plan, &finding->search) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	told->trials_max = RATE_SEARCH_TRIALS_MAX;
	told->length_ns = plan.length_ns;
	told->sending_max_ns = RATE_SEARCH_LENGTHS_MAX * plan.length_ns;
	told->trials =
		arena_take_array(&finding->arena, RATE_SEARCH_TRIALS_MAX, sizeof(*told->trials));
	return result;
}

static void close_finding(struct finding *finding)
{
	for (size_t i = 0; i < RATE_SEARCH_TRIALS_MAX; i++)
		report_free(finding->reports[i]);
	report_free(finding->last);
	rate_search_free(finding->search);
	outputs_close(&finding->outputs);
	arena_deinit(&finding->arena);
}

/* One that comes between two trials waits for the next. */
static void hold_signals(void)
{
	sigset_t held;
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	signals_hold(&held);
}

int run_find_rate(const struct run *run, const struct find_rate *find)
{
	struct finding finding = { .run = run, .find = find, .exit_code = EXIT_OK };
	struct rate_trial trial;
	struct error error = { "" };
	arena_init(&finding.arena);
	int result = open_finding(&finding, &error);
	if (result < 0) {
		finding.exit_code = command_fail(run->command, run_exit_code(result), &error);
	} else {
		hold_signals();
		announce(&finding);
		while (!finding.is_over && rate_search_next(finding.search, &trial))
			try_rate(&finding, &trial);
		deliver(&finding);
	}
	close_finding(&finding);
	return finding.exit_code;
}
