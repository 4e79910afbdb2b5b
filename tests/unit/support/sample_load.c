/* The examples of load: bulk, requests at a rate, held WebSockets. */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "support/sample_parts.h"
#include "support/sample_report.h"
#include "view/sentence.h"

static struct report *new_load(const char *target, const char *transport, uint64_t slots)
{
	struct report *report = sample_new("load", target);
	report->generator = (struct report_generator){ .cpus = 8, .loop_lag_p99_ns = 40000 };
	*report_add_stream(report) = (struct report_stream){
		.name = "load",
		.kind = "slots",
		.target = target,
		.transport = transport,
		.slots = slots,
		.is_measured = true,
		.has_survival = true,
		.survival[SURVIVAL_UNTOUCHED] = slots,
		.interruptions.reason = "not asked in this sample",
		.stalls.reason = "not asked in this sample",
		.outages.reason = "outages are of new connections and of the path",
		.totals = { .attempts = slots, .connects = slots, .connections = slots },
	};
	return report;
}

static void set_length(struct report *report, uint64_t seconds)
{
	report->duration_ns = seconds * NS_PER_S;
	report->planned_duration_ns = report->duration_ns;
}

static void set_settings(struct report *report, const struct report_setting *settings,
			 uint32_t count)
{
	size_t size = count * sizeof(*settings);
	report->settings = memcpy(arena_take(&report->arena, size), settings, size);
	report->setting_count = count;
}

struct report *sample_bulk(void)
{
	struct report *report = new_load("discard://10.9.1.2:5009", "tcp", 1);
	struct report_stream *load = &report->streams[0];
	set_length(report, 10);
	report->generator.cpu_seconds = 6;
	load->message_bytes = 65536;
	load->tcp = sample_tcp();
	load->sample_interval_ns = NS_PER_S;
	load->sample_count = 10;
	load->samples = arena_take_array(&report->arena, 10, sizeof(*load->samples));
	for (uint32_t i = 0; i < 10; i++)
		load->samples[i] = (struct report_sample){
			.at_ns = (int64_t)((i + 1) * NS_PER_S),
			.bytes_sent = UINT64_C(1176400000),
			.bytes_acked = UINT64_C(1176200000),
			.retransmits = i == 0   ? 9
				       : i == 5 ? 3
						: 0,
			.cwnd_bytes = i == 0 ? 1900000 : 2100000,
			.rtt_p50_ns = i == 0 ? MS(1.31) : MS(1.58),
			.rtt_max_ns = i == 0 ? MS(1.92) : MS(2.11),
		};
	load->totals.scheduled = load->totals.sent = load->totals.one_way = 179504;
	load->totals.bytes_sent = UINT64_C(11764000000);
	load->totals.bytes_acked = UINT64_C(11762000000);
	load->totals.bytes_queued = 2000000;
	load->totals.tcp_watched_ns = 10 * NS_PER_S;
	load->totals.tcp_busy_ns = 10 * NS_PER_S;
	load->totals.tcp_samples = 100;
	load->totals.tcp_samples_full = 96;
	load->receiver = (struct report_receiver){ .is_asked = true,
						   .is_known = true,
						   .source = "end",
						   .connections = 1,
						   .connections_known = 1,
						   .bytes = UINT64_C(11762000000),
						   .bits_per_second = 9409600000.0 };
	load->totals.segments_sent = 8123000;
	load->totals.retransmitted_segments = 12;
	load->latency[LATENCY_CONNECT] =
		sample_latency(1, 0, (double[]){ 0.2, 0.2, 0.2, 0.2, 0.2, 0.2 });
	load->latency[LATENCY_RTT] =
		sample_latency(100, 0, (double[]){ 1.58, 1.9, 2.1, 2.1, 2.1, 2.11 });
	load->latency[LATENCY_RTT].min_ns = MS(0.21);
	sentence_build(report);
	return report;
}

/* The server stands still for 0.4 of 30 seconds. */
static void still_samples(struct report *report, struct report_stream *load)
{
	load->sample_interval_ns = 100 * NS_PER_MS;
	load->sample_count = 300;
	load->samples = arena_take_array(&report->arena, 300, sizeof(*load->samples));
	for (uint32_t i = 0; i < 300; i++)
		load->samples[i] = (struct report_sample){
			.at_ns = (int64_t)((i + 1) * 100 * NS_PER_MS),
			.scheduled = 2000,
			.sent = 2000,
			.received = i >= 123 && i < 127 ? 0 : 2000,
			.connections = 50,
			.response_p50_ns = MS(0.41),
		};
}

