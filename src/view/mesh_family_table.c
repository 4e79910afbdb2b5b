/* The tables of mesh_families.h. */
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "view/mesh_families.h"

#define EACH \
	(1u << MESH_TCP | 1u << MESH_TCP_LONG | 1u << MESH_UDP | 1u << MESH_HTTP | 1u << MESH_GRPC)
#define TCP (1u << MESH_TCP | 1u << MESH_TCP_LONG)
#define UDP (1u << MESH_UDP)

#define FIGURE(member) .offset = offsetof(struct mesh_figures, member)
#define LEVEL(member)  .is_level = true, .offset = offsetof(struct mesh_levels, member)
#define SPREAD(member, sum)                              \
	.offset = offsetof(struct mesh_figures, member), \
	.sum_offset = offsetof(struct mesh_figures, sum)

/* clang-format off */
const struct mesh_family mesh_family_table[] = {
	{ { "conntest_probes_sent", PROMETHEUS_COUNTER, NULL,
	    "probes that were sent: received + lost + in flight" },
	  MESH_SHAPE_PROBE, EACH, FIGURE(probes[0].sent) },
	{ { "conntest_probes_received", PROMETHEUS_COUNTER, NULL,
	    "probes with an answer in time, as expected, each counted once" },
	  MESH_SHAPE_PROBE, EACH, FIGURE(probes[0].received) },
	{ { "conntest_probes_lost", PROMETHEUS_COUNTER, NULL,
	    "probes without one; decided once, when the probe fails or its time is out" },
	  MESH_SHAPE_PROBE, EACH, FIGURE(probes[0].lost) },
	{ { "conntest_probes_in_flight", PROMETHEUS_GAUGE, NULL,
	    "probes that are not decided yet" },
	  MESH_SHAPE_PROBE, EACH, LEVEL(in_flight[0]) },
	{ { "conntest_probes_late", PROMETHEUS_COUNTER, NULL,
	    "answers after the time was out; their probes stay lost" },
	  MESH_SHAPE_PROBE, EACH, FIGURE(probes[0].late) },
	{ { "conntest_probes_skipped", PROMETHEUS_COUNTER, NULL,
	    "probes that were due and not sent: a cap, or the one before is still under way" },
	  MESH_SHAPE_PROBE, EACH, .is_of_group = true, FIGURE(probes[0].skipped) },
	{ { "conntest_probe_failures", PROMETHEUS_COUNTER, NULL,
	    "lost probes by reason" },
	  MESH_SHAPE_REASON, EACH, FIGURE(probes[0].failures[0]) },
	{ { "conntest_probe_reordered", PROMETHEUS_COUNTER, NULL,
	    "answers whose sequence number was below the highest seen" },
	  MESH_SHAPE_PROBE, UDP, FIGURE(probes[0].reordered) },
	{ { "conntest_probe_duplicated", PROMETHEUS_COUNTER, NULL,
	    "answers that had been seen before" },
	  MESH_SHAPE_PROBE, UDP, FIGURE(probes[0].duplicated) },
	{ { "conntest_probe_corrupted", PROMETHEUS_COUNTER, NULL,
	    "answers that were not what was sent; their probes are lost" },
	  MESH_SHAPE_PROBE, EACH, .is_of_group = true, FIGURE(probes[0].corrupted) },
	{ { "conntest_probe_rtt_seconds", PROMETHEUS_HISTOGRAM, "seconds",
	    "question to answer, without connecting; of received probes alone" },
	  MESH_SHAPE_PROBE, EACH, SPREAD(probes[0].rtt[0], rtt_sum_ns[0]) },
	{ { "conntest_probe_interarrival_jitter_seconds", PROMETHEUS_HISTOGRAM, "seconds",
	    "difference of the transit times of two datagrams that follow one another" },
	  MESH_SHAPE_WHOLE, UDP, .is_of_group = true, SPREAD(jitter[0], jitter_sum_ns) },
	{ { "conntest_udp_datagrams_lost", PROMETHEUS_COUNTER, NULL,
	    "lost datagrams by direction, where the receiver counts" },
	  MESH_SHAPE_WAY, UDP, FIGURE(lost_there) },
	{ { "conntest_tcp_smoothed_rtt_seconds", PROMETHEUS_HISTOGRAM, "seconds",
	    "round trip as the kernel has it (tcpi_rtt), read when the echo was back" },
	  MESH_SHAPE_WHOLE, TCP, .is_of_group = true, SPREAD(smoothed[0], smoothed_sum_ns) },
	{ { "conntest_tcp_rtt_mean_deviation_seconds", PROMETHEUS_GAUGE, "seconds",
	    "tcpi_rttvar of the newest connection; of a group the largest" },
	  MESH_SHAPE_WHOLE, TCP, LEVEL(deviation_ns) },
	{ { "conntest_tcp_retransmitted_segments", PROMETHEUS_COUNTER, NULL,
	    "segments sent again, all connections together" },
	  MESH_SHAPE_WHOLE, TCP, FIGURE(retransmitted) },
	{ { "conntest_tcp_sent_segments", PROMETHEUS_COUNTER, NULL,
	    "segments sent, all connections together" },
	  MESH_SHAPE_WHOLE, TCP, FIGURE(segments) },
	{ { "conntest_tcp_timeouts", PROMETHEUS_COUNTER, NULL,
	    "retransmission time-outs in which connections ended" },
	  MESH_SHAPE_WHOLE, TCP, FIGURE(timeouts) },
	{ { "conntest_tcp_send_mss_bytes", PROMETHEUS_GAUGE, "bytes",
	    "of the newest connection; of a group the smallest" },
	  MESH_SHAPE_WHOLE, TCP, LEVEL(send_mss_bytes) },
	{ { "conntest_tcp_receive_mss_bytes", PROMETHEUS_GAUGE, "bytes",
	    "of the newest connection; of a group the smallest" },
	  MESH_SHAPE_WHOLE, TCP, LEVEL(receive_mss_bytes) },
	{ { "conntest_tcp_kernel_path_mtu_bytes", PROMETHEUS_GAUGE, "bytes",
	    "what the kernel believes, which no black hole shows in; of a group the smallest" },
	  MESH_SHAPE_WHOLE, TCP, LEVEL(kernel_mtu_bytes) },
	{ { "conntest_path_mtu_bytes", PROMETHEUS_GAUGE, "bytes",
	    "the largest packet that was acknowledged, by direction; of a group the smallest" },
	  MESH_SHAPE_WAY, EACH, .is_of_mtu = true, LEVEL(mtu_bytes[0]) },
	{ { "conntest_path_mtu_blackhole", PROMETHEUS_GAUGE, NULL,
	    "1: large packets vanish without a word while small ones pass; of a group how many" },
	  MESH_SHAPE_WAY, EACH, .is_of_mtu = true, LEVEL(holes[0]) },
	{ { "conntest_path_mtu_probes", PROMETHEUS_COUNTER, NULL,
	    "packets that looked for the size that passes" },
	  MESH_SHAPE_WHOLE, EACH, .is_of_mtu = true, FIGURE(mtu_probes) },
	{ { "conntest_path_mtu_ptb_received", PROMETHEUS_COUNTER, NULL,
	    "ICMP messages that said: packet too big" },
	  MESH_SHAPE_WHOLE, EACH, .is_of_mtu = true, FIGURE(mtu_signals) },
};
const size_t mesh_family_count = array_size(mesh_family_table);

