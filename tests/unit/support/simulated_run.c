#include "support/simulated_run.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "metric/hist.h"

#define SECONDS 30
#define SIGMA   0.5

static double normal(struct random *random)
{
	double radius = sqrt(-2 * log(1 - random_unit(random)));
	return radius * cos(2 * M_PI * random_unit(random));
}

/* Tens of millions are drawn: from a table of as many quantiles as 15 bits choose from. */
#define QUANTILES 32768
#define DRAWS     4 /* of one random number */

static void fill_quantiles(double quantiles[QUANTILES])
{
	struct random random;
	random_init(&random, 1);
	for (size_t i = 0; i < QUANTILES; i++)
		quantiles[i] = exp(SIGMA * normal(&random));
}

static uint64_t poisson(struct random *random, double expected)
{
	uint64_t count = 0;
	for (double rest = exp(-expected), product = random_unit(random); product > rest;
	     product *= random_unit(random))
		count++;
	return count;
}

static void fill(const struct simulated_run *run, struct random *random, struct report *report,
		 struct hist *all, struct hist *one)
{
	static double quantiles[QUANTILES];
	struct report_stream *stream = &report->streams[0];
	if (quantiles[0] == 0)
		fill_quantiles(quantiles);
	double p50_ns = run->p50_ms * 1e6 * exp(run->run_sigma * normal(random));
	for (unsigned second = 0; second < SECONDS; second++) {
		hist_clear(one);
		for (unsigned i = 0; i < run->per_second; i += DRAWS) {
			uint64_t bits = random_next(random);
			for (unsigned k = 0; k < DRAWS; k++, bits >>= 16)
				hist_add(one, (uint64_t)(p50_ns * quantiles[bits % QUANTILES]));
		}
		hist_merge(all, one);
		stream->samples[second] = (struct report_sample){
			.at_ns = (int64_t)((second + 1) * NS_PER_S),
			.received = run->per_second,
			.response_p50_ns = hist_percentile(one, 50),
			.response_p99_ns = hist_percentile(one, 99),
		};
	}
	stream->latency[LATENCY_RESPONSE] = (struct report_latency){
		.is_measured = true,
		.count = all->count,
		.p50_ns = hist_percentile(all, 50),
		.p99_ns = hist_percentile(all, 99),
	};
}

static struct hist *cleared(struct hist **hist)
{
	if (!*hist && !(*hist = calloc(1, HIST_STREAM_BYTES)))
		abort();
	if ((*hist)->highest == 0)
		hist_init(*hist, HIST_STREAM_RANGE);
	hist_clear(*hist);
	return *hist;
}

struct report *simulated_run(const struct simulated_run *run, struct random *random)
{
	static struct hist *all;
	static struct hist *one;
	struct report *report = NULL;
	if (report_new(&report) < 0)
		abort();
	report->command = "load";
	report->target = "https://api.stage.example/items";
	report->host_name = "client-1";
	report->duration_ns = SECONDS * NS_PER_S;
	report->generator.verdict = "good";
	struct report_stream *stream = report_add_stream(report);
	*stream = (struct report_stream){
		.name = "load",
		.kind = "slots",
		.transport = "tcp",
		.schedule.is_open_loop = true,
		.is_measured = true,
		.sample_count = SECONDS,
		.sample_interval_ns = NS_PER_S,
		.samples = arena_take_array(&report->arena, SECONDS, sizeof(*stream->samples)),
	};
	fill(run, random, report, cleared(&all), cleared(&one));
	stream->totals.sent = (uint64_t)SECONDS * run->per_second;
	stream->totals.lost = poisson(random, run->lost_expected);
	stream->totals.received = stream->totals.sent - stream->totals.lost;
	stream->totals.bytes_received = stream->totals.received * 1024;
	return report;
}
