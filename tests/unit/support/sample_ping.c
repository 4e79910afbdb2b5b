#include "support/sample_ping.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/sample_parts.h"
#include "view/sentence.h"

#define NONE   (-1)
#define ALL    ((1u << PROBE_PHASES) - 1)
#define NO_TLS (ALL & ~(1u << PROBE_TLS))
#define BEGIN  (100 * NS_PER_S)

struct probe_result sample_probe_result(uint64_t number, const struct sample_probe *probe)
{
	struct probe_result result = {
		.number = number,
		.due_ns = BEGIN + MS(probe->at_ms),
		.started_ns = BEGIN + MS(probe->at_ms) + 50000,
		.outcome = probe->outcome,
		.failed_in = probe->failed_in,
		.failed_after_ns = MS(probe->failed_after_ms),
		.status_of = probe->status ? PROBE_STATUS_HTTP : PROBE_STATUS_NONE,
		.status = probe->status,
		.body_bytes = probe->status ? 512 : 0,
		.health = -1,
		.certificate_until_s = PROBE_UNKNOWN,
		.forward_ns = PROBE_UNKNOWN,
		.backward_ns = PROBE_UNKNOWN,
	};
	for (unsigned i = 0; i < PROBE_PHASES; i++) {
		if (probe->phases_ms[i] < 0)
			continue;
		result.phases |= 1u << i;
		result.phase_ns[i] = MS(probe->phases_ms[i]);
	}
	(void)snprintf(result.why, sizeof(result.why), "%s", probe->why ? probe->why : "");
	(void)endpoint_parse("203.0.113.7:443", 0, &result.remote);
	return result;
}

struct stream_sample {
	const char *target;
	const char *transport;
	unsigned phases;
	const struct sample_probe *probes;
	size_t count;
	uint64_t interval_ns;
};

static void describe(const struct stream_sample *sample, const char *name,
		     struct report_stream *stream)
{
	static const enum latency latencies[PROBE_PHASES] = {
		LATENCY_RESOLVE, LATENCY_CONNECT, LATENCY_TLS,
		LATENCY_SEND,    LATENCY_WAIT,    LATENCY_TRANSFER,
	};
	bool is_datagram = strcmp(sample->transport, "udp") == 0;
	*stream = (struct report_stream){
		.name = name,
		.kind = "ping",
		.target = sample->target,
		.transport = sample->transport,
		.slots = 1,
		.schedule = { .is_open_loop = true,
			      .rate_per_second = 1e9 / (double)sample->interval_ns,
			      .interval_ns = sample->interval_ns },
		.interruptions.reason = "probes are no clients",
		.stalls.reason = "probes are no clients",
		.outages.reason = "of probes each is told by itself",
		.is_measured = true,
		.has_ping = true,
		.ping = { .timeout_ns = 2 * NS_PER_S,
			  .certificate_until_s = INT64_MIN,
			  .first_answered_ns = INT64_MIN },
	};
	stream->latency[LATENCY_TOTAL].is_measured = true;
	stream->latency[LATENCY_JITTER].is_measured = is_datagram;
	for (unsigned i = 0; i < PROBE_PHASES; i++)
		stream->latency[latencies[i]].is_measured = (sample->phases & 1u << i) != 0;
}

/* `change` adds what only this sample has. */
static void add(struct report *report, const struct stream_sample *sample, const char *name,
		void (*change)(struct probe_result *result), uint64_t strays)
{
	struct report_stream *stream = report_add_stream(report);
	struct probe_series *series = NULL;
	struct probe_series_setup setup = { .begin_ns = BEGIN,
					    .is_datagram = strcmp(sample->transport, "udp") == 0,
					    .kept_max = 100 };
	if (probe_series_new(&setup, &series) < 0)
		abort();
	describe(sample, name, stream);
	for (size_t i = 0; i < sample->count; i++) {
		struct probe_result result = sample_probe_result(i + 1, &sample->probes[i]);
		if (change)
			change(&result);
		probe_series_add(series, &result);
	}
	for (uint64_t i = 0; i < strays; i++)
		probe_series_stray(series, i == 0 ? PROBE_STRAY_LATE : PROBE_STRAY_SECOND);
	struct probe_series_schedule schedule = { .due = sample->count, .late_max_ns = 50000 };
	probe_series_give(series, &schedule, report, stream);
	probe_series_free(series);
}

