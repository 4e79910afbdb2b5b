/* See report_fields.h. */
#include "metric/report_fields.h"

#include <assert.h>
#include <string.h>

#include "base/attributes.h"
#include "metric/mesh_fields.h"
#include "metric/path_fields.h"
#include "metric/report.h"

#define SETTINGS_MAX    1024
#define ERRORS_MAX      4096
#define STATUSES_MAX    1024
#define BACKENDS_MAX    65536
#define SAMPLES_MAX     65536
#define ATTEMPTS_MAX    65536
#define CONNECTIONS_MAX 1000000
#define LIMITS_MAX      64
#define TRIALS_MAX      1024

/* Each table sets OWNER to its struct. */
#define PLACE(member)    .offset = offsetof(OWNER, member)
#define OPTIONAL(offset) ((offset) + 1)
#define IF(member)       .flag = OPTIONAL(offsetof(OWNER, member))
#define IF_COUNT(member) .nonzero = OPTIONAL(offsetof(OWNER, member))
#define REQUIRED         .is_required = true
#define LIST(items, items_count, size, max) \
	PLACE(items), .count = offsetof(OWNER, items_count), .list_size = (size), .list_max = (max)
#define OBJECT(name)      .table = (&(name))
#define TABLE(name, rows) static const struct field_table name = { rows, array_size(rows) }

bool field_applies(const struct field_row *row, const void *object)
{
	static const char zero[sizeof(uint64_t)];
	if (row->flag && !*(const bool *)field_at_const(object, row->flag - 1))
		return false;
	return !row->nonzero ||
	       memcmp(field_at_const(object, row->nonzero - 1), zero, sizeof(zero)) != 0;
}

/* clang-format off */
#define OWNER struct report_latency
static const struct field_row latency_rows[] = {
	{ "count",     FIELD_UNSIGNED, PLACE(count), REQUIRED },
	{ "censored",  FIELD_UNSIGNED, PLACE(censored) },
	{ "censored_min_ns", FIELD_UNSIGNED, PLACE(censored_min_ns), IF_COUNT(censored) },
	{ "min_ns",    FIELD_UNSIGNED, PLACE(min_ns), IF_COUNT(count) },
	{ "mean_ns",   FIELD_UNSIGNED, PLACE(mean_ns), IF_COUNT(count) },
	{ "p50_ns",    FIELD_UNSIGNED, PLACE(p50_ns), IF_COUNT(count) },
	{ "p90_ns",    FIELD_UNSIGNED, PLACE(p90_ns), IF_COUNT(count) },
	{ "p99_ns",    FIELD_UNSIGNED, PLACE(p99_ns), IF_COUNT(count) },
	{ "p99_9_ns",  FIELD_UNSIGNED, PLACE(p99_9_ns), IF_COUNT(count) },
	{ "p99_99_ns", FIELD_UNSIGNED, PLACE(p99_99_ns), IF_COUNT(count) },
	{ "max_ns",    FIELD_UNSIGNED, PLACE(max_ns), IF_COUNT(count) },
	{ "hdr",       FIELD_TEXT, PLACE(hdr) },
};
TABLE(latency_table, latency_rows);
#undef OWNER

#define OWNER struct report_interval
static const struct field_row interval_rows[] = {
	{ "start_ns",     FIELD_MOMENT, PLACE(start_ns), REQUIRED },
	{ "end_ns",       FIELD_MOMENT, PLACE(end_ns), REQUIRED },
	{ "open",         FIELD_BOOLEAN, PLACE(is_open) },
	{ "unanswered",   FIELD_UNSIGNED, PLACE(unanswered) },
	{ "forward_lost", FIELD_UNSIGNED, PLACE(forward_lost), IF(has_forward) },
	{ "slot",         FIELD_UNSIGNED32, PLACE(slot) },
	{ "backend",      FIELD_TEXT, PLACE(backend) },
};
TABLE(interval_table, interval_rows);
#undef OWNER

#define OWNER struct report_intervals
#define INTERVALS_BEGIN                                                                            \
	{ "reason",        FIELD_TEXT, PLACE(reason) },                                            \
	{ "count",         FIELD_UNSIGNED, PLACE(count), IF(is_measured) },                        \
	{ "slots",         FIELD_UNSIGNED, PLACE(slots), IF(is_measured) },                        \
	{ "max_ns",        FIELD_UNSIGNED, PLACE(max_ns), IF(is_measured) },                       \
	{ "total_ns",      FIELD_UNSIGNED, PLACE(total_ns), IF(is_measured) },                     \
	{ "open",          FIELD_UNSIGNED, PLACE(open), IF(is_measured) },                         \
	{ "resolution_ns", FIELD_UNSIGNED, PLACE(resolution_ns), IF(is_measured) }
#define INTERVALS_END                                                                              \
	{ "list", FIELD_LIST, OBJECT(interval_table),                                              \
	  LIST(list, list_count, sizeof(struct report_interval), REPORT_INTERVALS_MAX) },          \
	{ "list_omitted", FIELD_UNSIGNED, PLACE(list_omitted) }
static const struct field_row intervals_rows[] = { INTERVALS_BEGIN, INTERVALS_END };
static const struct field_row outages_rows[] = {
	INTERVALS_BEGIN,
	{ "expected_false", FIELD_REAL, PLACE(expected_false), IF(is_measured) },
	{ "any_ns",         FIELD_UNSIGNED, PLACE(any_ns), IF(is_measured) },
	{ "all_ns",         FIELD_UNSIGNED, PLACE(all_ns), IF(is_measured) },
	{ "largest_share",  FIELD_REAL, PLACE(largest_share), IF(is_measured) },
	INTERVALS_END,
};
TABLE(intervals_table, intervals_rows);
TABLE(outages_table, outages_rows);
#undef OWNER

