#include "metric/mesh_judge_sight.h"

#include <math.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/units.h"

#define REASON(symbol) (1u << MESH_REASON_##symbol)
/* Nothing came. */
#define MISSING \
	(REASON(TIMEOUT) | REASON(NO_ROUTE) | REASON(RESOLVE_ERROR) | REASON(MESSAGE_TOO_LONG))
/* Something spoke, and not as it should. */
#define TALKED                                                                             \
	(REASON(RESET) | REASON(TLS_ERROR) | REASON(PROTOCOL_ERROR) | REASON(BAD_STATUS) | \
	 REASON(SHORT_REPLY) | REASON(CORRUPTED))

#define FEW        2  /* so many of a kind make a statement: one may be chance */
#define UDP_ENOUGH 20 /* datagrams that tell loss better than TCP does */
/* Segments sent again where no datagram was lost: the kernel also does so when an ACK is only late
 * (a tail loss probe after two round trips), so it takes more of them. */
#define RETRANSMITS_ALONE 6
#define CHANCE            1e-3 /* of a loss that is none, a pair and window */
#define SLOW_TIMES        3
#define SLOW_LEAST_NS     (5 * NS_PER_MS)
/* Against others, or against its own kernel, where nothing usual is known: more, for they differ.
 */
#define APART_TIMES    10
#define APART_LEAST_NS (20 * NS_PER_MS)

double mesh_chance_of(uint32_t least, double expected)
{
	double one = exp(-expected), below = 0;

	for (uint32_t i = 0; i < least; i++) {
		below += one;
		one *= expected / (i + 1);
	}
	return below < 1 ? 1 - below : 0;
}

static uint32_t decided(const struct mesh_window_series *series)
{
	return series->received + series->lost;
}

/* What vanished; a refusal is no loss of packets. */
static uint32_t missing(const struct mesh_window_series *series)
{
	return series->reasons & MISSING ? series->lost : 0;
}

static bool is_mtu(const struct mesh_mtu_direction *direction, enum path_verdict verdict)
{
	return direction->verdict == verdict;
}

static uint32_t count_lost(const struct mesh_pair *pair, const struct mesh_sight *sight)
{
	const struct mesh_window *window = &pair->closed;
	uint32_t again = window->retransmitted, lost = sight->udp_lost + sight->tcp_lost;
	bool has_udp = sight->udp_decided >= UDP_ENOUGH;

	/* ICMP "too large" makes TCP send again, once. */
	if (is_mtu(&pair->mtu.forward, PATH_REDUCED) || is_mtu(&pair->mtu.reverse, PATH_REDUCED))
		return lost;
	if (lost == 0 && has_udp && (again < RETRANSMITS_ALONE || again < window->connects))
		return 0;
	/* A lost segment is often sent twice: as a probe, and again. */
	return lost + (again + 1) / 2;
}

void mesh_sight_measure(const struct mesh_pair *pair, struct mesh_sight *ret)
{
	const struct mesh_window *window = &pair->closed;
	const struct mesh_window_series *probes = window->probes;
	struct mesh_sight sight = { .verdict = MESH_VERDICT_UNKNOWN };

	for (unsigned i = 0; i < MESH_PROBES; i++) {
		sight.decided += decided(&probes[i]);
		sight.received += probes[i].received;
		sight.reasons |= probes[i].reasons;
	}
	sight.udp_decided = decided(&probes[MESH_UDP]);
	sight.udp_lost = missing(&probes[MESH_UDP]);
	sight.tcp_decided = decided(&probes[MESH_TCP]) + decided(&probes[MESH_TCP_LONG]);
	sight.tcp_lost = missing(&probes[MESH_TCP]) + missing(&probes[MESH_TCP_LONG]);
	sight.lost = count_lost(pair, &sight);
	if (probes[MESH_UDP].received >= 5)
		sight.rtt_ns = mesh_window_median(&probes[MESH_UDP]);
	else if (probes[MESH_TCP].received >= FEW)
		sight.rtt_ns = mesh_window_median(&probes[MESH_TCP]);
	if (window->connects > 0)
		sight.connect_ns = window->connect_min_ns;
	sight.was_never_there = pair->answered_ns == 0;
	*ret = sight;
}

