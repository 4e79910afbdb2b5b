#include "support/sample_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "metric/expect.h"
#include "support/sample_parts.h"
#include "view/sentence.h"

static struct report *new_run(const char *command, const char *target)
{
	struct report *report = sample_new(command, target);
	report->duration_ns = 10 * NS_PER_S;
	report->planned_duration_ns = 10 * NS_PER_S;
	report->generator = (struct report_generator){
		.cpu_seconds = 0.4, .cpus = 2, .loop_lag_p99_ns = 60000, .send_error_p99_ns = 80000
	};
	return report;
}

static struct report_stream *add_stream(struct report *report, const char *name, const char *kind,
					const char *transport)
{
	struct report_stream *stream = report_add_stream(report);
	*stream = (struct report_stream){
		.name = name,
		.kind = kind,
		.target = report->target,
		.transport = transport,
		.message_bytes = 1024,
		.is_measured = true,
		.schedule = { .is_open_loop = true },
	};
	return stream;
}

static void add_slots(struct report *report, const char *transport, uint64_t slots,
		      double rate_per_slot)
{
	struct report_stream *stream = add_stream(report, "persistent", "slots", transport);
	stream->slots = slots;
	stream->schedule.rate_per_second = (double)slots * rate_per_slot;
	stream->schedule.interval_ns = (uint64_t)(1e9 / rate_per_slot);
	stream->interruptions.is_measured = true;
	stream->interruptions.resolution_ns = stream->schedule.interval_ns;
	stream->stalls.is_measured = strcmp(transport, "tcp") == 0;
	stream->outages.reason = "outages are of new connections and of the path";
	stream->has_survival = true;
}

static void add_new(struct report *report, double rate, uint64_t attempts)
{
	struct report_stream *stream = add_stream(report, "new", "attempts", "tcp");
	stream->schedule.rate_per_second = rate;
	stream->outages.is_measured = true;
	stream->outages.resolution_ns = (uint64_t)(1e9 / rate);
	stream->totals.scheduled = attempts;
	stream->totals.sent = attempts;
	stream->totals.received = attempts;
	stream->totals.attempts = attempts;
	stream->totals.connects = attempts;
}

static void add_path_unmeasured(struct report *report)
{
	struct report_stream *stream = add_stream(report, "path", "probes", "udp");
	stream->is_measured = false;
	stream->reason = "3 datagrams unanswered";
}

static void set_messages(struct report_stream *stream, uint64_t due, uint64_t missed, uint64_t lost)
{
	struct counters *totals = &stream->totals;
	totals->scheduled = due;
	totals->missed_no_connection = missed;
	totals->sent = due - missed;
	totals->lost = lost;
	totals->received = totals->sent - lost;
	totals->bytes_sent = totals->sent * stream->message_bytes;
	totals->bytes_received = totals->received * stream->message_bytes;
	totals->connections = stream->slots;
}

static struct endpoint endpoint(const char *text)
{
	struct endpoint endpoint;
	if (endpoint_parse(text, 0, &endpoint) < 0)
		abort();
	return endpoint;
}

/* What was lost is in the sixth of the ten seconds. */
static void add_samples(struct report *report, struct report_stream *stream)
{
	uint64_t lost = stream->totals.lost;
	uint64_t each = stream->totals.sent / 10;
	stream->sample_count = 10;
	stream->sample_interval_ns = NS_PER_S;
	stream->samples = arena_take_array(&report->arena, 10, sizeof(*stream->samples));
	for (uint32_t i = 0; i < 10; i++) {
		bool is_bad = i == 5;
		stream->samples[i] = (struct report_sample){
			.at_ns = (int64_t)((i + 1) * NS_PER_S),
			.scheduled = each,
			.sent = each,
			.received = each - (is_bad ? lost : 0),
			.lost = is_bad ? lost : 0,
			.unanswered = is_bad ? lost : 0,
			.failed = is_bad ? stream->totals.connect_failures : 0,
			.connections = stream->slots,
			.response_p50_ns = MS(0.33),
			.response_p99_ns = MS(2.5),
			.response_max_ns = MS(9),
		};
	}
}

