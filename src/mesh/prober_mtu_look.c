/* One look at a link's path MTU: a run of probe/path_mtu.h, and what of its result the pair keeps.
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/attributes.h"
#include "base/service.h"
#include "base/units.h"
#include "mesh/caps.h"
#include "mesh/prober_mtu.h"
#include "probe/path_mtu.h"
#include "probe/pmtu.h"
#include "proto/path_wire.h"

#define USUAL_BYTES 1500
#define SMALL_BYTES (PATH_WIRE_BYTES + 48) /* with the headers of IPv6 */
/* Of one that finds nothing wrong: a small one, a large one and a small one behind it; and over TCP
 * for the way back a connection, three questions and its end. */
#define SMALL_PACKETS 2
#define BACK_PACKETS  10
#define BACK_BYTES    2400
/* Interfaces change, seldom. */
#define LOOKS_AN_INTERFACE 8

/* ---- what came of it ---- */

static uint32_t narrowed(uint64_t value)
{
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

static void keep_direction(const struct mtu_look *look, const struct path_direction *from,
			   struct mesh_mtu_direction *to)
{
	*to = (struct mesh_mtu_direction){ .verdict = PATH_VERDICTS };
	if (!from->is_measured)
		return;
	to->verdict = (uint8_t)path_verdict_find(from->verdict);
	/* A search that was cut short has proved what passes, and of what does not nothing. */
	if (look->is_cut && to->verdict == PATH_BLACK_HOLE)
		to->verdict = PATH_UNDECIDED;
	to->is_signalled = from->is_signalled;
	to->mtu_bytes = narrowed(from->mtu_bytes);
	to->failed_bytes = narrowed(from->failed_bytes);
	to->full_bytes = narrowed(from->full_bytes);
	to->large_sent = narrowed(from->large_sent);
	to->large_lost = narrowed(from->large_sent - from->large_answered);
	to->small_sent = narrowed(from->small_sent);
	to->small_lost = narrowed(from->small_sent - from->small_answered);
	if (!from->signal_from || endpoint_parse(from->signal_from, 0, &to->signal_from) < 0)
		to->signal_from = (struct endpoint){ 0 };
}

static uint64_t packets_of(const struct path_direction *direction)
{
	return direction->is_measured ? direction->small_sent + direction->large_sent : 0;
}

static uint64_t bytes_of(const struct path_direction *direction)
{
	return direction->is_measured ? direction->small_sent * direction->small_bytes +
						direction->large_sent * direction->full_bytes
				      : 0;
}

static void keep(struct mtu_look *look, const struct path_result *result)
{
	struct mesh_mtu *mtu = &look->at->link->pair->mtu;
	mtu->looks++;
	mtu->probes += narrowed(packets_of(&result->forward) + packets_of(&result->reverse));
	mtu->signals += result->forward.is_signalled + result->reverse.is_signalled;
	mtu->interface_bytes = narrowed(result->interface_bytes);
	mtu->looked_ns = loop_now(look->prober->host->loop);
	keep_direction(look, &result->forward, &mtu->forward);
	keep_direction(look, &result->reverse, &mtu->reverse);
}

/* A search has sent more than a look that was well, as the caps were told. */
static void count_sent(struct mtu_look *look, const struct path_result *result)
{
	const struct mesh_host *host = look->prober->host;
	uint64_t packets = packets_of(&result->forward);
	uint64_t bytes = bytes_of(&result->forward);
	if (look->far_end.stream)
		packets += BACK_PACKETS;
	if (look->far_end.stream)
		bytes += BACK_BYTES;
	host->node->packets_sent += packets;
	host->node->bytes_sent += bytes;
	if (packets > look->packets && bytes > look->bytes)
		(void)mesh_caps_take(host->caps, packets - look->packets, bytes - look->bytes,
				     loop_now(host->loop));
}

static bool is_from_service(const struct path_result *result)
{
	const char *by = result->forward.told_by;
	return by && strcmp(by, PATH_BY_ICMP) != 0;
}

/* ---- its end ---- */

void mtu_look_drop(struct mtu_look *look)
{
	path_mtu_free(look->path);
	loop_clear_timer(look->prober->host->loop, &look->deadline);
	look->prober->under_way[look->class]--;
	look->at->look = NULL;
	look->at = NULL;
	look->path = NULL;
}

/* Whoever is told may remove links, this one too: it comes last but for the others' turn. */
static void end(struct mtu_look *look, struct path_result *result)
{
	struct mtu_prober *prober = look->prober;
	struct mesh_link *link = look->at->link;
	keep(look, result);
	count_sent(look, result);
	mtu_look_drop(look);
	if (is_from_service(result))
		prober->host->answered(prober->host->context, link, result->name);
	mtu_prober_go_on(prober);
}

static void on_over(void *context)
{
	struct mtu_look *look = context;
	struct path_result result = { 0 };
	struct arena arena;
	arena_init(&arena);
	path_mtu_describe(look->path, &arena, &result);
	end(look, &result);
	arena_deinit(&arena);
}

static void on_deadline(struct timer *timer)
{
	struct mtu_look *look = container_of(timer, struct mtu_look, deadline);
	path_mtu_stop(look->path);
	look->is_cut = true;
	on_over(look);
}

/* ---- its begin ---- */

void mtu_look_init(struct mtu_look *look, struct mtu_prober *prober)
{
	*look = (struct mtu_look){ .prober = prober };
	timer_init(&look->deadline, on_deadline);
}

static void choose_far_end(struct mtu_look *look, const struct mesh_target *target)
{
	const struct mesh_host *host = look->prober->host;
	look->far_end = (struct path_far_end){ .is_off = true };
	if (!host->control_token || strlen(host->control_token) >= CONTROL_TOKEN_MAX)
		return;
	look->far_end = (struct path_far_end){
		.place = target->endpoint,
		.stream = host->stream ? host->stream : &stream_tcp,
		.network = host->network,
	};
	look->far_end.place.port = host->settings->control_port;
	memcpy(look->far_end.token, host->control_token, strlen(host->control_token));
}

static bool take_caps(struct mtu_look *look, const struct mesh_mtu *mtu)
{
	const struct mesh_host *host = look->prober->host;
	uint32_t full_bytes = mtu->forward.full_bytes ? mtu->forward.full_bytes : USUAL_BYTES;
	look->packets = SMALL_PACKETS + 1;
	look->bytes = (uint64_t)SMALL_PACKETS * SMALL_BYTES + full_bytes;
	if (look->far_end.stream) {
		look->packets += BACK_PACKETS;
		look->bytes += BACK_BYTES;
	}
	return mesh_caps_take(host->caps, look->packets, look->bytes, loop_read_clock(host->loop));
}

static int open_path(struct mtu_look *look, const struct mesh_link *link)
{
	const struct mesh_host *host = look->prober->host;
	const struct mesh_mtu *mtu = &link->pair->mtu;
	bool is_known = mtu->looks % LOOKS_AN_INTERFACE != 0;
	struct path_mtu_setup setup = {
		.loop = host->loop,
		.remote = link->target.endpoint,
		.step_bytes = PMTU_STEP_BYTES,
		.timeout_ns = PMTU_TIMEOUT_NS,
		.run = (uint32_t)random_next(host->random),
		.far_end = &look->far_end,
		.datagram = host->datagram ? host->datagram : &datagram_udp,
		.network = host->network,
		.interface_bytes = is_known ? mtu->interface_bytes : 0,
		.over = on_over,
		.context = look,
	};
	return path_mtu_new(&setup, &look->path);
}

/* For want of something here nothing is known of the path; without a way to there nothing will be.
 */
static void note_failure(struct mesh_mtu *mtu, int code, uint64_t now_ns)
{
	if (code == -EMFILE || code == -ENFILE || code == -ENOMEM || code == -ENOBUFS)
		return;
	mtu->looks++;
	mtu->looked_ns = now_ns;
	mtu->forward = (struct mesh_mtu_direction){ .verdict = PATH_UNDECIDED };
	mtu->reverse = (struct mesh_mtu_direction){ .verdict = PATH_VERDICTS };
}

bool mtu_look_begin(struct mtu_look *look, struct mtu_link *at, enum mtu_class class)
{
	struct loop *loop = look->prober->host->loop;
	choose_far_end(look, &at->link->target);
	if (!take_caps(look, &at->link->pair->mtu))
		return false;
	int result = open_path(look, at->link);
	if (result < 0) {
		note_failure(&at->link->pair->mtu, result, loop_now(loop));
		return true;
	}
	look->at = at;
	look->class = class;
	look->is_cut = false;
	at->look = look;
	look->prober->under_way[class]++;
	loop_set_timer(loop, &look->deadline, loop_now(loop) + MTU_LOOK_MAX_NS);
	path_mtu_start(look->path);
	return true;
}