struct report *sample_requests(void)
{
	static const struct report_status statuses[] = { { 200, 599870 }, { 503, 118 } };
	struct report *report = new_load("https://10.9.1.2:443/items", "tls", 50);
	struct report_stream *load = &report->streams[0];
	set_length(report, 30);
	report->generator.cpu_seconds = 27;
	load->schedule = (struct report_schedule){ .is_open_loop = true,
						   .rate_per_second = 20000,
						   .interval_ns = MS(2.5) };
	load->totals.scheduled = load->totals.sent = 600000;
	load->totals.received = 599988;
	load->totals.in_flight = 12;
	load->totals.rejected = 118;
	load->totals.sent_late = 8431;
	load->totals.held_up = 8431;
	load->latency[LATENCY_RESPONSE] =
		sample_latency(600000, 12, (double[]){ 0.41, 0.66, 118, 382, 408, 2000 });
	load->latency[LATENCY_SERVICE] =
		sample_latency(599988, 0, (double[]){ 0.39, 0.61, 3.1, 4.02, 6.2, 411 });
	load->latency[LATENCY_SEND_ERROR] =
		sample_latency(600000, 0, (double[]){ 0.02, 0.05, 115, 380, 405, 409 });
	load->latency[LATENCY_FIRST_BYTE] =
		sample_latency(599988, 0, (double[]){ 0.35, 0.6, 3.0, 4.0, 6.1, 410 });
	load->latency[LATENCY_CONNECT] =
		sample_latency(50, 0, (double[]){ 0.22, 0.25, 0.3, 0.3, 0.3, 0.31 });
	load->latency[LATENCY_TLS] =
		sample_latency(50, 0, (double[]){ 3.9, 4.5, 5.1, 5.1, 5.1, 5.12 });
	load->statuses = sample_copy(report, statuses, sizeof(statuses));
	load->status_count = 2;
	still_samples(report, load);
	sentence_build(report);
	return report;
}

static struct report_trial trial(struct report *report, double rate, double p99_ms, bool is_held)
{
	struct report_expectation condition = { .text = "response.p99 < 100ms",
						.value = (double)MS(p99_ms),
						.is_measured = true,
						.is_held = is_held };
	const char *figures = arena_format(&report->arena, "response.p99 %g ms", p99_ms);
	return (struct report_trial){ .rate_per_second = rate,
				      .length_ns = MS(30000),
				      .verdict = is_held ? "held" : "failed",
				      .figures = figures,
				      .reason = is_held ? NULL : figures,
				      .conditions =
					      sample_copy(report, &condition, sizeof(condition)),
				      .condition_count = 1 };
}

struct report *sample_search(void)
{
	static const struct report_setting setting = { "find-rate", "response.p99 < 100ms" };
	struct report *report = sample_requests();
	struct report_trial trials[] = {
		trial(report, 20000, 91, true),
		trial(report, 21000, 140, false),
		trial(report, 24000, 3000, false),
	};
	trials[2].verdict = "host";
	trials[2].reason = "messages not sent in time";
	report->settings = sample_copy(report, &setting, sizeof(setting));
	report->setting_count = 1;
	report->has_search = true;
	report->search = (struct report_search){
		.is_found = true,
		.rate_per_second = 20000,
		.low = 19876.5,
		.high = 20912.25,
		.end = "out_of_time",
		.limit = "messages not sent in time",
		.held_trial = 1,
		.failed_trial = 2,
		.trials_max = 64,
		.length_ns = MS(30000),
		.sending_max_ns = MS(600000),
		.sent_ns = MS(90000),
		.trials = sample_copy(report, trials, sizeof(trials)),
		.trial_count = 3,
	};
	sentence_build(report);
	return report;
}