static struct report *begun(const char *target)
{
	struct report *report = sample_new("ping", target);
	report->duration_ns = 5 * NS_PER_S;
	report->reply_timeout_ns = 2 * NS_PER_S;
	report->generator.cpus = 2;
	return report;
}

static struct report *ended(struct report *report)
{
	report->has_nothing_answered = true;
	for (uint32_t i = 0; i < report->stream_count; i++)
		if (report->streams[i].totals.received > 0)
			report->has_nothing_answered = false;
	sentence_build(report);
	return report;
}

static void over_tls(struct probe_result *result)
{
	result->addresses = 2;
	(void)snprintf(result->protocol, sizeof(result->protocol), "h2");
	(void)snprintf(result->tls_version, sizeof(result->tls_version), "TLSv1.3");
	result->certificate_until_s = SAMPLE_STARTED / (int64_t)NS_PER_S + 61 * 86400 + 3600;
}

struct report *sample_ping(void)
{
	static const struct sample_probe probes[] = {
		{ 0, { 4.12, 8.03, 11.25, 0.06, 7.91, 0.04 }, OUTCOME_DONE, 0, 0, 200, NULL },
		{ 1000, { 0.31, 7.98, 10.90, 0.05, 8.12, 0.04 }, OUTCOME_DONE, 0, 0, 200, NULL },
		{ 2000,
		  { 0.30, NONE, NONE, NONE, NONE, NONE },
		  OUTCOME_CONNECT_TIMEOUT,
		  PROBE_CONNECT,
		  2000,
		  0,
		  "SYN sent 2 times" },
		{ 3000, { 0.29, 8.11, 11.02, 0.05, 7.75, 0.03 }, OUTCOME_DONE, 0, 0, 200, NULL },
		{ 4000, { 0.33, 8.02, 10.88, 0.05, 64.30, 0.04 }, OUTCOME_DONE, 0, 0, 200, NULL },
	};
	static const struct stream_sample sample = { "https://shop.example.com:443/healthz",
						     "tls",
						     ALL,
						     probes,
						     array_size(probes),
						     NS_PER_S };
	struct report *report = begun(sample.target);
	add(report, &sample, "ping", over_tls, 0);
	return ended(report);
}

struct report *sample_ping_many(void)
{
	static const struct sample_probe good[] = {
		{ 0, { NONE, 0.20, NONE, 0.02, 0.41, 0.01 }, OUTCOME_DONE, 0, 0, 200, NULL },
		{ 1000, { NONE, 0.21, NONE, 0.02, 0.43, 0.01 }, OUTCOME_DONE, 0, 0, 204, NULL },
	};
	static const struct sample_probe bad[] = {
		{ 300,
		  { NONE, 1.20, NONE, 0.02, 5.41, 0.01 },
		  OUTCOME_REJECTED,
		  PROBE_TRANSFER,
		  0,
		  503,
		  "status 503 Service Unavailable" },
		{ 1300,
		  { NONE, 1.21, NONE, 0.02, NONE, NONE },
		  OUTCOME_RESET,
		  PROBE_WAIT,
		  2.5,
		  0,
		  NULL },
		{ 2300, { NONE, 1.21, NONE, 0.02, 5.02, 0.01 }, OUTCOME_DONE, 0, 0, 200, NULL },
	};
	static const struct sample_probe gone[] = {
		{ 600,
		  { NONE, NONE, NONE, NONE, NONE, NONE },
		  OUTCOME_REFUSED,
		  PROBE_CONNECT,
		  0.1,
		  0,
		  NULL },
	};
	static const struct stream_sample samples[] = {
		{ "http://10.9.1.1:80/", "tcp", NO_TLS & ~1u, good, array_size(good), NS_PER_S },
		{ "http://10.9.1.2:80/", "tcp", NO_TLS & ~1u, bad, array_size(bad), NS_PER_S },
		{ "tcp://10.9.1.3:22", "tcp", 1u << PROBE_CONNECT, gone, array_size(gone),
		  NS_PER_S },
	};
	static const char *const names[] = { "ping1", "ping2", "ping3" };
	struct report *report = begun("http://10.9.1.1:80/ http://10.9.1.2:80/ tcp://10.9.1.3:22");
	for (size_t i = 0; i < array_size(samples); i++)
		add(report, &samples[i], names[i], NULL, 0);
	return ended(report);
}

