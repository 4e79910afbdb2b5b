/* The evidence of one window, in words. */
#include <stdio.h>

#include "base/units.h"
#include "metric/mesh_judge_say.h"
#include "metric/mesh_judge_sight.h"
#include "metric/path_result.h"

static const char *way_text(uint8_t way)
{
	static const char *const texts[] = {
		[MESH_WAY_NONE] = "which way is not known",
		[MESH_WAY_THERE] = "on the way there",
		[MESH_WAY_BACK] = "on the way back",
		[MESH_WAY_BOTH] = "both ways",
	};
	return texts[way];
}

/* "udp 150 of 150 lost (timeout)" of each kind that failed. */
static void say_failures(struct mesh_say *say, const struct mesh_pair *pair, unsigned kinds)
{
	for (enum mesh_probe i = 0; i < MESH_PROBES; i++) {
		const struct mesh_window_series *series = &pair->closed.probes[i];
		bool is_first = true;

		if (series->lost == 0 || !(kinds & 1u << i))
			continue;
		mesh_say(say, "%s: %u of %u failed (", mesh_probe_name(i), series->lost,
			 series->lost + series->received);
		for (enum mesh_reason j = 0; j < MESH_REASONS; j++) {
			if (!(series->reasons & 1u << j))
				continue;
			mesh_say_on(say, "%s%s", is_first ? "" : ", ", mesh_reason_name(j));
			is_first = false;
		}
		if (i == MESH_HTTP && (series->reasons & 1u << MESH_REASON_BAD_STATUS))
			mesh_say_on(say, " %u", pair->http_status);
		mesh_say_on(say, ")");
	}
}

static void say_silent(struct mesh_say *say, const struct mesh_sight_case *look,
		       const struct mesh_sight *sight)
{
	uint32_t others = sight->decided - sight->udp_decided - sight->tcp_decided;

	mesh_say(say, "nothing back of");
	if (sight->udp_decided > 0)
		mesh_say_on(say, " %u udp", sight->udp_decided);
	if (sight->tcp_decided > 0)
		mesh_say_on(say, "%s %u tcp", sight->udp_decided ? " and" : "", sight->tcp_decided);
	if (others > 0)
		mesh_say_on(say, "%s %u http or grpc", others < sight->decided ? " and" : "",
			    others);
	mesh_say_on(say, " probes");
	if (sight->reasons & 1u << MESH_REASON_NO_ROUTE)
		mesh_say(say, "no route");
	if (sight->was_never_there)
		mesh_say(say, "it has never answered");
	(void)look;
}

static void say_refused(struct mesh_say *say, const struct mesh_sight_case *look,
			const struct mesh_sight *sight)
{
	say_failures(say, look->pair, ~0u);
	mesh_say(say,
		 sight->received > 0 ? "the rest answers" : "its host says that nothing listens");
}

static void say_service(struct mesh_say *say, const struct mesh_sight_case *look,
			const struct mesh_sight *sight)
{
	const struct mesh_window_series *probes = look->pair->closed.probes;
	const struct mesh_window_series *tcp = &probes[MESH_TCP];

	say_failures(say, look->pair, ~0u);
	if (sight->blame == MESH_BLAME_PEER_HOST)
		mesh_say(say, "its kernel takes connections, its process says nothing");
	else if (tcp->received > 0 && tcp->lost == 0 && probes[MESH_TCP_LONG].lost == 0)
		mesh_say(say, "its echo is good");
}

static const struct mesh_mtu_direction *worst(const struct mesh_sight_case *look,
					      const struct mesh_sight *sight)
{
	const struct mesh_mtu *mtu = &look->pair->mtu;

	return sight->way == MESH_WAY_BACK ? &mtu->reverse : &mtu->forward;
}

static void say_theirs(struct mesh_say *say, const struct mesh_sight_case *look)
{
	const struct mesh_cell *theirs = look->theirs;

	if (theirs == NULL || theirs->verdict != MESH_VERDICT_BLACK_HOLE)
		return;
	mesh_say(say, "it says the same of its way here");
	if (theirs->mtu_bytes > 0)
		mesh_say_on(say, ", where %u B pass", theirs->mtu_bytes);
}

static void say_look(struct mesh_say *say, const struct mesh_mtu_direction *way)
{
	if (way->large_lost == way->large_sent)
		mesh_say(say, "%u of %u of %u B lost", way->large_lost, way->large_sent,
			 way->full_bytes);
	else
		mesh_say(say, "%u of %u large ones lost", way->large_lost, way->large_sent);
	mesh_say_on(say, ", small ones between them answered, no ICMP");
	if (way->mtu_bytes > 0)
		mesh_say(say, "%u B pass", way->mtu_bytes);
	if (way->mtu_bytes > 0 && way->failed_bytes > 0)
		mesh_say_on(say, ", %u B do not", way->failed_bytes);
}