static void failover_backends(struct report *report, struct report_stream *slots)
{
	static const struct report_backend backends[] = {
		{ .name = "web-3",
		  .slots = 50,
		  .survival[SURVIVAL_CLOSED] = 50,
		  .lost = 323,
		  .longest_ns = 698000000 },
		{ .name = "web-1",
		  .slots = 51,
		  .slots_at_end = 68,
		  .survival[SURVIVAL_UNTOUCHED] = 51 },
		{ .name = "web-2",
		  .slots = 50,
		  .slots_at_end = 67,
		  .survival[SURVIVAL_UNTOUCHED] = 50 },
		{ .name = "web-4",
		  .slots = 49,
		  .slots_at_end = 65,
		  .survival[SURVIVAL_UNTOUCHED] = 49 },
	};
	slots->backends = sample_copy(report, backends, sizeof(backends));
	slots->backend_count = 4;
	slots->survival[SURVIVAL_UNTOUCHED] = 150;
	slots->survival[SURVIVAL_CLOSED] = 50;
	slots->reconnected = 50;
	slots->backend_changed = 50;
}

/* The latencies below as all of their counts: what hdr_encode() writes. */
static const char response_hdr[] =
	"HISTFAAAADx4nJNpmSzMwMAgxQABzFCaEch0M9ixgMH+A0RgYgsj01/+BXMY5/LOmM64cQ/jKZajrBrBQqxMAErW"
	"DTo=";
static const char service_hdr[] =
	"HISTFAAAAD14nJNpmSzMwMAgzQABzFCaEch0M9ixgMH+A0TgcDMj01/+BXMY5/I21PYq7xC/rXyDaS4721JGJgBg"
	"3A5I";

static void failover_slots(struct report *report)
{
	add_slots(report, "tcp", 200, 10);
	struct report_stream *slots = &report->streams[0];
	const struct report_error error = { PHASE_RECEIVE, OUTCOME_CLOSED, 0,   50,
					    4592000000,    4598000000,     NULL };
	const struct report_interval interruption = { .start_ns = 3902000000,
						      .end_ns = 4600000000,
						      .unanswered = 7,
						      .slot = 17,
						      .backend = "web-3" };
	set_messages(slots, 20000, 0, 323);
	slots->totals.attempts = 250;
	slots->totals.connects = 250;
	slots->totals.disconnects = 50;
	slots->latency[LATENCY_RESPONSE] =
		sample_latency(20000, 323, (double[]){ 0.33, 0.57, 2000, 2600, 2690, 2698 });
	slots->latency[LATENCY_SERVICE] =
		sample_latency(19677, 0, (double[]){ 0.32, 0.55, 2.61, 12.4, 16.2, 17.0 });
	slots->latency[LATENCY_RESPONSE].hdr = response_hdr;
	slots->latency[LATENCY_SERVICE].hdr = service_hdr;
	slots->latency[LATENCY_CONNECT] =
		sample_latency(250, 0, (double[]){ 0.21, 0.4, 0.6, 0.6, 0.6, 0.6 });
	slots->interruptions.count = 50;
	slots->interruptions.slots = 50;
	slots->interruptions.max_ns = MS(698);
	slots->interruptions.total_ns = MS(698) * 50;
	slots->interruptions.list = sample_copy(report, &interruption, sizeof(interruption));
	slots->interruptions.list_count = 1;
	slots->interruptions.list_omitted = 49;
	slots->stalls.count = 50;
	slots->stalls.max_ns = MS(560);
	slots->stalls.total_ns = MS(560) * 50;
	slots->errors = sample_copy(report, &error, sizeof(error));
	slots->error_count = 1;
	failover_backends(report, slots);
	add_samples(report, slots);
}

