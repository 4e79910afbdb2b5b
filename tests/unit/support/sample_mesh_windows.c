/* What a window of the sample counts. */
#include "base/units.h"
#include "proto/grpc.h"
#include "support/sample_mesh_parts.h"

#define PORTS 6

/* Five of the six ports, seven of sixty; there are ten rounds. */
static const uint8_t lost_in_round[PORTS] = { 0, 1, 1, 1, 2, 2 };

struct moment {
	struct sample_mesh *sample;
	struct mesh_pair *pair;
	enum mesh_verdict between;
	uint64_t rtt_ns;
	uint32_t window;
};

/* Round trips differ a little from one another, the same way each time. */
static uint64_t spread_of(const struct moment *moment, uint32_t number)
{
	uint32_t mixed = (moment->window * 31 + number * 17) % 23;
	return moment->rtt_ns * (90 + mixed) / 100;
}

static void send_one(const struct moment *moment, enum mesh_probe probe)
{
	struct mesh_node *node = &moment->sample->snapshot->node;

	mesh_series_sent(&moment->pair->probes[probe]);
	mesh_spread_add(&node->delay, node->closed.delay_p99_ns / 3);
	node->packets_sent++;
	node->bytes_sent += probe == MESH_TCP_LONG ? 10000 : 96;
}

static void receive_one(const struct moment *moment, enum mesh_probe probe, uint32_t number)
{
	uint64_t rtt_ns = spread_of(moment, number);

	mesh_series_received(&moment->pair->probes[probe], &moment->pair->window.probes[probe],
			     rtt_ns);
	moment->pair->answered_ns = moment->sample->snapshot->node.now_ns;
}

static void lose_one(const struct moment *moment, enum mesh_probe probe, enum mesh_reason reason)
{
	mesh_series_lost(&moment->pair->probes[probe], &moment->pair->window.probes[probe], reason);
}

/* True: it failed, by what is wrong between the two. */
static bool fails(const struct moment *moment, enum mesh_probe probe)
{
	enum mesh_reason reason = MESH_REASON_TIMEOUT;

	switch (moment->between) {
	case MESH_VERDICT_SILENT:
		break;
	case MESH_VERDICT_REFUSED:
	case MESH_VERDICT_LEAVING:
		reason = MESH_REASON_REFUSED;
		break;
	case MESH_VERDICT_BLACK_HOLE:
		if (probe != MESH_TCP_LONG)
			return false;
		break;
	default:
		return false;
	}
	lose_one(moment, probe, reason);
	return true;
}

static void count_udp(const struct moment *moment, uint32_t number)
{
	struct mesh_pair *pair = moment->pair;
	uint32_t port = number % PORTS, round = number / PORTS;

	send_one(moment, MESH_UDP);
	pair->udp.sent[port]++;
	pair->window.ports_used |= (uint16_t)(1u << port);
	bool is_lost = moment->between == MESH_VERDICT_LOSS && round < lost_in_round[port];
	if (!is_lost && !fails(moment, MESH_UDP)) {
		receive_one(moment, MESH_UDP, number);
		mesh_spread_add(&pair->udp.jitter, moment->rtt_ns / 10);
		return;
	}
	if (is_lost) {
		lose_one(moment, MESH_UDP, MESH_REASON_TIMEOUT);
		*(round ? &pair->window.lost_back : &pair->window.lost_there) += 1;
		*(round ? &pair->udp.lost_back : &pair->udp.lost_there) += 1;
	}
	pair->udp.lost[port]++;
	pair->window.ports_lost |= (uint16_t)(1u << port);
}