/* Their own seconds were 1000 times too few, and TCP_INFO was read before anything was sent. */
const struct mesh_family mesh_legacy_table[] = {
	{ { "conntest_tcp_round_trip_time_seconds_gauge", PROMETHEUS_GAUGE, "seconds",
	    "legacy: tcpi_rtt of the newest connection, in seconds (the older one's was 1000 times too small)" },
	  MESH_SHAPE_WHOLE, TCP, LEVEL(rtt_ns) },
	{ { "conntest_tcp_round_trip_time_seconds_hist", PROMETHEUS_HISTOGRAM, "seconds",
	    "legacy: conntest_tcp_smoothed_rtt_seconds of the pair, with its buckets" },
	  MESH_SHAPE_WHOLE, TCP, SPREAD(smoothed[0], smoothed_sum_ns) },
	{ { "conntest_tcp_round_trip_time_variance_gauge", PROMETHEUS_GAUGE, NULL,
	    "legacy: tcpi_rttvar of the newest connection, in microseconds: a mean deviation" },
	  MESH_SHAPE_WHOLE, TCP, LEVEL(deviation_us) },
	{ { "conntest_tcp_pmtu_gauge", PROMETHEUS_GAUGE, NULL,
	    "legacy: conntest_tcp_kernel_path_mtu_bytes" },
	  MESH_SHAPE_WHOLE, TCP, LEVEL(kernel_mtu_bytes) },
	{ { "conntest_tcp_send_message_gauge", PROMETHEUS_GAUGE, NULL,
	    "legacy: conntest_tcp_send_mss_bytes" },
	  MESH_SHAPE_WHOLE, TCP, LEVEL(send_mss_bytes) },
	{ { "conntest_tcp_receive_message_gauge", PROMETHEUS_GAUGE, NULL,
	    "legacy: conntest_tcp_receive_mss_bytes" },
	  MESH_SHAPE_WHOLE, TCP, LEVEL(receive_mss_bytes) },
	{ { "conntest_tcp_retransmits_counter", PROMETHEUS_BARE_COUNTER, NULL,
	    "legacy: conntest_tcp_timeouts_total" },
	  MESH_SHAPE_WHOLE, TCP, FIGURE(timeouts) },
	{ { "conntest_tcp_retrans_counter", PROMETHEUS_BARE_COUNTER, NULL,
	    "legacy: conntest_tcp_retransmitted_segments_total" },
	  MESH_SHAPE_WHOLE, TCP, FIGURE(retransmitted) },
	{ { "conntest_tcp_total_retrans_gauge", PROMETHEUS_GAUGE, NULL,
	    "legacy: the same, of all connections (the older one's was of the newest)" },
	  MESH_SHAPE_WHOLE, TCP, FIGURE(retransmitted) },
	{ { "conntest_tcp_lost_packets_counter", PROMETHEUS_BARE_COUNTER, NULL,
	    "legacy: lost probes over tcp (the older one's was an estimate before anything was sent)" },
	  MESH_SHAPE_WHOLE, TCP, FIGURE(lost_tcp) },
};
const size_t mesh_legacy_count = array_size(mesh_legacy_table);