/* ---- rules: each says whether it holds, and whose fault it is by this window alone */

static bool name(struct mesh_sight *sight, enum mesh_verdict verdict, enum mesh_blame blame)
{
	sight->verdict = (uint8_t)verdict;
	sight->blame = (uint8_t)blame;
	return true;
}

static bool expects_silence(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	const struct mesh_pair *pair = look->pair;

	if (!look->is_expected && !pair->is_leaving && !pair->closed.is_leaving)
		return false;
	return name(sight, MESH_VERDICT_LEAVING, MESH_BLAME_NONE);
}

static bool has_nothing(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	(void)look;
	if (sight->decided > 0)
		return false;
	return name(sight, MESH_VERDICT_UNKNOWN, MESH_BLAME_NONE);
}

static bool is_held_up_here(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	(void)look;
	if (sight->reasons != REASON(ABORTED))
		return false;
	return name(sight, MESH_VERDICT_AGENT, MESH_BLAME_AGENT);
}

static bool hears_nothing(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	if (sight->received > 0)
		return false;
	if (sight->decided < FEW && look->settings->windows_needed > 1)
		return name(sight, MESH_VERDICT_UNKNOWN, MESH_BLAME_NONE);
	if (sight->reasons & REASON(REFUSED))
		return name(sight, MESH_VERDICT_REFUSED, MESH_BLAME_SERVICE);
	if (sight->reasons & TALKED)
		return name(sight, MESH_VERDICT_SERVICE, MESH_BLAME_SERVICE);
	if (look->pair->closed.connects > 0)
		return name(sight, MESH_VERDICT_SERVICE, MESH_BLAME_PEER_HOST);
	return name(sight, MESH_VERDICT_SILENT, MESH_BLAME_UNDECIDED);
}

/* Of the traffic service: all that it lost was turned away. */
static bool is_refused(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	const struct mesh_window_series *probes = look->pair->closed.probes;
	static const enum mesh_probe kinds[] = { MESH_TCP, MESH_TCP_LONG, MESH_UDP };
	uint32_t refused = 0;

	for (size_t i = 0; i < array_size(kinds); i++) {
		if ((probes[kinds[i]].reasons & (REASON(REFUSED) | MISSING)) == REASON(REFUSED))
			refused += probes[kinds[i]].lost;
	}
	return refused >= FEW && name(sight, MESH_VERDICT_REFUSED, MESH_BLAME_SERVICE);
}

/* Its kernel takes connections, or something answers on them, and no echo comes. Where a long one
 * does, the short ones were lost: that is no silence. */
static bool is_deaf(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	const struct mesh_window *window = &look->pair->closed;
	const struct mesh_window_series *tcp = &window->probes[MESH_TCP];

	if (tcp->received > 0 || tcp->lost < FEW)
		return false;
	if (tcp->reasons & TALKED)
		return name(sight, MESH_VERDICT_SERVICE, MESH_BLAME_SERVICE);
	return window->connects >= FEW && window->probes[MESH_TCP_LONG].received == 0 &&
	       name(sight, MESH_VERDICT_SERVICE, MESH_BLAME_PEER_HOST);
}

/* The newest look at the MTU counts until the next one is long overdue. */
static bool has_look(const struct mesh_sight_case *look)
{
	const struct mesh_settings *settings = look->settings;
	uint64_t valid_ns = 2 * settings->mtu_interval_ns + settings->window_ns;

	return look->pair->mtu.looked_ns != 0 &&
	       look->pair->mtu.looked_ns + valid_ns >= look->ended_ns;
}

static uint8_t ways(const struct mesh_sight_case *look, enum path_verdict verdict)
{
	const struct mesh_mtu *mtu = &look->pair->mtu;

	if (!has_look(look))
		return MESH_WAY_NONE;
	return (uint8_t)((is_mtu(&mtu->forward, verdict) ? MESH_WAY_THERE : 0) |
			 (is_mtu(&mtu->reverse, verdict) ? MESH_WAY_BACK : 0));
}

/* So many long echoes are lost by chance where datagrams are lost as they are: an echo over TCP
 * dies of the first packet of its connection, there or back, or of one that is lost twice. One more
 * datagram is taken for lost, as few of them prove little. */