/* What the kernel says of a connection; one that was refused never came up. */
static void count_connection(const struct moment *moment, uint32_t number, uint32_t segments)
{
	struct mesh_pair *pair = moment->pair;
	struct mesh_tcp *tcp = &pair->tcp;
	uint64_t connect_ns = spread_of(moment, number + 3);

	tcp->sent += segments;
	tcp->connects++;
	tcp->connect_sum_ns += connect_ns;
	pair->window.connects++;
	pair->window.connect_sum_ns += connect_ns;
	if (pair->window.connect_min_ns == 0 || connect_ns < pair->window.connect_min_ns)
		pair->window.connect_min_ns = connect_ns;
	tcp->rtt_ns = connect_ns;
	tcp->deviation_ns = connect_ns / 8;
	mesh_spread_add(&tcp->rtt, connect_ns);
	tcp->send_mss_bytes = tcp->receive_mss_bytes = 1448;
	tcp->path_mtu_bytes = 1500;
}

static void retransmit(const struct moment *moment, uint32_t segments, uint32_t timeouts)
{
	moment->pair->tcp.retransmitted += segments;
	moment->pair->tcp.timeouts += timeouts;
	moment->pair->window.retransmitted += segments;
}

static void count_tcp(const struct moment *moment, enum mesh_probe probe, uint32_t number)
{
	bool is_long = probe == MESH_TCP_LONG;
	bool is_up = moment->between != MESH_VERDICT_SILENT &&
		     moment->between != MESH_VERDICT_REFUSED &&
		     moment->between != MESH_VERDICT_LEAVING;

	send_one(moment, probe);
	if (is_up)
		count_connection(moment, number, is_long ? 12 : 5);
	if (is_long && moment->between == MESH_VERDICT_LOSS)
		retransmit(moment, 1, 0);
	if (is_long && moment->between == MESH_VERDICT_BLACK_HOLE)
		retransmit(moment, 6, 3);
	if (!fails(moment, probe))
		receive_one(moment, probe, number);
}

static void count_phase(const struct moment *moment, enum mesh_probe probe, enum probe_phase phase,
			uint64_t ns)
{
	mesh_spread_add(&moment->sample->snapshot->node.phases[probe][phase], ns);
	if (probe != MESH_HTTP)
		return;
	moment->pair->phase_sum_ns[phase] += ns;
	moment->pair->phase_count[phase]++;
}

static void count_look(const struct moment *moment, enum mesh_probe probe, uint32_t number)
{
	send_one(moment, probe);
	if (fails(moment, probe))
		return;
	receive_one(moment, probe, number);
	count_phase(moment, probe, PROBE_CONNECT, moment->rtt_ns);
	count_phase(moment, probe, PROBE_SEND, 8000);
	count_phase(moment, probe, PROBE_WAIT, moment->rtt_ns + 120000);
	count_phase(moment, probe, PROBE_TRANSFER, 15000);
	if (probe == MESH_HTTP)
		moment->pair->http_status = 200;
	else
		moment->pair->grpc_health = GRPC_HEALTH_SERVING;
}

static void look_at_size(const struct moment *moment)
{
	struct mesh_mtu *mtu = &moment->pair->mtu;
	bool is_hole = moment->between == MESH_VERDICT_BLACK_HOLE;
	bool is_reduced = moment->between == MESH_VERDICT_MTU_REDUCED;
	bool is_dead = moment->between == MESH_VERDICT_SILENT;
	struct mesh_mtu_direction *forward = &mtu->forward;

	mtu->looks++;
	mtu->probes += 12;
	mtu->interface_bytes = 1500;
	mtu->looked_ns = moment->sample->snapshot->node.now_ns;
	*forward = (struct mesh_mtu_direction){ .verdict = PATH_OK,
						.mtu_bytes = 1500,
						.full_bytes = 1500,
						.large_sent = 3,
						.small_sent = 3 };
	mtu->reverse = *forward;
	if (is_hole || is_reduced) {
		forward->verdict = is_hole ? PATH_BLACK_HOLE : PATH_REDUCED;
		forward->is_signalled = is_reduced;
		forward->mtu_bytes = is_hole ? 1400 : 1450;
		forward->failed_bytes = forward->mtu_bytes + 1;
		forward->large_lost = 3;
	}
	if (is_reduced) {
		mtu->signals++;
		(void)endpoint_parse("10.20.0.254", 0, &forward->signal_from);
	}
	if (is_dead) {
		*forward = (struct mesh_mtu_direction){ .verdict = PATH_UNDECIDED,
							.full_bytes = 1500,
							.large_sent = 3,
							.large_lost = 3,
							.small_sent = 3,
							.small_lost = 3 };
		mtu->reverse = (struct mesh_mtu_direction){ .verdict = PATH_VERDICTS };
	}
}