/* Every tenth attempt, and the three that failed. */
static void add_attempts(struct report *report, struct report_stream *stream)
{
	stream->attempts = arena_take_array(&report->arena, 23, sizeof(*stream->attempts));
	for (uint32_t i = 0; i < 23; i++) {
		bool is_failed = i >= 9 && i < 12;
		uint32_t number = is_failed ? 73 + i : i < 9 ? 10 * i : 10 * (i - 3);
		stream->attempts[i] = (struct report_attempt){
			.at_ns = number * INT64_C(50000000),
			.reply_ns = is_failed ? 0 : MS(1.5 + 0.3 * (i % 4)),
			.failed_ns = is_failed ? MS(1000.6) : 0,
			.outcome = is_failed ? OUTCOME_CLOSED : OUTCOME_DONE,
		};
	}
	stream->attempt_count = 23;
	stream->attempts_omitted = 177;
}

static void failover_new(struct report *report)
{
	add_new(report, 20, 200);
	struct report_stream *attempts = &report->streams[1];
	const struct report_error error = { PHASE_REPLY, OUTCOME_CLOSED, 0,   3,
					    4100000000,  4500000000,     NULL };
	attempts->totals.received = 197;
	attempts->totals.lost = 3;
	attempts->totals.connect_failures = 3;
	attempts->latency[LATENCY_FIRST_REPLY] =
		sample_latency(200, 3, (double[]){ 1.96, 4.40, 2000, 2000, 2000, 2000 });
	attempts->errors = sample_copy(report, &error, sizeof(error));
	attempts->error_count = 1;
	add_samples(report, attempts);
	add_attempts(report, attempts);
}

/* One that lasted, one that was closed, its successor, and the three failed attempts. */
static void failover_connections(struct report *report)
{
	const struct report_connection slots[] = {
		{ .id = 1,
		  .slot = 0,
		  .backend = "web-1",
		  .local = endpoint("10.20.0.1:49098"),
		  .started_ns = -900000000,
		  .connected_ns = -899700000,
		  .ended_ns = INT64_MIN,
		  .outcome = OUTCOME_OPEN,
		  .sent = 100,
		  .received = 100,
		  .rtt_ns = 210000 },
		{ .id = 2,
		  .slot = 17,
		  .backend = "web-3",
		  .local = endpoint("10.20.0.1:49116"),
		  .started_ns = -880000000,
		  .connected_ns = -879600000,
		  .ended_ns = 4592000000,
		  .outcome = OUTCOME_CLOSED,
		  .sent = 46,
		  .received = 39,
		  .lost = 7,
		  .retransmits = 3 },
		{ .id = 3,
		  .slot = 17,
		  .backend = "web-2",
		  .local = endpoint("10.20.0.1:49300"),
		  .started_ns = 4593000000,
		  .connected_ns = 4593400000,
		  .ended_ns = INT64_MIN,
		  .outcome = OUTCOME_OPEN,
		  .sent = 54,
		  .received = 54,
		  .rtt_ns = 200000 },
		{ .id = 4,
		  .slot = 18,
		  .started_ns = 4593000000,
		  .connected_ns = INT64_MIN,
		  .ended_ns = 4594000000,
		  .outcome = OUTCOME_REFUSED },
	};
	report->connections = arena_take_array(&report->arena, 7, sizeof(*report->connections));
	memcpy(report->connections, slots, sizeof(slots));
	for (uint32_t i = 0; i < 7; i++) {
		struct report_connection *connection = &report->connections[i];
		if (i >= 4)
			*connection = (struct report_connection){
				.id = i + 1,
				.slot = 80 + i,
				.local = endpoint("10.20.0.1:50000"),
				.started_ns = 3100000000 + i * 50000000,
				.connected_ns = 3100400000 + i * 50000000,
				.ended_ns = 4100700000 + i * 50000000,
				.outcome = OUTCOME_CLOSED,
				.sent = 1,
				.lost = 1,
			};
		connection->stream = i < 4 ? "persistent" : "new";
		connection->remote = endpoint("10.20.0.5:5003");
	}
	report->connection_count = 7;
	report->connections_omitted = 194;
}