/* As a receiver told it. */
struct report *sample_one_way(void)
{
	struct report *report = new_load("discard+udp://10.9.1.2:5009", "udp", 1);
	struct report_stream *load = &report->streams[0];
	set_length(report, 10);
	report->started_unix_ns = SAMPLE_STARTED + INT64_C(2979000000000); /* 08:01:00 */
	report->generator.cpu_seconds = 8;
	report->generator.send_error_p99_ns = 20000;
	load->message_bytes = 1400;
	load->schedule = (struct report_schedule){ .is_open_loop = true,
						   .rate_per_second = 5e8 / 8 / 1400,
						   .interval_ns = 22400 };
	load->totals.scheduled = load->totals.sent = load->totals.one_way = 446429;
	load->totals.bytes_sent = UINT64_C(446429) * 1400;
	load->totals.reordered = 12;
	load->latency[LATENCY_SEND_ERROR] =
		sample_latency(446429, 0, (double[]){ 0.01, 0.01, 0.02, 0.1, 0.2, 0.3 });
	load->latency[LATENCY_DELAY_VARIATION] =
		sample_latency(444286, 0, (double[]){ 0.02, 0.11, 0.31, 1.9, 4, 4.62 });
	load->receiver = (struct report_receiver){ .is_asked = true,
						   .is_known = true,
						   .source = "control",
						   .connections = 1,
						   .connections_known = 1,
						   .bytes = UINT64_C(444286) * 1400,
						   .messages = 444286,
						   .bits_per_second = 497600320.0 };
	load->datagrams = (struct report_datagrams){
		.is_measured = true,
		.counted_by = "receiver",
		.lost = 2143,
		.bursts = 118,
		.longest_burst = 212,
		.longest_burst_ns = MS(4.7488),
		.median_burst = 11,
		.first_lost_ns = 1204000000,
		.last_lost_ns = INT64_C(9877000000),
		.has_overflows = true,
		.has_network_lost = true,
		.network_lost = 2143,
	};
	sentence_build(report);
	return report;
}

struct report *sample_websockets(void)
{
	static const struct report_error errors[] = {
		{ PHASE_RECEIVE, OUTCOME_CLOSED, 1001, 4, 1000000000, 2000000000, NULL },
		{ PHASE_RECEIVE, OUTCOME_RESET, 104, 3, 1000000000, 2000000000, NULL },
		{ PHASE_RECEIVE, OUTCOME_CLOSED, 0, 2, 1000000000, 2000000000, NULL },
	};
	static const struct report_setting settings[] = { { "connect-rate", "1k/s" },
							  { "reconnect", "off" } };
	static const struct report_connection first = { .id = 1,
							.stream = "load",
							.started_ns = INT64_C(-15000000000),
							.connected_ns = INT64_C(-14992000000),
							.ended_ns = INT64_MIN,
							.outcome = OUTCOME_OPEN };
	static const struct report_process processes[] = {
		{ .index = 1, .pid = 4001, .workers = 1, .slots = 7500, .lost_ns = INT64_MIN },
		{ .index = 2, .pid = 4002, .workers = 1, .slots = 7500, .lost_ns = INT64_MIN },
	};
	struct report *report = new_load("wss://feed.example.com:443/v1", "tls", 15000);
	struct report_stream *load = &report->streams[0];
	set_length(report, 120);
	set_settings(report, settings, 2);
	report->connections = sample_copy(report, &first, sizeof(first));
	report->connection_count = 1;
	report->connections_omitted = 14999;
	report->generator.has_processes = true;
	report->generator.processes = sample_copy(report, processes, sizeof(processes));
	report->generator.process_count = array_size(processes);
	report->generator.cpu_seconds = 30;
	report->generator.send_error_p99_ns = 50000;
	load->schedule = (struct report_schedule){ .is_open_loop = true,
						   .rate_per_second = 1500,
						   .interval_ns = 10 * NS_PER_S };
	load->message_bytes = 9;
	load->totals.scheduled = 180000;
	load->totals.missed_no_connection = 19;
	load->totals.sent = 179981;
	load->totals.received = 179972;
	load->totals.lost = 6;
	load->totals.in_flight = 3;
	load->totals.disconnects = 9;
	load->survival[SURVIVAL_UNTOUCHED] = 14991;
	load->survival[SURVIVAL_CLOSED] = 6;
	load->survival[SURVIVAL_RESET] = 3;
	load->latency[LATENCY_RESPONSE] =
		sample_latency(180000, 28, (double[]){ 8.2, 9.1, 14.2, 61.0, 80, 2000 });
	load->latency[LATENCY_SERVICE] =
		sample_latency(179972, 0, (double[]){ 8.1, 9.0, 14.1, 60.0, 79, 90 });
	load->latency[LATENCY_CONNECT] =
		sample_latency(15000, 0, (double[]){ 8.02, 8.9, 12.1, 1030, 1070, 1080 });
	load->latency[LATENCY_TLS] =
		sample_latency(15000, 0, (double[]){ 11.3, 13.0, 22.4, 40.1, 60, 61.2 });
	load->latency[LATENCY_SEND_ERROR] =
		sample_latency(179981, 0, (double[]){ 0.01, 0.02, 0.05, 0.1, 0.2, 0.3 });
	load->latency[LATENCY_UPGRADE] =
		sample_latency(15000, 0, (double[]){ 8.31, 9.4, 15.0, 33.2, 47, 48 });
	load->errors = sample_copy(report, errors, sizeof(errors));
	load->error_count = 3;
	sentence_build(report);
	return report;
}