static void say_black_hole(struct mesh_say *say, const struct mesh_sight_case *look,
			   const struct mesh_sight *sight)
{
	const struct mesh_mtu_direction *way = worst(look, sight);
	const struct mesh_window_series *full = &look->pair->closed.probes[MESH_TCP_LONG];

	if (sight->is_by_tcp) {
		mesh_say(say, "%u of %u echoes of 10,000 B over tcp stuck, small ones answered",
			 full->lost, full->lost + full->received);
	} else {
		say_look(say, way);
	}
	mesh_say(say, "%s", way_text(sight->way));
	say_theirs(say, look);
}

static void say_reduced(struct mesh_say *say, const struct mesh_sight_case *look,
			const struct mesh_sight *sight)
{
	const struct mesh_mtu_direction *way = worst(look, sight);
	char text[ENDPOINT_TEXT_MAX];

	mesh_say(say, "%u B of %u B pass %s, ICMP%s%s says so", way->mtu_bytes, way->full_bytes,
		 way_text(sight->way), way->signal_from.family ? " of " : "",
		 endpoint_format_address(&way->signal_from, text));
}

static void say_loss(struct mesh_say *say, const struct mesh_sight_case *look,
		     const struct mesh_sight *sight)
{
	const struct mesh_window *window = &look->pair->closed;
	int used = __builtin_popcount(window->ports_used);

	if (sight->udp_lost > 0)
		mesh_say(say, "%u of %u lost", sight->udp_lost, sight->udp_decided);
	if (sight->udp_lost > 0 && used > 1)
		mesh_say_on(say, " on %d of %d source ports",
			    __builtin_popcount(window->ports_lost), used);
	if (window->lost_there + window->lost_back > 0)
		mesh_say(say, "%u on the way there, %u on the way back", window->lost_there,
			 window->lost_back);
	if (sight->tcp_lost > 0)
		mesh_say(say, "tcp: %u of %u lost", sight->tcp_lost, sight->tcp_decided);
	if (window->retransmitted > 0)
		mesh_say(say, "tcp: %u retransmit%s", window->retransmitted,
			 window->retransmitted == 1 ? "" : "s");
	else if (sight->tcp_decided > sight->tcp_lost)
		mesh_say(say, "tcp: nothing sent again");
}

static void say_slow(struct mesh_say *say, const struct mesh_sight_case *look,
		     const struct mesh_sight *sight)
{
	char rtt[UNITS_TEXT_MAX], other[UNITS_TEXT_MAX];

	mesh_say(say, "half of the answers take %s ms", units_format_ms(sight->rtt_ns, rtt));
	if (look->settings->slow_ns > 0)
		mesh_say_on(say, ", more than %s ms",
			    units_format_ms(look->settings->slow_ns, other));
	else if (look->usual_ns > 0)
		mesh_say_on(say, " and more, usual are %s ms",
			    units_format_ms(look->usual_ns, other));
	else if (look->others_ns > 0)
		mesh_say_on(say, " and more, others there take %s ms",
			    units_format_ms(look->others_ns, other));
	if (sight->connect_ns == 0)
		return;
	mesh_say(say,
		 sight->is_by_connect ? "its kernel takes a connection in %s ms"
				      : "a connection takes %s ms as well",
		 units_format_ms(sight->connect_ns, other));
}

void mesh_sight_say(const struct mesh_sight_case *look, const struct mesh_sight *sight, char *text,
		    size_t room)
{
	static void (*const sayings[MESH_VERDICTS])(
		struct mesh_say *, const struct mesh_sight_case *, const struct mesh_sight *) = {
		[MESH_VERDICT_MTU_REDUCED] = say_reduced,
		[MESH_VERDICT_SLOW] = say_slow,
		[MESH_VERDICT_LOSS] = say_loss,
		[MESH_VERDICT_SERVICE] = say_service,
		[MESH_VERDICT_BLACK_HOLE] = say_black_hole,
		[MESH_VERDICT_REFUSED] = say_refused,
		[MESH_VERDICT_SILENT] = say_silent,
	};
	struct mesh_say say;

	mesh_say_begin(&say, text, room);
	if (sayings[sight->verdict] != NULL)
		sayings[sight->verdict](&say, look, sight);
}