static void failover_mark(struct report *report)
{
	static const struct report_mark mark = { .name = "USR1",
						 .kind = "signal",
						 .at_ns = 3930000000,
						 .convergence = { .is_measured = true,
								  .affected = 50,
								  .first_good_ns = 663000000,
								  .all_good_ns = 670000000,
								  .throughput_90_ns = 670000000,
								  .throughput_95_ns = 670000000,
								  .throughput_99_ns = 670000000 } };
	report->marks = sample_copy(report, &mark, sizeof(mark));
	report->mark_count = 1;
}

static struct report *failover(void)
{
	static const struct report_setting settings[] = {
		{ "connections", "200" },           { "rate", "10/conn" }, { "expect", "graceful" },
		{ "expect", "response.p99 < 5ms" }, { "token", "***" },
	};
	struct report *report = new_run("traffic", "tcp://10.20.0.5:5003");
	report->settings = sample_copy(report, settings, sizeof(settings));
	report->setting_count = 5;
	failover_slots(report);
	failover_new(report);
	add_path_unmeasured(report);
	failover_mark(report);
	failover_connections(report);
	return report;
}

struct report *sample_failover(void)
{
	struct report *report = failover();
	sentence_build(report);
	return report;
}

/* As a run does before it begins. */
static void keep_possible(const struct report *report, struct expect_list *list)
{
	struct expect_stream streams[8] = { { "run", "command", "", 0 } };
	struct error error;
	for (uint32_t i = 0; i < report->stream_count; i++) {
		const struct report_stream *stream = &report->streams[i];
		streams[i + 1] =
			(struct expect_stream){ stream->name, stream->kind, stream->transport,
						figure_lacks_of(stream) };
	}
	if (expect_check(list, streams, report->stream_count + 1, &error) < 0)
		abort();
}

static void expect(struct report *report, const char *const *texts, size_t count)
{
	struct expect_list list = { 0 };
	struct error error;
	for (size_t i = 0; i < count; i++) {
		if (expect_parse(texts[i], &error, &list) < 0)
			abort();
	}
	keep_possible(report, &list);
	expect_evaluate(&list, report);
}

struct report *sample_expectations_failed(void)
{
	static const char *const texts[] = { "graceful",        "response.p99 < 5ms",
					     "goodput > 1Mbps", "path.outages.max < 1s",
					     "cpu < 1",         "failed < 2%" };
	struct report *report = failover();
	expect(report, texts, 6);
	sentence_build(report);
	return report;
}

struct report *sample_wrapped(void)
{
	static const struct report_mark marks[] = {
		{ .name = "command start",
		  .kind = "command",
		  .at_ns = 2000000000,
		  .has_command = true,
		  .command = { .text = "kubectl rollout restart deploy/web",
			       .has_exit_status = true,
			       .ended_ns = 7100000000,
			       .output = "deployment.apps/web restarted\n" },
		  .convergence = { .is_measured = true,
				   .affected = 50,
				   .not_good = 2,
				   .first_good_ns = 2593000000,
				   .all_good_ns = INT64_MIN,
				   .throughput_90_ns = 2700000000,
				   .throughput_95_ns = 2700000000,
				   .throughput_99_ns = INT64_MIN } },
		{ .name = "command end",
		  .kind = "command_end",
		  .at_ns = 7100000000,
		  .convergence = { .is_measured = true,
				   .first_good_ns = INT64_MIN,
				   .all_good_ns = INT64_MIN } },
	};
	static const char *const texts[] = { "graceful", "command.exit == 0" };
	struct report *report = failover();
	report->planned_duration_ns = 0;
	report->marks = sample_copy(report, marks, sizeof(marks));
	report->mark_count = 2;
	expect(report, texts, 2);
	sentence_build(report);
	return report;
}