const struct prometheus_family mesh_own[] = {
	[MESH_OWN_BUILD] = { "conntest_build", PROMETHEUS_INFO, NULL, "the version of this conntest" },
	[MESH_OWN_NODE] = { "conntest_node", PROMETHEUS_INFO, NULL, "this node and its location" },
	[MESH_OWN_PEERS] = { "conntest_peers", PROMETHEUS_GAUGE, NULL,
		"peers that this node knows of, by life" },
	[MESH_OWN_PEER] = { "conntest_peer", PROMETHEUS_INFO, NULL,
		"peers that this node probes, or still has figures of" },
	[MESH_OWN_PAIRS] = { "conntest_pairs", PROMETHEUS_GAUGE, NULL,
		"pairs of this node and a peer, by the verdict on them" },
	[MESH_OWN_OMITTED] = { "conntest_pairs_omitted", PROMETHEUS_GAUGE, NULL,
		"pairs that were to be told on their own, and had no room here" },
	[MESH_OWN_PAIR_VERDICT] = { "conntest_pair_verdict", PROMETHEUS_GAUGE, NULL,
		"1 for each pair with something wrong" },
	[MESH_OWN_FINDINGS] = { "conntest_findings", PROMETHEUS_GAUGE, NULL,
		"1 for each thing that bad pairs have in common" },
	[MESH_OWN_SOURCE_PEERS] = { "conntest_discovery_peers", PROMETHEUS_GAUGE, NULL,
		"peers that a source lists" },
	[MESH_OWN_SOURCE_UPDATES] = { "conntest_discovery_updates", PROMETHEUS_COUNTER, NULL,
		"answers of a source" },
	[MESH_OWN_SOURCE_FAILURES] = { "conntest_discovery_failures", PROMETHEUS_COUNTER, NULL,
		"failures of a source; the list of before was kept" },
	[MESH_OWN_SOURCE_SUCCESS] = { "conntest_discovery_last_success_timestamp_seconds",
		PROMETHEUS_GAUGE, "seconds", "when a source answered last, in Unix time" },
	[MESH_OWN_PHASES] = { "conntest_probe_phase_seconds", PROMETHEUS_HISTOGRAM, "seconds",
		"parts of a probe that do not overlap, of all peers" },
	[MESH_OWN_DELAY] = { "conntest_agent_schedule_delay_seconds", PROMETHEUS_HISTOGRAM, "seconds",
		"how late probes were started" },
	[MESH_OWN_SKIPPED] = { "conntest_agent_probes_skipped", PROMETHEUS_COUNTER, NULL,
		"probes not sent: by a cap on packets or bytes, or held up beyond their turn" },
	[MESH_OWN_OLD_HANDLED] = { "conntest_connections_handled", PROMETHEUS_COUNTER, NULL,
		"legacy: conntest_server_messages_total" },
	[MESH_OWN_OLD_DISCOVERIES] = { "conntest_failed_SRV_discoveries_counter",
		PROMETHEUS_BARE_COUNTER, NULL, "legacy: conntest_discovery_failures_total of srv" },
};
/* clang-format on */