static void count_pair(const struct moment *moment, bool is_page)
{
	moment->pair->is_leaving = moment->between == MESH_VERDICT_LEAVING;
	moment->pair->window.is_leaving = moment->pair->is_leaving;
	moment->pair->window.is_probed = true;
	for (uint32_t i = 0; i < 4; i++)
		count_look(moment, MESH_HTTP, i);
	if (is_page)
		return;
	for (uint32_t i = 0; i < 60; i++)
		count_udp(moment, i);
	for (uint32_t i = 0; i < 4; i++) {
		count_tcp(moment, MESH_TCP, i);
		count_tcp(moment, MESH_TCP_LONG, i);
		count_look(moment, MESH_GRPC, i);
	}
	look_at_size(moment);
}

static struct moment moment_of(struct sample_mesh *sample, uint32_t place, uint32_t window)
{
	uint32_t number = sample->numbers[place];
	struct moment moment = {
		.sample = sample,
		.pair = &sample->snapshot->pairs[place],
		.between = sample_mesh_between(sample, SAMPLE_MESH_SELF, number, window),
		.rtt_ns = sample_mesh_rtt_ns(sample, SAMPLE_MESH_SELF, number),
		.window = window,
	};
	if (moment.between == MESH_VERDICT_SLOW)
		moment.rtt_ns *= 40;
	if (moment.between == MESH_VERDICT_AGENT)
		moment.rtt_ns += 45 * NS_PER_MS;
	return moment;
}

static void count_node(struct sample_mesh *sample, uint32_t window)
{
	struct mesh_node *node = &sample->snapshot->node;
	bool is_starved =
		sample->setup.trouble == SAMPLE_MESH_STARVED && window + 4 > sample->setup.windows;

	node->window = window + 1;
	node->window_began_ns = node->started_ns + window * sample->settings.window_ns;
	node->now_ns = node->window_began_ns;
	node->closed = (struct mesh_own_window){
		.number = window,
		.began_ns = node->window_began_ns - sample->settings.window_ns,
		.length_ns = sample->settings.window_ns,
		.probes = 76 * (uint64_t)sample->snapshot->places,
		.late = is_starved ? 50 * (uint64_t)sample->snapshot->places : 0,
		.delay_p99_ns = is_starved ? 92 * NS_PER_MS : 90 * NS_PER_US,
		.delay_max_ns = is_starved ? 97 * NS_PER_MS : 210 * NS_PER_US,
		.throttled_ns = is_starved ? 24 * NS_PER_S : 0,
		.cpu_waited_ns = is_starved ? 2 * NS_PER_S : 3 * NS_PER_MS,
	};
	node->throttled_ns += node->closed.throttled_ns;
	node->cpu_waited_ns += node->closed.cpu_waited_ns;
}

void sample_mesh_count(struct sample_mesh *sample, uint32_t window)
{
	count_node(sample, window);
	for (uint32_t i = 0; i < sample->snapshot->places; i++) {
		struct moment moment = moment_of(sample, i, window);
		count_pair(&moment, sample_mesh_is_page(sample, sample->numbers[i]));
		mesh_pair_turn(moment.pair, window + 1);
	}
}

void sample_mesh_count_running(struct sample_mesh *sample)
{
	sample->snapshot->node.now_ns += 12 * NS_PER_S;
	for (uint32_t i = 0; i < sample->snapshot->places; i++) {
		struct moment moment = moment_of(sample, i, sample->setup.windows);
		if (sample_mesh_is_page(sample, sample->numbers[i]))
			continue;
		count_udp(&moment, 5);
		send_one(&moment, MESH_UDP);
		moment.pair->udp.sent[0]++;
	}
}