static bool may_be_chance(const struct mesh_sight *sight, uint32_t long_ones)
{
	double rate = 2.0 * (sight->udp_lost + 1) / (sight->udp_decided + 1);

	return sight->udp_decided > 0 && pow(rate < 1 ? rate : 1, long_ones) > CHANCE;
}

/* 10,000 B get stuck where 10 B and datagrams pass: it is size, whoever was asked for its MTU. Once
 * that was said, one is enough. */
static bool is_stuck(const struct mesh_sight_case *look, const struct mesh_sight *sight)
{
	const struct mesh_window_series *probes = look->pair->closed.probes;
	const struct mesh_window_series *full = &probes[MESH_TCP_LONG];
	const struct mesh_window_series *small = &probes[MESH_TCP];

	if (full->lost == 0 || full->received > 0 || (full->reasons & ~MISSING) != 0 ||
	    small->received == 0 || small->lost > 0 || sight->udp_lost * 20 > sight->udp_decided)
		return false;
	if (look->spoken == MESH_VERDICT_BLACK_HOLE)
		return true;
	return full->lost >= FEW && small->received >= FEW && !may_be_chance(sight, full->lost);
}

static bool has_new_look(const struct mesh_sight_case *look)
{
	return look->pair->mtu.looked_ns >= look->began_ns;
}

static bool is_seen_to_pass(const struct mesh_sight_case *look)
{
	const struct mesh_mtu *mtu = &look->pair->mtu;

	return has_new_look(look) && is_mtu(&mtu->forward, PATH_OK) &&
	       is_mtu(&mtu->reverse, PATH_OK);
}