/* ---- what one number of the state tells */

#define READ(name, expression)                                         \
	static uint64_t name(const struct mesh_state *state)           \
	{                                                              \
		const struct mesh_node *node = &state->snapshot->node; \
		(void)node;                                            \
		return (uint64_t)(expression);                         \
	}

READ(read_chosen, state->peers->chosen)
READ(read_refused, state->peers->refused)
READ(read_window, node->window)
READ(read_leaving, node->is_leaving)
READ(read_events, mesh_events_newest(state->events))
READ(read_throttled, node->throttled_ns)
READ(read_waited, node->cpu_waited_ns)
READ(read_packets, node->packets_sent)
READ(read_bytes, node->bytes_sent)
READ(read_unstamped, node->stamps_missing)
READ(read_age, state->now_ns > node->now_ns ? state->now_ns - node->now_ns : 0)
READ(read_connections, node->served_connections)
READ(read_messages, node->served_messages)
READ(read_limited, node->served_limited)
READ(read_requests, state->requests)
READ(read_dropped, node->events_dropped)
READ(read_cpu, state->cpu_ns)
READ(read_resident, state->resident_bytes)
READ(read_start, node->started_unix_ns)

/* clang-format off */
const struct mesh_node_family mesh_node_table[] = {
	{ { "conntest_peers_chosen", PROMETHEUS_GAUGE, NULL, "peers that it probes" }, read_chosen },
	{ { "conntest_peers_refused", PROMETHEUS_GAUGE, NULL,
	    "peers beyond --max-peers, or of a source that may not name them" }, read_refused },
	{ { "conntest_windows", PROMETHEUS_COUNTER, NULL, "windows of verdicts that have begun" }, read_window },
	{ { "conntest_events", PROMETHEUS_COUNTER, NULL, "events that were told" }, read_events },
	{ { "conntest_node_leaving", PROMETHEUS_GAUGE, NULL, "1: this node says that it leaves" }, read_leaving },
	{ { "conntest_agent_throttled_seconds", PROMETHEUS_COUNTER, "seconds",
	    "held back by the quota of its control group" }, read_throttled },
	{ { "conntest_agent_cpu_wait_seconds", PROMETHEUS_COUNTER, "seconds",
	    "ready to probe, but without a cpu" }, read_waited },
	{ { "conntest_agent_sent_packets", PROMETHEUS_COUNTER, NULL,
	    "packets of probes, as far as they are counted" }, read_packets },
	{ { "conntest_agent_sent_bytes", PROMETHEUS_COUNTER, "bytes", "bytes of these" }, read_bytes },
	{ { "conntest_agent_stamps_missing", PROMETHEUS_COUNTER, NULL,
	    "answers whose arrival the kernel did not stamp" }, read_unstamped },
	{ { "conntest_agent_snapshot_age_seconds", PROMETHEUS_GAUGE, "seconds",
	    "how old the figures of probes are here" }, read_age },
	{ { "conntest_server_connections", PROMETHEUS_COUNTER, NULL, "connections that were served" }, read_connections },
	{ { "conntest_server_messages", PROMETHEUS_COUNTER, NULL, "messages that were answered" }, read_messages },
	{ { "conntest_server_limited", PROMETHEUS_COUNTER, NULL, "turned away, for a limit" }, read_limited },
	{ { "conntest_server_http_requests", PROMETHEUS_COUNTER, NULL,
	    "requests that the pages of this node answered" }, read_requests },
	{ { "conntest_events_dropped", PROMETHEUS_COUNTER, NULL,
	    "events that came faster than they could be told" }, read_dropped },
	{ { "process_cpu_seconds", PROMETHEUS_COUNTER, "seconds",
	    "cpu time of this process, user and system" }, read_cpu },
	{ { "process_resident_memory_bytes", PROMETHEUS_GAUGE, "bytes", "memory of this process" }, read_resident },
	{ { "process_start_time_seconds", PROMETHEUS_GAUGE, "seconds",
	    "when this node began, in Unix time" }, read_start },
};
/* clang-format on */
const size_t mesh_node_count = array_size(mesh_node_table);