struct report *sample_ping_datagrams(void)
{
	struct sample_probe probes[30];
	struct stream_sample sample = { "echo+udp://10.9.1.2:5007",
					"udp",
					1u << PROBE_SEND | 1u << PROBE_WAIT,
					probes,
					30,
					100 * NS_PER_MS };
	for (size_t i = 0; i < 30; i++)
		probes[i] = (struct sample_probe){
			.at_ms = 100.0 * (double)i,
			.phases_ms = { NONE, NONE, NONE, 0.01, 0.20 + 0.01 * (double)(i % 3),
				       NONE },
			.outcome = OUTCOME_DONE,
		};
	probes[7] = (struct sample_probe){ .at_ms = 700,
					   .phases_ms = { NONE, NONE, NONE, 0.01, NONE, NONE },
					   .outcome = OUTCOME_NO_REPLY,
					   .failed_in = PROBE_WAIT,
					   .failed_after_ms = 1999.99 };
	struct report *report = begun(sample.target);
	add(report, &sample, "ping", NULL, 3);
	return ended(report);
}

static void set_wait(struct report *report)
{
	static const struct report_setting settings[] = { { "wait", "1m" } };
	report->settings = sample_copy(report, settings, sizeof(settings));
	report->setting_count = 1;
}

struct report *sample_ping_waited(void)
{
	static const struct sample_probe probes[] = {
		{ 0,
		  { NONE, NONE, NONE, NONE, NONE, NONE },
		  OUTCOME_REFUSED,
		  PROBE_CONNECT,
		  0.1,
		  0,
		  NULL },
		{ 250,
		  { NONE, NONE, NONE, NONE, NONE, NONE },
		  OUTCOME_REFUSED,
		  PROBE_CONNECT,
		  0.1,
		  0,
		  NULL },
		{ 500,
		  { NONE, 0.10, NONE, 0.02, 5.41, 0.01 },
		  OUTCOME_REJECTED,
		  PROBE_TRANSFER,
		  0,
		  503,
		  "status 503 Service Unavailable" },
		{ 750, { NONE, 0.10, NONE, 0.02, 2.01, 0.01 }, OUTCOME_DONE, 0, 0, 200, NULL },
	};
	static const struct stream_sample sample = { "http://localhost:8080/ready",
						     "tcp",
						     NO_TLS & ~1u,
						     probes,
						     array_size(probes),
						     250 * NS_PER_MS };
	struct report *report = begun(sample.target);
	report->duration_ns = 752 * NS_PER_MS;
	set_wait(report);
	add(report, &sample, "ping", NULL, 0);
	return ended(report);
}

struct report *sample_ping_nothing(void)
{
	static const struct sample_probe probes[] = {
		{ 0,
		  { NONE, NONE, NONE, NONE, NONE, NONE },
		  OUTCOME_REFUSED,
		  PROBE_CONNECT,
		  0.1,
		  0,
		  NULL },
		{ 1000,
		  { NONE, NONE, NONE, NONE, NONE, NONE },
		  OUTCOME_REFUSED,
		  PROBE_CONNECT,
		  0.1,
		  0,
		  NULL },
	};
	static const struct stream_sample sample = { "tcp://10.9.1.3:22", "tcp",
						     1u << PROBE_CONNECT, probes,
						     array_size(probes),  NS_PER_S };
	struct report *report = begun(sample.target);
	add(report, &sample, "ping", NULL, 0);
	return ended(report);
}