static bool swallows_large_ones(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	const struct mesh_mtu *mtu = &look->pair->mtu;

	sight->way = ways(look, PATH_BLACK_HOLE);
	if (sight->way != MESH_WAY_NONE)
		return name(sight, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
	if (!is_stuck(look, sight) || is_seen_to_pass(look))
		return false;
	sight->is_by_tcp = true;
	if (has_new_look(look) && is_mtu(&mtu->forward, PATH_OK))
		sight->way = MESH_WAY_BACK;
	else if (has_new_look(look) && is_mtu(&mtu->reverse, PATH_OK))
		sight->way = MESH_WAY_THERE;
	return name(sight, MESH_VERDICT_BLACK_HOLE, MESH_BLAME_NETWORK);
}

/* Pages and grpc; an echo only if something else came back: packets are lost for other reasons. */
static bool is_failing(const struct mesh_window_series *series, enum mesh_probe probe)
{
	if (series->lost < FEW || series->lost < series->received ||
	    series->reasons == REASON(ABORTED))
		return false;
	return probe == MESH_HTTP || probe == MESH_GRPC ||
	       (probe != MESH_UDP && (series->reasons & ~TALKED) == 0);
}

static const struct mesh_window_series *failing(const struct mesh_pair *pair)
{
	for (enum mesh_probe i = 0; i < MESH_PROBES; i++) {
		const struct mesh_window_series *series = &pair->closed.probes[i];

		if (is_failing(series, i))
			return series;
	}
	return NULL;
}

/* Packets that were lost make a page fail too: then it is the service only if it said so. */
static bool fails_to_serve(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	const struct mesh_window_series *series = failing(look->pair);

	if (series == NULL || (sight->lost >= FEW && (series->reasons & MISSING)))
		return false;
	return name(sight, MESH_VERDICT_SERVICE, MESH_BLAME_SERVICE);
}

static enum mesh_blame blame_for_loss(const struct mesh_sight_case *look,
				      const struct mesh_sight *sight)
{
	const struct mesh_window *window = &look->pair->closed;
	int used = __builtin_popcount(window->ports_used);
	int lossy = __builtin_popcount(window->ports_lost);

	/* One of several equal paths; or kernels lost it that no process keeps waiting. */
	if (sight->udp_lost >= 4 && 2 * lossy <= used)
		return MESH_BLAME_NETWORK;
	if (window->retransmitted > 0 || sight->tcp_lost > 0)
		return MESH_BLAME_NETWORK;
	return MESH_BLAME_UNDECIDED;
}

/* No datagram and no short echo is lost. Long ones are: then the next one tells whether it was
 * size. Or TCP sent something again: then the next look at the MTU. */
static bool may_be_size(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	const struct mesh_window_series *probes = look->pair->closed.probes;
	const struct mesh_window_series *full = &probes[MESH_TCP_LONG];

	if (sight->udp_decided < UDP_ENOUGH || sight->udp_lost + probes[MESH_TCP].lost > 0)
		return false;
	sight->lost_only_long = full->lost > 0 && full->received == 0 && !is_seen_to_pass(look);
	return sight->lost_only_long ||
	       (full->lost == 0 && look->settings->has_mtu && !has_new_look(look));
}

static bool loses(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	uint32_t sent = sight->udp_decided + sight->tcp_decided;

	if (may_be_size(look, sight))
		return false;
	if (sight->lost < FEW || mesh_chance_of(sight->lost, sent * MESH_BASELINE_LOSS) > CHANCE)
		return false;
	return name(sight, MESH_VERDICT_LOSS, blame_for_loss(look, sight));
}

static bool takes_longer(uint64_t ns, uint64_t than_ns, unsigned times, uint64_t least_ns)
{
	return than_ns > 0 && ns >= than_ns * times && ns >= than_ns + least_ns;
}

/* Its kernel answers the connection, its process the echo: one way, two times. */
static bool keeps_waiting(const struct mesh_sight_case *look, const struct mesh_sight *sight)
{
	const struct mesh_window_series *tcp = &look->pair->closed.probes[MESH_TCP];

	return tcp->received >= FEW && takes_longer(mesh_window_median(tcp), sight->connect_ns,
						    APART_TIMES, APART_LEAST_NS);
}

static bool is_slow(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	uint64_t limit_ns = look->settings->slow_ns;
	bool holds = false;

	if (sight->rtt_ns == 0)
		return false;
	if (limit_ns != 0)
		holds = sight->rtt_ns > limit_ns;
	else if (look->usual_ns != 0)
		holds = takes_longer(sight->rtt_ns, look->usual_ns, SLOW_TIMES, SLOW_LEAST_NS);
	else
		holds = takes_longer(sight->rtt_ns, look->others_ns, APART_TIMES, APART_LEAST_NS) ||
			keeps_waiting(look, sight);
	if (!holds)
		return false;
	sight->is_by_connect = sight->connect_ns != 0 && sight->connect_ns < sight->rtt_ns / 3;
	return name(sight, MESH_VERDICT_SLOW,
		    sight->is_by_connect ? MESH_BLAME_PEER_HOST : MESH_BLAME_UNDECIDED);
}

static bool passes_less(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	sight->way = ways(look, PATH_REDUCED);
	return sight->way != MESH_WAY_NONE &&
	       name(sight, MESH_VERDICT_MTU_REDUCED, MESH_BLAME_NETWORK);
}

/* It was called so by a look, and a newer look that found out nothing is no reason to take it back;
 * or by long echoes, and none was sent that could show that they pass. */
static bool is_still_open(const struct mesh_sight_case *look)
{
	const struct mesh_window_series *full = &look->pair->closed.probes[MESH_TCP_LONG];

	if (look->spoken != MESH_VERDICT_BLACK_HOLE && look->spoken != MESH_VERDICT_MTU_REDUCED)
		return false;
	if ((ways(look, PATH_UNDECIDED) | ways(look, PATH_LOSS)) != MESH_WAY_NONE)
		return true;
	return look->spoken == MESH_VERDICT_BLACK_HOLE && full->received == 0 &&
	       (look->settings->probes & 1u << MESH_TCP_LONG) && !is_seen_to_pass(look);
}

void mesh_sight_judge(const struct mesh_sight_case *look, struct mesh_sight *sight)
{
	static bool (*const rules[])(const struct mesh_sight_case *, struct mesh_sight *) = {
		expects_silence, has_nothing, is_held_up_here,     hears_nothing,
		is_refused,      is_deaf,     swallows_large_ones, fails_to_serve,
		loses,           is_slow,     passes_less,
	};

	for (size_t i = 0; i < array_size(rules); i++) {
		if (rules[i](look, sight))
			return;
	}
	name(sight, MESH_VERDICT_OK, MESH_BLAME_NONE);
	sight->is_doubtful = sight->lost > 0 || is_still_open(look);
}