struct report *sample_all_well(void)
{
	static const char *const texts[] = { "hitless" };
	static const struct report_backend backend = { .slots = 20,
						       .slots_at_end = 20,
						       .survival[SURVIVAL_UNTOUCHED] = 20 };
	struct report *report = new_run("traffic", "tcp://[2001:db8::5]:5003");
	add_slots(report, "tcp", 20, 10);
	struct report_stream *slots = &report->streams[0];
	set_messages(slots, 2000, 0, 0);
	slots->survival[SURVIVAL_UNTOUCHED] = 20;
	slots->backends = sample_copy(report, &backend, sizeof(backend));
	slots->backend_count = 1;
	slots->latency[LATENCY_RESPONSE] =
		sample_latency(2000, 0, (double[]){ 0.33, 0.57, 1.2, 4.1, 4.1, 4.1 });
	slots->latency[LATENCY_SERVICE] =
		sample_latency(2000, 0, (double[]){ 0.32, 0.56, 1.1, 4.0, 4.0, 4.0 });
	add_new(report, 10, 100);
	report->streams[1].latency[LATENCY_FIRST_REPLY] =
		sample_latency(100, 0, (double[]){ 1.1, 1.9, 3.3, 3.3, 3.3, 3.3 });
	expect(report, texts, 1);
	sentence_build(report);
	return report;
}

static void datagram_path(struct report *report)
{
	static const struct report_interval outages[] = {
		{ .start_ns = 4100000000,
		  .end_ns = 4410000000,
		  .unanswered = 31,
		  .slot = 3,
		  .forward_lost = 31,
		  .has_forward = true },
		{ .start_ns = 9950000000,
		  .end_ns = 10000000000,
		  .unanswered = 5,
		  .slot = 0,
		  .is_open = true },
	};
	struct report_stream *path = add_stream(report, "path", "probes", "udp");
	path->slots = 4;
	path->message_bytes = 96;
	path->schedule.rate_per_second = 400;
	path->schedule.interval_ns = MS(10);
	set_messages(path, 4000, 0, 39);
	path->totals.forward_lost = 31;
	path->latency[LATENCY_RESPONSE] =
		sample_latency(4000, 39, (double[]){ 0.21, 0.38, 0.9, 2000, 2000, 2000 });
	path->outages = (struct report_intervals){
		.is_measured = true,
		.count = 2,
		.max_ns = MS(310),
		.total_ns = MS(360),
		.open = 1,
		.slots = 2,
		.resolution_ns = MS(10),
		.expected_false = 0.024,
		.any_ns = MS(360),
		.largest_share = 0.25,
		.list = sample_copy(report, outages, sizeof(outages)),
		.list_count = 2,
	};
}

struct report *sample_datagrams(void)
{
	static const struct report_interval interruptions[] = {
		{ .start_ns = 4120000000, .end_ns = 4420000000, .unanswered = 15, .slot = 11 },
		{ .start_ns = 4100000000, .end_ns = 4360000000, .unanswered = 13, .slot = 7 },
	};
	static const struct report_backend backend = { .slots = 20,
						       .slots_at_end = 20,
						       .survival[SURVIVAL_UNTOUCHED] = 20,
						       .lost = 34,
						       .longest_ns = 300000000 };
	struct report *report = new_run("traffic", "udp://10.20.0.5:5003");
	add_slots(report, "udp", 20, 50);
	struct report_stream *slots = &report->streams[0];
	set_messages(slots, 10000, 0, 34);
	slots->survival[SURVIVAL_UNTOUCHED] = 20;
	slots->totals.duplicate = 2;
	slots->totals.reordered = 12;
	slots->backends = sample_copy(report, &backend, sizeof(backend));
	slots->backend_count = 1;
	slots->interruptions.count = 2;
	slots->interruptions.slots = 2;
	slots->interruptions.max_ns = MS(300);
	slots->interruptions.list = sample_copy(report, interruptions, sizeof(interruptions));
	slots->interruptions.list_count = 2;
	slots->latency[LATENCY_RESPONSE] =
		sample_latency(10000, 34, (double[]){ 0.2, 0.4, 1.02, 2000, 2000, 2000 });
	slots->latency[LATENCY_SERVICE] =
		sample_latency(9966, 0, (double[]){ 0.19, 0.39, 1.01, 3.2, 5.5, 5.5 });
	datagram_path(report);
	report->generator.receive_queue_overflows = 3;
	sentence_build(report);
	return report;
}