#define OWNER struct report_backend
static_assert(offsetof(OWNER, name) == 0, "FIELD_NAMED");
static const struct field_row backend_rows[] = {
	{ "slots",        FIELD_UNSIGNED, PLACE(slots), REQUIRED },
	{ "slots_at_end", FIELD_UNSIGNED, PLACE(slots_at_end) },
#define SURVIVAL(symbol, name, sentence)                                                           \
	{ name, FIELD_UNSIGNED, PLACE(survival[SURVIVAL_##symbol]) },
	SURVIVAL_TABLE
#undef SURVIVAL
	{ "lost",         FIELD_UNSIGNED, PLACE(lost) },
	{ "longest_ns",   FIELD_UNSIGNED, PLACE(longest_ns) },
	{ "longest_open", FIELD_BOOLEAN, PLACE(is_longest_open) },
};
TABLE(backend_table, backend_rows);
#undef OWNER

#define OWNER struct report_sample
static const struct field_row sample_rows[] = {
	{ "at_ns",           FIELD_MOMENT, PLACE(at_ns), REQUIRED },
	{ "scheduled",       FIELD_UNSIGNED, PLACE(scheduled) },
	{ "sent",            FIELD_UNSIGNED, PLACE(sent) },
	{ "received",        FIELD_UNSIGNED, PLACE(received) },
	{ "lost",            FIELD_UNSIGNED, PLACE(lost) },
	{ "missed",          FIELD_UNSIGNED, PLACE(missed) },
	{ "unanswered",      FIELD_UNSIGNED, PLACE(unanswered) },
	{ "connections",     FIELD_UNSIGNED, PLACE(connections) },
	{ "connecting",      FIELD_UNSIGNED, PLACE(connecting) },
	{ "silent",          FIELD_UNSIGNED, PLACE(silent) },
	{ "interrupted",     FIELD_UNSIGNED, PLACE(interrupted) },
	{ "connects",        FIELD_UNSIGNED, PLACE(connects) },
	{ "failed",          FIELD_UNSIGNED, PLACE(failed) },
	{ "response_p50_ns", FIELD_UNSIGNED, PLACE(response_p50_ns), IF_COUNT(response_p50_ns) },
	{ "response_p99_ns", FIELD_UNSIGNED, PLACE(response_p99_ns), IF_COUNT(response_p99_ns) },
	{ "response_max_ns", FIELD_UNSIGNED, PLACE(response_max_ns), IF_COUNT(response_max_ns) },
	{ "bytes_sent",      FIELD_UNSIGNED, PLACE(bytes_sent) },
	{ "bytes_received",  FIELD_UNSIGNED, PLACE(bytes_received) },
	{ "bytes_acked",     FIELD_UNSIGNED, PLACE(bytes_acked) },
	{ "retransmits",     FIELD_UNSIGNED, PLACE(retransmits) },
	{ "cwnd_bytes",      FIELD_UNSIGNED, PLACE(cwnd_bytes), IF_COUNT(cwnd_bytes) },
	{ "rtt_p50_ns",      FIELD_UNSIGNED, PLACE(rtt_p50_ns), IF_COUNT(rtt_p50_ns) },
	{ "rtt_max_ns",      FIELD_UNSIGNED, PLACE(rtt_max_ns), IF_COUNT(rtt_max_ns) },
};
const struct field_table report_sample_fields = { sample_rows, array_size(sample_rows) };
#undef OWNER

#define OWNER struct report_attempt
static const struct field_row attempt_rows[] = {
	{ "at_ns",     FIELD_MOMENT, PLACE(at_ns), REQUIRED },
	{ "reply_ns",  FIELD_UNSIGNED, PLACE(reply_ns), IF_COUNT(reply_ns) },
	{ "failed_ns", FIELD_UNSIGNED, PLACE(failed_ns), IF_COUNT(failed_ns) },
	{ "outcome",   FIELD_OUTCOME, PLACE(outcome), REQUIRED },
};
TABLE(attempt_table, attempt_rows);
#undef OWNER

#define OWNER struct report_datagrams
static const struct field_row datagrams_rows[] = {
	{ "counted_by",         FIELD_TEXT, PLACE(counted_by), REQUIRED },
	{ "lost",               FIELD_UNSIGNED, PLACE(lost), REQUIRED },
	{ "bursts",             FIELD_UNSIGNED, PLACE(bursts), REQUIRED },
	{ "longest_burst",      FIELD_UNSIGNED, PLACE(longest_burst) },
	{ "longest_burst_ns",   FIELD_UNSIGNED, PLACE(longest_burst_ns) },
	{ "median_burst",       FIELD_UNSIGNED, PLACE(median_burst) },
	{ "first_lost_ns",      FIELD_MOMENT, PLACE(first_lost_ns) },
	{ "last_lost_ns",       FIELD_MOMENT, PLACE(last_lost_ns) },
	{ "receiver_overflows", FIELD_UNSIGNED, PLACE(receiver_overflows), IF(has_overflows) },
	{ "network_lost",       FIELD_UNSIGNED, PLACE(network_lost), IF(has_network_lost) },
};
TABLE(datagrams_table, datagrams_rows);
#undef OWNER

#define OWNER struct report_error
static const struct field_row error_rows[] = {
	{ "phase",    FIELD_PHASE, PLACE(phase), REQUIRED },
	{ "outcome",  FIELD_OUTCOME, PLACE(outcome), REQUIRED },
	{ "errno",    FIELD_UNSIGNED32, PLACE(code) },
	{ "count",    FIELD_UNSIGNED, PLACE(count), REQUIRED },
	{ "first_ns", FIELD_MOMENT, PLACE(first_ns) },
	{ "last_ns",  FIELD_MOMENT, PLACE(last_ns) },
	{ "why",      FIELD_TEXT, PLACE(why) },
};
TABLE(error_table, error_rows);
#undef OWNER

#define OWNER struct report_status
static const struct field_row status_rows[] = {
	{ "code",  FIELD_UNSIGNED32, PLACE(code), REQUIRED },
	{ "count", FIELD_UNSIGNED, PLACE(count), REQUIRED },
};
TABLE(status_table, status_rows);
#undef OWNER

#define OWNER struct report_probe
static const struct field_row probe_rows[] = {
	{ "number",          FIELD_UNSIGNED, PLACE(number), REQUIRED },
	{ "at_ns",           FIELD_MOMENT, PLACE(at_ns), REQUIRED },
	{ "outcome",         FIELD_OUTCOME, PLACE(outcome), REQUIRED },
#define PROBE_PHASE(symbol, name, help)                                                            \
	{ name "_ns", FIELD_MOMENT, PLACE(phase_ns[PROBE_##symbol]) },
	PROBE_PHASE_TABLE
#undef PROBE_PHASE
	{ "total_ns",        FIELD_MOMENT, PLACE(total_ns) },
	{ "failed_in",       FIELD_PHASE, PLACE(failed_in), IF(has_failed) },
	{ "failed_after_ns", FIELD_MOMENT, PLACE(failed_after_ns) },
	{ "why",             FIELD_TEXT, PLACE(why) },
	{ "status",          FIELD_UNSIGNED32, PLACE(status) },
	{ "location",        FIELD_TEXT, PLACE(location) },
	{ "body_bytes",      FIELD_UNSIGNED, PLACE(body_bytes) },
	{ "cut",             FIELD_BOOLEAN, PLACE(is_cut) },
	{ "kept",            FIELD_BOOLEAN, PLACE(is_kept) },
	{ "remote",          FIELD_ENDPOINT, PLACE(remote) },
	{ "ttl",             FIELD_UNSIGNED, PLACE(ttl), IF_COUNT(ttl), .is_left_out = true },
	{ "forward_ns",      FIELD_MOMENT, PLACE(forward_ns), IF_COUNT(clock_error_ns),
	  .is_left_out = true },
	{ "backward_ns",     FIELD_MOMENT, PLACE(backward_ns), IF_COUNT(clock_error_ns),
	  .is_left_out = true },
	{ "clock_error_ns",  FIELD_UNSIGNED, PLACE(clock_error_ns), IF_COUNT(clock_error_ns),
	  .is_left_out = true },
};
const struct field_table report_probe_fields = { probe_rows, array_size(probe_rows) };
#undef OWNER

#define OWNER struct report_ping
static const struct field_row ping_rows[] = {
	{ "timeout_ns",          FIELD_UNSIGNED, PLACE(timeout_ns), REQUIRED },
	{ "kept",                FIELD_BOOLEAN, PLACE(is_kept) },
	{ "remote",              FIELD_ENDPOINT, PLACE(remote) },
	{ "addresses",           FIELD_UNSIGNED, PLACE(addresses) },
	{ "protocol",            FIELD_TEXT, PLACE(protocol) },
	{ "tls_version",         FIELD_TEXT, PLACE(tls_version) },
	{ "certificate_until_s", FIELD_MOMENT, PLACE(certificate_until_s) },
	{ "tcp_mss_bytes",       FIELD_UNSIGNED, PLACE(tcp_mss_bytes) },
	{ "tcp_path_mtu_bytes",  FIELD_UNSIGNED, PLACE(tcp_path_mtu_bytes) },
	{ "tcp_rtt_min_ns",      FIELD_UNSIGNED, PLACE(tcp_rtt_min_ns) },
	{ "own_delay_max_ns",    FIELD_UNSIGNED, PLACE(own_delay_max_ns) },
	{ "kernel_stamps",       FIELD_BOOLEAN, PLACE(has_kernel_stamps) },
	{ "peer_counted",        FIELD_UNSIGNED, PLACE(peer_counted) },
	{ "first_answered_ns",   FIELD_MOMENT, PLACE(first_answered_ns) },
	{ "failures_in_a_row",   FIELD_UNSIGNED, PLACE(failures_in_a_row) },
	{ "stopped",             FIELD_BOOLEAN, PLACE(is_stopped) },
	{ "probes",              FIELD_LIST, OBJECT(report_probe_fields),
	  LIST(probes, probe_count, sizeof(struct report_probe), REPORT_PROBES_MAX) },
	{ "probes_omitted",      FIELD_UNSIGNED, PLACE(probes_omitted) },
};
TABLE(ping_table, ping_rows);
#undef OWNER

#define OWNER struct report_stream
#define COUNTER(key, name) { key, FIELD_UNSIGNED, PLACE(totals.name) }
static const struct field_row total_rows[] = {
	COUNTER("connections", connections),
	COUNTER("connecting", connecting),
	COUNTER("silent", silent),
	COUNTER("interrupted", interrupted),
	COUNTER("attempts", attempts),
	COUNTER("connects", connects),
	COUNTER("connect_failures", connect_failures),
	COUNTER("disconnects", disconnects),
	COUNTER("completed", completed),
	COUNTER("messages_sent", sent),
	COUNTER("messages_received", received),
	COUNTER("messages_received_after", received_after),
	COUNTER("lost", lost),
	COUNTER("in_flight", in_flight),
	COUNTER("one_way", one_way),
	COUNTER("late", late),
	COUNTER("overdue", overdue),
	COUNTER("duplicate", duplicate),
	COUNTER("reordered", reordered),
	COUNTER("corrupted", corrupted),
	COUNTER("rejected", rejected),
	COUNTER("mismatched", mismatched),
	COUNTER("forward_lost", forward_lost),
	COUNTER("bytes_sent", bytes_sent),
	COUNTER("bytes_received", bytes_received),
	COUNTER("unasked_bytes", unasked_bytes),
	COUNTER("reads", reads),
	COUNTER("writes", writes),
	COUNTER("told_bytes", told_bytes),
	COUNTER("told", told),
	COUNTER("told_ns", told_ns),
	COUNTER("untold", untold),
	COUNTER("warm_up_bytes", warm_up_bytes),
	COUNTER("retransmitted_segments", retransmitted_segments),
	COUNTER("queue_overflows", queue_overflows),
	COUNTER("datagrams_merged", datagrams_merged),
	COUNTER("merged_sends", merged_sends),
	COUNTER("received_merged", received_merged),
	COUNTER("stamp_refused", stamp_refused),
	COUNTER("stamp_forged", stamp_forged),
	COUNTER("stamp_malformed", stamp_malformed),
	COUNTER("stamp_looped", stamp_looped),
};
static const struct field_row missed_rows[] = {
	COUNTER("no_connection", missed_no_connection),
	COUNTER("peer", missed_peer),
	COUNTER("generator", missed_generator),
};
TABLE(total_table, total_rows);
TABLE(missed_table, missed_rows);
static const struct field_row schedule_rows[] = {
	{ "mode",            FIELD_LOOP, PLACE(schedule.is_open_loop) },
	{ "rate_per_second", FIELD_REAL, PLACE(schedule.rate_per_second) },
	{ "interval_ns",     FIELD_UNSIGNED, PLACE(schedule.interval_ns) },
	{ "changed",         FIELD_UNSIGNED, PLACE(schedule.changed) },
	{ "paused_ns",       FIELD_UNSIGNED, PLACE(schedule.paused_ns) },
	COUNTER("scheduled", scheduled),
	COUNTER("sent", sent),
	COUNTER("debt", debt),
	{ "missed",          FIELD_OBJECT, OBJECT(missed_table) },
	COUNTER("sent_late", sent_late),
	COUNTER("held_up", held_up),
	COUNTER("debt_max_ns", debt_max_ns),
	{ "send_error_p99_ns", FIELD_UNSIGNED, PLACE(latency[LATENCY_SEND_ERROR].p99_ns),
	  IF_COUNT(latency[LATENCY_SEND_ERROR].count) },
};
static const struct field_row latencies_rows[] = {
#define LATENCY(symbol, name, help)                                                                \
	{ name, FIELD_OBJECT, OBJECT(latency_table), PLACE(latency[LATENCY_##symbol]),             \
	  IF(latency[LATENCY_##symbol].is_measured), .is_left_out = true },
	LATENCY_TABLE
#undef LATENCY
};
static const struct field_row survival_rows[] = {
#define SURVIVAL(symbol, name, sentence)                                                           \
	{ name, FIELD_UNSIGNED, PLACE(survival[SURVIVAL_##symbol]) },
	SURVIVAL_TABLE
#undef SURVIVAL
	{ "reconnected",     FIELD_UNSIGNED, PLACE(reconnected) },
	{ "backend_changed", FIELD_UNSIGNED, PLACE(backend_changed) },
	{ "by_backend",      FIELD_NAMED, OBJECT(backend_table),
	  LIST(backends, backend_count, sizeof(struct report_backend), BACKENDS_MAX) },
};
static const struct field_row tcp_rows[] = {
	{ "connections",            FIELD_UNSIGNED, PLACE(tcp.facts.connections), REQUIRED },
	{ "described",              FIELD_UNSIGNED, PLACE(tcp.facts.described) },
	{ "congestion",             FIELD_TEXT, PLACE(tcp.congestion) },
	{ "congestion_others",      FIELD_UNSIGNED, PLACE(tcp.facts.congestion_others) },
	{ "multipath",              FIELD_UNSIGNED, PLACE(tcp.facts.multipath) },
	{ "fast_opened",            FIELD_UNSIGNED, PLACE(tcp.facts.fast_opened) },
	{ "mss_min_bytes",          FIELD_UNSIGNED, PLACE(tcp.facts.mss_min_bytes) },
	{ "mss_max_bytes",          FIELD_UNSIGNED, PLACE(tcp.facts.mss_max_bytes) },
	{ "path_mtu_min_bytes",     FIELD_UNSIGNED, PLACE(tcp.facts.path_mtu_min_bytes) },
	{ "path_mtu_max_bytes",     FIELD_UNSIGNED, PLACE(tcp.facts.path_mtu_max_bytes) },
	{ "send_buffer_bytes",      FIELD_UNSIGNED, PLACE(tcp.facts.send_buffer_max_bytes) },
	{ "send_buffer_asked_bytes", FIELD_UNSIGNED, PLACE(tcp.send_buffer_asked_bytes) },
	{ "receive_buffer_bytes",   FIELD_UNSIGNED, PLACE(tcp.facts.receive_buffer_max_bytes) },
	{ "receive_buffer_asked_bytes", FIELD_UNSIGNED, PLACE(tcp.receive_buffer_asked_bytes) },
	{ "reordering_max_segments", FIELD_UNSIGNED, PLACE(tcp.facts.reordering_max_segments) },
	COUNTER("segments_sent", segments_sent),
	COUNTER("bytes_acked", bytes_acked),
	COUNTER("bytes_queued_at_end", bytes_queued),
	COUNTER("cwnd_bytes", cwnd_bytes),
	COUNTER("cwnd_connections", cwnd_connections),
	COUNTER("looks", tcp_samples),
	COUNTER("looks_full", tcp_samples_full),
	COUNTER("watched_ns", tcp_watched_ns),
	COUNTER("busy_ns", tcp_busy_ns),
	COUNTER("receiver_limited_ns", tcp_receiver_limited_ns),
	COUNTER("buffer_limited_ns", tcp_buffer_limited_ns),
};
TABLE(tcp_table, tcp_rows);
TABLE(schedule_table, schedule_rows);
TABLE(latencies_table, latencies_rows);
TABLE(survival_table, survival_rows);

static const struct field_row receiver_rows[] = {
	{ "known",             FIELD_BOOLEAN, PLACE(receiver.is_known), REQUIRED },
	{ "source",            FIELD_TEXT, PLACE(receiver.source) },
	{ "reason",            FIELD_TEXT, PLACE(receiver.reason) },
	{ "connections",       FIELD_UNSIGNED, PLACE(receiver.connections) },
	{ "connections_known", FIELD_UNSIGNED, PLACE(receiver.connections_known) },
	{ "bytes",             FIELD_UNSIGNED, PLACE(receiver.bytes), IF(receiver.is_known) },
	{ "messages",          FIELD_UNSIGNED, PLACE(receiver.messages), IF_COUNT(receiver.messages) },
	{ "queue_overflows",   FIELD_UNSIGNED, PLACE(receiver.queue_overflows),
	  IF(receiver.is_known) },
	{ "bits_per_second",   FIELD_REAL, PLACE(receiver.bits_per_second),
	  IF_COUNT(receiver.bits_per_second) },
};
TABLE(receiver_table, receiver_rows);

static const struct field_row stream_rows[] = {
	{ "name",          FIELD_TEXT, PLACE(name), REQUIRED },
	{ "kind",          FIELD_TEXT, PLACE(kind), REQUIRED },
	{ "target",        FIELD_TEXT, PLACE(target) },
	{ "transport",     FIELD_TEXT, PLACE(transport), REQUIRED },
	{ "measured",      FIELD_BOOLEAN, PLACE(is_measured), REQUIRED },
	{ "reason",        FIELD_TEXT, PLACE(reason) },
	{ "slots",         FIELD_UNSIGNED, PLACE(slots) },
	{ "message_bytes", FIELD_UNSIGNED, PLACE(message_bytes) },
	{ "totals",        FIELD_OBJECT, OBJECT(total_table), REQUIRED },
	{ "schedule",      FIELD_OBJECT, OBJECT(schedule_table), REQUIRED },
	{ "latency",       FIELD_OBJECT, OBJECT(latencies_table), REQUIRED },
	{ "tcp",           FIELD_OBJECT, OBJECT(tcp_table), IF(tcp.is_measured), .is_left_out = true },
	{ "receiver",      FIELD_OBJECT, OBJECT(receiver_table), IF(receiver.is_asked),
	  .is_left_out = true },
	{ "interruptions", FIELD_OBJECT, OBJECT(intervals_table), PLACE(interruptions) },
	{ "stalls",        FIELD_OBJECT, OBJECT(intervals_table), PLACE(stalls) },
	{ "outages",       FIELD_OBJECT, OBJECT(outages_table), PLACE(outages) },
	{ "datagrams",     FIELD_OBJECT, OBJECT(datagrams_table), PLACE(datagrams),
	  IF(datagrams.is_measured), .is_left_out = true },
	{ "survival",      FIELD_OBJECT, OBJECT(survival_table), IF(has_survival) },
	{ "sample_interval_ns", FIELD_UNSIGNED, PLACE(sample_interval_ns) },
	{ "rate_bytes",    FIELD_UNSIGNED, PLACE(rate_bytes), IF_COUNT(rate_bytes),
	  .is_left_out = true },
	{ "samples",       FIELD_LIST, OBJECT(report_sample_fields),
	  LIST(samples, sample_count, sizeof(struct report_sample), SAMPLES_MAX) },
	{ "ping",          FIELD_OBJECT, OBJECT(ping_table), PLACE(ping), IF(has_ping),
	  .is_left_out = true },
	{ "attempts",      FIELD_LIST, OBJECT(attempt_table),
	  LIST(attempts, attempt_count, sizeof(struct report_attempt), ATTEMPTS_MAX) },
	{ "attempts_omitted", FIELD_UNSIGNED, PLACE(attempts_omitted) },
	{ "errors",        FIELD_LIST, OBJECT(error_table),
	  LIST(errors, error_count, sizeof(struct report_error), ERRORS_MAX) },
	{ "statuses",      FIELD_LIST, OBJECT(status_table),
	  LIST(statuses, status_count, sizeof(struct report_status), STATUSES_MAX) },
};
TABLE(stream_table, stream_rows);
#undef OWNER

#define OWNER struct report_connection
static const struct field_row connection_rows[] = {
	{ "id",           FIELD_UNSIGNED, PLACE(id) },
	{ "slot",         FIELD_UNSIGNED32, PLACE(slot) },
	{ "stream",       FIELD_TEXT, PLACE(stream), REQUIRED },
	{ "local",        FIELD_ENDPOINT, PLACE(local) },
	{ "remote",       FIELD_ENDPOINT, PLACE(remote) },
	{ "backend",      FIELD_TEXT, PLACE(backend) },
	{ "started_ns",   FIELD_MOMENT, PLACE(started_ns), REQUIRED },
	{ "connected_ns", FIELD_MOMENT, PLACE(connected_ns) },
	{ "ended_ns",     FIELD_MOMENT, PLACE(ended_ns) },
	{ "outcome",      FIELD_OUTCOME, PLACE(outcome), REQUIRED },
	{ "sent",         FIELD_UNSIGNED, PLACE(sent) },
	{ "received",     FIELD_UNSIGNED, PLACE(received) },
	{ "lost",         FIELD_UNSIGNED, PLACE(lost) },
	{ "retransmits",  FIELD_UNSIGNED, PLACE(retransmits) },
	{ "rtt_ns",       FIELD_UNSIGNED, PLACE(rtt_ns), IF_COUNT(rtt_ns) },
};
const struct field_table report_connection_fields = { connection_rows, array_size(connection_rows) };
#undef OWNER

#define OWNER struct report_command
static const struct field_row command_rows[] = {
	{ "text",           FIELD_TEXT, PLACE(text), REQUIRED },
	{ "exit_status",    FIELD_UNSIGNED, PLACE(exit_status), IF(has_exit_status) },
	{ "signal",         FIELD_TEXT, PLACE(signal) },
	{ "reason",         FIELD_TEXT, PLACE(reason) },
	{ "ended_ns",       FIELD_MOMENT, PLACE(ended_ns) },
	{ "output",         FIELD_TEXT, PLACE(output) },
	{ "output_omitted", FIELD_UNSIGNED, PLACE(output_omitted) },
};
TABLE(command_table, command_rows);
#undef OWNER

#define OWNER struct report_convergence
static const struct field_row convergence_rows[] = {
	{ "reason",           FIELD_TEXT, PLACE(reason) },
	{ "affected",         FIELD_UNSIGNED, PLACE(affected), IF(is_measured) },
	{ "not_good",         FIELD_UNSIGNED, PLACE(not_good), IF(is_measured) },
	{ "first_good_ns",    FIELD_MOMENT, PLACE(first_good_ns) },
	{ "all_good_ns",      FIELD_MOMENT, PLACE(all_good_ns) },
	{ "throughput_90_ns", FIELD_MOMENT, PLACE(throughput_90_ns) },
	{ "throughput_95_ns", FIELD_MOMENT, PLACE(throughput_95_ns) },
	{ "throughput_99_ns", FIELD_MOMENT, PLACE(throughput_99_ns) },
};
TABLE(convergence_table, convergence_rows);
#undef OWNER

#define OWNER struct report_mark
static const struct field_row mark_rows[] = {
	{ "name",        FIELD_TEXT, PLACE(name), REQUIRED },
	{ "kind",        FIELD_TEXT, PLACE(kind), REQUIRED },
	{ "at_ns",       FIELD_MOMENT, PLACE(at_ns), REQUIRED },
	{ "command",     FIELD_OBJECT, OBJECT(command_table), PLACE(command), IF(has_command) },
	{ "convergence", FIELD_OBJECT, OBJECT(convergence_table), PLACE(convergence), REQUIRED },
};
TABLE(mark_table, mark_rows);
#undef OWNER

#define OWNER struct report_expectation
static const struct field_row expectation_rows[] = {
	{ "text",   FIELD_TEXT, PLACE(text), REQUIRED },
	{ "set",    FIELD_TEXT, PLACE(set) },
	{ "value",  FIELD_REAL, PLACE(value), IF(is_measured) },
	{ "of",     FIELD_REAL, PLACE(whole), IF_COUNT(whole) },
	{ "held",   FIELD_BOOLEAN, PLACE(is_held), REQUIRED },
	{ "reason", FIELD_TEXT, PLACE(reason) },
};
TABLE(expectation_table, expectation_rows);
#undef OWNER

#define OWNER struct report_trial
static const struct field_row trial_rows[] = {
	{ "rate_per_second", FIELD_REAL, PLACE(rate_per_second), REQUIRED },
	{ "length_ns",       FIELD_UNSIGNED, PLACE(length_ns), REQUIRED },
	{ "verdict",         FIELD_TEXT, PLACE(verdict), REQUIRED },
	{ "figures",         FIELD_TEXT, PLACE(figures), REQUIRED },
	{ "reason",          FIELD_TEXT, PLACE(reason) },
	{ "conditions",      FIELD_LIST, OBJECT(expectation_table),
	  LIST(conditions, condition_count, sizeof(struct report_expectation), SETTINGS_MAX) },
};
TABLE(trial_table, trial_rows);
#undef OWNER

#define OWNER struct report_search
static const struct field_row search_rows[] = {
	{ "found",           FIELD_BOOLEAN, PLACE(is_found), REQUIRED },
	{ "rate_per_second", FIELD_REAL, PLACE(rate_per_second), IF(is_found) },
	{ "low_per_second",  FIELD_REAL, PLACE(low), IF_COUNT(low) },
	{ "high_per_second", FIELD_REAL, PLACE(high), IF_COUNT(high) },
	{ "end",             FIELD_TEXT, PLACE(end), REQUIRED },
	{ "limited_by_host", FIELD_TEXT, PLACE(limit) },
	{ "held_trial",      FIELD_UNSIGNED, PLACE(held_trial), IF_COUNT(held_trial) },
	{ "failed_trial",    FIELD_UNSIGNED, PLACE(failed_trial), IF_COUNT(failed_trial) },
	{ "trials_max",      FIELD_UNSIGNED, PLACE(trials_max) },
	{ "length_ns",       FIELD_UNSIGNED, PLACE(length_ns) },
	{ "sending_max_ns",  FIELD_UNSIGNED, PLACE(sending_max_ns) },
	{ "sent_ns",         FIELD_UNSIGNED, PLACE(sent_ns) },
	{ "trials",          FIELD_LIST, OBJECT(trial_table), REQUIRED,
	  LIST(trials, trial_count, sizeof(struct report_trial), TRIALS_MAX) },
};
TABLE(search_table, search_rows);
#undef OWNER

#define OWNER struct report_tls
static const struct field_row tls_rows[] = {
	{ "version",    FIELD_TEXT, PLACE(version) },
	{ "cipher",     FIELD_TEXT, PLACE(cipher) },
	{ "protocol",   FIELD_TEXT, PLACE(protocol) },
	{ "verified",   FIELD_BOOLEAN, PLACE(is_verified), REQUIRED },
	{ "handshakes", FIELD_UNSIGNED, PLACE(handshakes), REQUIRED },
	{ "resumed",    FIELD_UNSIGNED, PLACE(resumed), REQUIRED },
	{ "cut_short",  FIELD_UNSIGNED, PLACE(cut_short), REQUIRED },
	{ "complaint",  FIELD_TEXT, PLACE(complaint) },
};
TABLE(tls_table, tls_rows);
#undef OWNER

#define OWNER struct report_limit
static const struct field_row limit_rows[] = {
	{ "name",  FIELD_TEXT, PLACE(name), REQUIRED },
	{ "count", FIELD_UNSIGNED, PLACE(count), REQUIRED },
};
TABLE(limit_table, limit_rows);
#undef OWNER

#define OWNER struct report_push
static const struct field_row push_rows[] = {
	{ "kind",    FIELD_TEXT, PLACE(kind), REQUIRED },
	{ "to",      FIELD_TEXT, PLACE(to), REQUIRED },
	{ "sent",    FIELD_UNSIGNED, PLACE(sent), REQUIRED },
	{ "dropped", FIELD_UNSIGNED, PLACE(dropped), REQUIRED },
	{ "trouble", FIELD_TEXT, PLACE(trouble) },
};
TABLE(push_table, push_rows);
#undef OWNER

#define OWNER struct report
static const struct field_row tool_rows[] = {
	{ "name",    FIELD_TEXT, PLACE(tool_name) },
	{ "version", FIELD_TEXT, PLACE(tool_version) },
};
static const struct field_row host_rows[] = {
	{ "name",   FIELD_TEXT, PLACE(host_name) },
	{ "kernel", FIELD_TEXT, PLACE(kernel) },
	{ "cpus",   FIELD_UNSIGNED, PLACE(generator.cpus) },
};
#undef OWNER
#define OWNER struct report_process
static const struct field_row process_rows[] = {
	{ "index",       FIELD_UNSIGNED, PLACE(index), REQUIRED },
	{ "pid",         FIELD_UNSIGNED, PLACE(pid) },
	{ "workers",     FIELD_UNSIGNED, PLACE(workers) },
	{ "slots",       FIELD_UNSIGNED, PLACE(slots) },
	{ "lost",        FIELD_TEXT, PLACE(lost) },
	{ "lost_ns",     FIELD_MOMENT, PLACE(lost_ns) },
	{ "connections_lost", FIELD_UNSIGNED, PLACE(connections) },
};
TABLE(process_table, process_rows);
#undef OWNER
#define OWNER struct report
static const struct field_row generator_rows[] = {
	{ "verdict",                 FIELD_TEXT, PLACE(generator.verdict) },
	{ "evidence",                FIELD_TEXT, PLACE(generator.evidence) },
	{ "limited_by",              FIELD_TEXT, PLACE(generator.limited_by) },
	{ "limited_cause",           FIELD_TEXT, PLACE(generator.limited_cause) },
	{ "limited_share",           FIELD_REAL, PLACE(generator.limited_share) },
	{ "cpu_seconds",             FIELD_REAL, PLACE(generator.cpu_seconds) },
	{ "worker_cpu_max",          FIELD_REAL, PLACE(generator.worker_cpu_max) },
	{ "worker_wait_max",         FIELD_REAL, PLACE(generator.worker_wait_max) },
	{ "throttled",               FIELD_REAL, PLACE(generator.throttled) },
	{ "pairs",                   FIELD_UNSIGNED, PLACE(generator.pairs) },
	{ "loop_lag_p99_ns",         FIELD_UNSIGNED, PLACE(generator.loop_lag_p99_ns) },
	{ "loop_lag_max_ns",         FIELD_UNSIGNED, PLACE(generator.loop_lag_max_ns) },
	{ "send_error_p99_ns",       FIELD_UNSIGNED, PLACE(generator.send_error_p99_ns) },
	{ "receive_queue_overflows", FIELD_UNSIGNED, PLACE(generator.receive_queue_overflows) },
	{ "listen_overflows",        FIELD_UNSIGNED, PLACE(generator.listen_overflows) },
	{ "events_dropped",          FIELD_UNSIGNED, PLACE(generator.events_dropped) },
	{ "processes",               FIELD_LIST, OBJECT(process_table), IF(generator.has_processes),
	  LIST(generator.processes, generator.process_count, sizeof(struct report_process),
	       REPORT_PROCESSES_MAX), .is_left_out = true },
};
static const struct field_row served_rows[] = {
	{ "drained",  FIELD_UNSIGNED, PLACE(drained) },
	{ "cut_off",  FIELD_UNSIGNED, PLACE(cut_off) },
	{ "drain_ns", FIELD_UNSIGNED, PLACE(drain_ns) },
	{ "limits",   FIELD_LIST, OBJECT(limit_table),
	  LIST(limits, limit_count, sizeof(struct report_limit), LIMITS_MAX) },
};
TABLE(tool_table, tool_rows);
TABLE(host_table, host_rows);
TABLE(generator_table, generator_rows);
TABLE(served_table, served_rows);

static const struct field_row report_rows[] = {
	{ "schema",      FIELD_CONSTANT, .constant = REPORT_SCHEMA },
	{ "tool",        FIELD_OBJECT, OBJECT(tool_table), REQUIRED },
	{ "command",     FIELD_TEXT, PLACE(command), REQUIRED },
	{ "target",      FIELD_TEXT, PLACE(target), REQUIRED },
	{ "headline",    FIELD_TEXT, PLACE(headline), REQUIRED },
	{ "result",      FIELD_TEXT, PLACE(result), REQUIRED },
	{ "trust",       FIELD_TEXT, PLACE(trust), REQUIRED },
	{ "settings",    FIELD_SETTINGS, PLACE(settings), .count = offsetof(OWNER, setting_count),
	  .list_max = SETTINGS_MAX },
	{ "host",        FIELD_OBJECT, OBJECT(host_table), REQUIRED },
	{ "started",     FIELD_DATE, PLACE(started_unix_ns), REQUIRED },
	{ "duration_ns", FIELD_UNSIGNED, PLACE(duration_ns), REQUIRED },
	{ "planned_duration_ns", FIELD_UNSIGNED, PLACE(planned_duration_ns),
	  IF_COUNT(planned_duration_ns) },
	{ "reply_timeout_ns", FIELD_UNSIGNED, PLACE(reply_timeout_ns) },
	{ "stall_after_ns",   FIELD_UNSIGNED, PLACE(stall_after_ns) },
	{ "interrupted",      FIELD_BOOLEAN, PLACE(is_interrupted), REQUIRED },
	{ "nothing_answered", FIELD_BOOLEAN, PLACE(has_nothing_answered) },
	{ "merged_from", FIELD_UNSIGNED, PLACE(merged_from), IF_COUNT(merged_from),
	  .is_left_out = true },
	{ "overlap_ns",  FIELD_UNSIGNED, PLACE(overlap_ns), IF_COUNT(merged_from),
	  .is_left_out = true },
	{ .key = "figures", .type = FIELD_FIGURES },
	{ "streams",     FIELD_LIST, OBJECT(stream_table), REQUIRED,
	  LIST(streams, stream_count, sizeof(struct report_stream), REPORT_STREAMS_MAX) },
	{ "marks",       FIELD_LIST, OBJECT(mark_table),
	  LIST(marks, mark_count, sizeof(struct report_mark), REPORT_MARKS_MAX) },
	{ "marks_omitted", FIELD_UNSIGNED, PLACE(marks_omitted) },
	{ "tls",         FIELD_OBJECT, OBJECT(tls_table), PLACE(tls), IF(has_tls),
	  .is_left_out = true },
	{ "search",      FIELD_OBJECT, OBJECT(search_table), PLACE(search), IF(has_search),
	  .is_left_out = true },
	{ "path",        FIELD_OBJECT, OBJECT(path_result_fields), PLACE(path), IF(has_path),
	  .is_left_out = true },
	{ "mesh",        FIELD_OBJECT, OBJECT(report_mesh_fields), PLACE(mesh), IF(has_mesh),
	  .is_left_out = true },
	{ "pushes",      FIELD_LIST, OBJECT(push_table),
	  LIST(pushes, push_count, sizeof(struct report_push), REPORT_PUSHES_MAX),
	  .is_inline = true },
	{ "served",      FIELD_OBJECT, OBJECT(served_table) },
	{ "connections", FIELD_LIST, OBJECT(report_connection_fields),
	  LIST(connections, connection_count, sizeof(struct report_connection), CONNECTIONS_MAX) },
	{ "connections_omitted", FIELD_UNSIGNED, PLACE(connections_omitted) },
	{ "generator",   FIELD_OBJECT, OBJECT(generator_table), REQUIRED },
	{ "expectations", FIELD_LIST, OBJECT(expectation_table),
	  LIST(expectations, expectation_count, sizeof(struct report_expectation), SETTINGS_MAX) },
};
const struct field_table report_fields = { report_rows, array_size(report_rows) };
#undef OWNER
/* clang-format on */