/* ---- what follows from the tables */

struct prometheus_family mesh_family_of_pairs(const struct mesh_family *family)
{
	struct prometheus_family of_pairs = family->family;

	(void)snprintf(of_pairs.name, sizeof(of_pairs.name), "conntest_pair_%s",
		       family->family.name + strlen("conntest_"));
	return of_pairs;
}

bool mesh_family_is_told(const struct mesh_family *family, const struct mesh_settings *settings)
{
	return family->is_of_mtu ? settings->has_mtu : (family->probes & settings->probes) != 0;
}

bool mesh_phase_is_expected(const struct mesh_settings *settings, enum mesh_probe probe,
			    enum probe_phase phase)
{
	bool is_look = probe == MESH_HTTP || probe == MESH_GRPC;

	if (!is_look || (settings->probes & 1u << probe) == 0)
		return false;
	return phase == PROBE_TLS ? settings->http_is_tls : phase != PROBE_RESOLVE;
}

uint64_t mesh_family_samples(const struct mesh_family *family, unsigned probes, bool is_pair)
{
	uint64_t each = family->family.type == PROMETHEUS_HISTOGRAM ? MESH_SPREAD_BUCKETS + 2 : 1;
	uint64_t of_probes = (uint64_t)__builtin_popcount(family->probes & probes);

	switch (family->shape) {
	case MESH_SHAPE_PROBE:
		return each * of_probes;
	case MESH_SHAPE_REASON:
		return is_pair ? 0 : MESH_REASONS * of_probes;
	case MESH_SHAPE_WAY:
		return MESH_WAYS;
	default:
		return each;
	}
}