struct report *sample_nothing(void)
{
	static const struct report_backend backend = { .slots = 20,
						       .survival[SURVIVAL_NEVER_CONNECTED] = 20 };
	const struct report_error error = { PHASE_CONNECT, OUTCOME_REFUSED, 111, 20,
					    -900000000,    -890000000,      NULL };
	struct report *report = new_run("traffic", "tcp://10.20.0.5:5003");
	report->has_nothing_answered = true;
	report->duration_ns = 0;
	add_slots(report, "tcp", 20, 10);
	struct report_stream *slots = &report->streams[0];
	slots->totals.attempts = 20;
	slots->totals.connect_failures = 20;
	slots->survival[SURVIVAL_NEVER_CONNECTED] = 20;
	slots->backends = sample_copy(report, &backend, sizeof(backend));
	slots->backend_count = 1;
	slots->latency[LATENCY_RESPONSE].is_measured = true;
	slots->latency[LATENCY_CONNECT].is_measured = true;
	slots->errors = sample_copy(report, &error, sizeof(error));
	slots->error_count = 1;
	sentence_build(report);
	return report;
}

struct report *sample_served(void)
{
	struct report *report = new_run("serve", "traffic://:5003");
	report->host_name = "web-3-7d9f";
	report->duration_ns = MS(1182300);
	report->planned_duration_ns = 0;
	report->is_interrupted = true;
	report->generator.cpu_seconds = 47.3;
	report->drained = 67;
	report->drain_ns = MS(1200);
	struct report_stream *served = add_stream(report, "served", "service", "tcp");
	served->schedule.is_open_loop = false;
	served->totals.connects = 1412;
	served->totals.disconnects = 1412;
	served->totals.received = 411902;
	served->totals.bytes_received = UINT64_C(411902) * 1024;
	served->totals.bytes_sent = UINT64_C(411902) * 1024;
	sentence_build(report);
	return report;
}

struct report *sample_interrupted(void)
{
	static const struct report_interval interruption = { .start_ns = 1300000000,
							     .end_ns = 3200000000,
							     .unanswered = 19,
							     .slot = 0,
							     .is_open = true };
	static const struct report_backend backend = { .slots = 2,
						       .slots_at_end = 2,
						       .survival[SURVIVAL_STALLED] = 1,
						       .survival[SURVIVAL_UNTOUCHED] = 1,
						       .longest_ns = 1900000000,
						       .is_longest_open = true };
	struct report *report = new_run("traffic", "tcp://10.20.0.5:5003");
	report->is_interrupted = true;
	report->duration_ns = MS(3200);
	report->planned_duration_ns = 60 * NS_PER_S;
	report->generator.send_error_p99_ns = MS(35);
	report->generator.events_dropped = 4;
	add_slots(report, "tcp", 2, 10);
	struct report_stream *slots = &report->streams[0];
	set_messages(slots, 64, 0, 0);
	slots->totals.received = 40;
	slots->totals.in_flight = 17;
	slots->totals.sent = 57;
	slots->totals.missed_generator = 5;
	slots->totals.missed_peer = 2;
	slots->survival[SURVIVAL_STALLED] = 1;
	slots->survival[SURVIVAL_UNTOUCHED] = 1;
	slots->backends = sample_copy(report, &backend, sizeof(backend));
	slots->backend_count = 1;
	slots->interruptions.count = 1;
	slots->interruptions.slots = 1;
	slots->interruptions.open = 1;
	slots->interruptions.max_ns = MS(1900);
	slots->interruptions.list = sample_copy(report, &interruption, sizeof(interruption));
	slots->interruptions.list_count = 1;
	slots->latency[LATENCY_RESPONSE] =
		sample_latency(64, 24, (double[]){ 0.4, 2000, 2000, 2000, 2000, 2000 });
	slots->latency[LATENCY_RESPONSE].censored_min_ns = 2 * NS_PER_S;
	slots->latency[LATENCY_SERVICE] =
		sample_latency(40, 0, (double[]){ 0.3, 0.5, 9, 9, 9, 9.04 });
	sentence_build(report);
	return report;
}

/* Each 64-bit word its own number. */
static void fill_words(void *place, size_t size, uint64_t first)
{
	uint64_t *words = place;
	for (size_t i = 0; i < size / sizeof(*words); i++)
		words[i] = first + i;
}

static void every_interval(struct report *report, struct report_intervals *intervals,
			   uint64_t first)
{
	const struct report_interval list[] = {
		{ .start_ns = -5,
		  .end_ns = 7,
		  .unanswered = 3,
		  .forward_lost = 2,
		  .slot = 9,
		  .backend = "a \"quoted\" name",
		  .is_open = true,
		  .has_forward = true },
		{ .start_ns = 8, .end_ns = 9 },
	};
	*intervals = (struct report_intervals){
		.is_measured = true,
		.reason = "a reason",
		.count = first,
		.max_ns = first + 1,
		.total_ns = first + 2,
		.open = first + 3,
		.slots = first + 4,
		.resolution_ns = first + 5,
		.list = sample_copy(report, list, sizeof(list)),
		.list_count = 2,
		.list_omitted = first + 6,
	};
}

static void every_field_of_stream(struct report *report, struct report_stream *stream)
{
	const struct report_error error = {
		PHASE_RESOLVE, OUTCOME_NOT_RESOLVED, 5, 6, -7, 8, "sent a chunk size that overflows"
	};
	const struct report_status status = { 418, 9 };
	stream->slots = 17;
	stream->message_bytes = 18;
	stream->schedule.rate_per_second = 0.1;
	stream->schedule.interval_ns = 19;
	fill_words(&stream->totals, sizeof(stream->totals), 1000);
	for (unsigned i = 0; i < LATENCY_COUNT; i++) {
		fill_words(&stream->latency[i], offsetof(struct report_latency, is_measured),
			   2000 + 100 * i);
		stream->latency[i].is_measured = true;
		stream->latency[i].hdr = "HISTFAAA";
	}
	stream->tcp.is_measured = true;
	stream->tcp.congestion = "cubic";
	fill_words(&stream->tcp.facts.connections,
		   sizeof(stream->tcp.facts) - offsetof(struct tcp_facts, connections), 2900);
	stream->tcp.send_buffer_asked_bytes = 2950;
	stream->tcp.receive_buffer_asked_bytes = 2951;
	every_interval(report, &stream->interruptions, 3000);
	every_interval(report, &stream->stalls, 3100);
	every_interval(report, &stream->outages, 3200);
	stream->outages.expected_false = 0.3;
	stream->outages.any_ns = 20;
	stream->outages.all_ns = 21;
	stream->outages.largest_share = 0.7;
	stream->datagrams = (struct report_datagrams){
		.is_measured = true,
		.counted_by = "receiver",
		.lost = 3300,
		.bursts = 3301,
		.longest_burst = 3302,
		.longest_burst_ns = 3303,
		.median_burst = 3304,
		.first_lost_ns = 3305,
		.last_lost_ns = 3306,
		.has_overflows = true,
		.has_network_lost = true,
		.receiver_overflows = 3307,
		.network_lost = 3308,
	};
	stream->has_survival = true;
	fill_words(stream->survival, sizeof(stream->survival), 4000);
	stream->reconnected = 22;
	stream->backend_changed = 23;
	stream->backend_count = 2;
	stream->backends = arena_take_array(&report->arena, 2, sizeof(*stream->backends));
	fill_words(stream->backends, 2 * sizeof(*stream->backends), 5000);
	stream->backends[0].name = "web-1";
	stream->backends[0].is_longest_open = true;
	stream->backends[1].name = NULL;
	stream->backends[1].is_longest_open = false;
	stream->sample_count = 3;
	stream->sample_interval_ns = 24;
	stream->samples = arena_take_array(&report->arena, 3, sizeof(*stream->samples));
	fill_words(stream->samples, 3 * sizeof(*stream->samples), 6000);
	stream->errors = sample_copy(report, &error, sizeof(error));
	stream->error_count = 1;
	stream->statuses = sample_copy(report, &status, sizeof(status));
	stream->status_count = 1;
	stream->reason = "a stream's reason";
}

static void every_mark(struct report *report)
{
	static const struct report_mark marks[] = {
		{ .name = "the cut",
		  .kind = "exec",
		  .at_ns = -35,
		  .has_command = true,
		  .command = { .text = "systemctl stop x",
			       .exit_status = 36,
			       .has_exit_status = true,
			       .signal = "SIGKILL",
			       .reason = "a command's reason",
			       .ended_ns = 37,
			       .output = "two\nlines\n",
			       .output_omitted = 38 },
		  .convergence = { .is_measured = true,
				   .reason = "a convergence's reason",
				   .affected = 39,
				   .not_good = 40,
				   .first_good_ns = 41,
				   .all_good_ns = 42,
				   .throughput_90_ns = 43,
				   .throughput_95_ns = 44,
				   .throughput_99_ns = 45 } },
		{ .name = "nothing",
		  .kind = "time",
		  .at_ns = 46,
		  .convergence = { .first_good_ns = INT64_MIN,
				   .all_good_ns = INT64_MIN,
				   .throughput_90_ns = INT64_MIN,
				   .throughput_95_ns = INT64_MIN,
				   .throughput_99_ns = INT64_MIN } },
	};
	report->marks = sample_copy(report, marks, sizeof(marks));
	report->mark_count = 2;
	report->marks_omitted = 47;
}

struct report *sample_every_field(void)
{
	static const struct report_limit limit = { "connections", 25 };
	struct report *report = failover();
	every_field_of_stream(report, &report->streams[0]);
	every_mark(report);
	report->is_interrupted = true;
	report->has_nothing_answered = true;
	report->has_tls = true;
	report->tls = (struct report_tls){ .version = "TLSv1.2",
					   .cipher = "ECDHE-ECDSA-AES256-GCM-SHA384",
					   .protocol = "http/1.1",
					   .is_verified = true,
					   .handshakes = 30,
					   .resumed = 31,
					   .cut_short = 32,
					   .complaint = "a \"quoted\" one" };
	report->drained = 26;
	report->cut_off = 27;
	report->drain_ns = 28;
	report->limits = sample_copy(report, &limit, sizeof(limit));
	report->limit_count = 1;
	report->pushes[0] = (struct report_push){ "StatsD", "a:8125", 41, 0, NULL };
	report->pushes[1] = (struct report_push){ "OTLP", "http://a:4318", 43, 42, "refused" };
	report->push_count = 2;
	report->generator = (struct report_generator){
		.cpu_seconds = 1.0 / 3,
		.worker_cpu_max = 0.2,
		.worker_wait_max = 0.01,
		.throttled = 0.005,
		.cpus = 29,
		.loop_lag_p99_ns = 30,
		.send_error_p99_ns = 31,
		.receive_queue_overflows = 32,
		.events_dropped = 33,
		.listen_overflows = 34,
	};
	static const char *const texts[] = { "graceful", "cpu < 1", "path.lost < 1%" };
	expect(report, texts, 3);
	sentence_build(report);
	return report;
}
