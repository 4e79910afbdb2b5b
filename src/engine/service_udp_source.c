#include "engine/service_udp_source.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/units.h"
#include "engine/schedule.h"
#include "engine/train.h"
#include "proto/source_wire.h"

/* A cookie is good in the slot in which it was made and in the next one. */
#define COOKIE_SLOT_NS (30 * NS_PER_S)
/* When the socket has no room: so long later again. */
#define RETRY_NS NS_PER_MS

struct source_flow {
	struct source_service *service; /* NULL: free */
	struct train train;
	struct train_track track;
	struct source_message wish;
	struct schedule schedule;
	struct pacer pacer;
	struct timer expiry;
	uint64_t sent;
	uint64_t end_ns;   /* UINT64_MAX: until it is stopped */
	uint64_t heard_ns; /* when it was last asked for */
	bool is_over;
};

struct source_service {
	struct worker *worker;
	const uint8_t *secret;
	struct source_flow flows[SOURCE_FLOWS_MAX];
};

/* ---- cookies */

static void make_cookie(const struct source_service *service, const struct endpoint *remote,
			const uint8_t *message, uint64_t slot, uint8_t ret[SOURCE_COOKIE_BYTES])
{
	uint8_t vouched[8 + 16 + 4 + 4 + SOURCE_WISH_BYTES];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	put_u64(vouched, slot);
	memcpy(vouched + 8, remote->address, 16);
	put_u32(vouched + 24, remote->scope);
	put_u32(vouched + 28, (uint32_t)remote->family << 16 | remote->port);
	memcpy(vouched + 32, message + SOURCE_WISH_AT, SOURCE_WISH_BYTES);
	/* Of no memory there is no digest, and zeros vouch for nobody. */
	memset(ret, 0, SOURCE_COOKIE_BYTES);
	if (HMAC(EVP_sha256(), service->secret, SOURCE_SECRET_BYTES, vouched, sizeof(vouched),
		 digest, &size) != NULL)
		memcpy(ret, digest, SOURCE_COOKIE_BYTES);
}

static bool is_cookie(const struct source_service *service, const struct endpoint *remote,
		      const uint8_t *message, const struct source_message *read)
{
	static const uint8_t none[SOURCE_COOKIE_BYTES];
	uint64_t slot = loop_now(service->worker->loop) / COOKIE_SLOT_NS;
	bool is_good = false;

	if (memcmp(read->cookie, none, sizeof(none)) == 0)
		return false;
	for (uint64_t age = 0; age <= 1 && age <= slot; age++) {
		uint8_t cookie[SOURCE_COOKIE_BYTES];
		make_cookie(service, remote, message, slot - age, cookie);
		is_good |= memcmp(read->cookie, cookie, sizeof(cookie)) == 0;
	}
	return is_good;
}

/* ---- sending */

static void count_sent(struct source_flow *flow, uint32_t count, const struct train_count *counts)
{
	struct counters *counters = &flow->service->worker->recorders[PLAN_SERVED]->counters;

	flow->sent += count;
	counters->scheduled += count;
	counters->sent += count;
	counters->one_way += count;
	counters->writes++;
	counters->bytes_sent += (uint64_t)count * flow->train.datagram_bytes;
	counters->datagrams_merged += counts->segments;
	counters->merged_sends += counts->sends;
}

/* What can't be sent now falls due later: the client asked for a rate, and it sees what it got. */
static bool send_due(struct source_flow *flow, uint64_t until_ns)
{
	struct loop *loop = flow->service->worker->loop;
	struct train_count counts = { 0 };
	uint64_t due = schedule_count(&flow->schedule, until_ns) - flow->sent;
	uint32_t count = due < flow->train.most ? (uint32_t)due : flow->train.most;

	if (count == 0)
		return true;
	int sent = train_send(&flow->train, &flow->track, flow->sent, count, loop_read_clock(loop),
			      &counts);
	if (sent > 0)
		count_sent(flow, (uint32_t)sent, &counts);
	return sent > 0;
}

static void stop_flow(struct source_flow *flow)
{
	if (flow->is_over)
		return;
	flow->is_over = true;
	loop_remove_pacer(flow->service->worker->loop, &flow->pacer);
}

static void run_flow(struct pacer *pacer, uint64_t now_ns)
{
	struct source_flow *flow = container_of(pacer, struct source_flow, pacer);
	uint64_t until_ns = now_ns < flow->end_ns ? now_ns + 1 : flow->end_ns;
	bool has_room = send_due(flow, until_ns);
	uint64_t due_ns = schedule_due(&flow->schedule, flow->sent);

	pacer->due_ns = has_room ? due_ns : now_ns + RETRY_NS;
	if (due_ns >= flow->end_ns || now_ns >= flow->heard_ns + SOURCE_PATIENCE_NS)
		stop_flow(flow);
}

/* ---- flows */

static void free_flow(struct source_flow *flow)
{
	struct loop *loop = flow->service->worker->loop;

	stop_flow(flow);
	loop_clear_timer(loop, &flow->expiry);
	train_deinit(&flow->train);
	flow->service = NULL;
}

/* Nobody has asked for long: neither for datagrams nor how many they were. */
static void on_expiry(struct timer *timer)
{
	struct source_flow *flow = container_of(timer, struct source_flow, expiry);
	struct loop *loop = flow->service->worker->loop;
	uint64_t until_ns = flow->heard_ns + SOURCE_PATIENCE_NS;

	if (loop_now(loop) >= until_ns)
		free_flow(flow);
	else
		loop_set_timer(loop, timer, until_ns);
}

static struct source_flow *find(struct source_service *service, const struct endpoint *remote,
				uint32_t run)
{
	for (size_t i = 0; i < SOURCE_FLOWS_MAX; i++) {
		struct source_flow *flow = &service->flows[i];
		if (flow->service != NULL && flow->wish.run == run &&
		    endpoint_is_equal(&flow->track.remote, remote))
			return flow;
	}
	return NULL;
}

static struct source_flow *find_free(struct source_service *service)
{
	for (size_t i = 0; i < SOURCE_FLOWS_MAX; i++) {
		if (service->flows[i].service == NULL)
			return &service->flows[i];
	}
	return NULL;
}

static struct source_flow *begin_flow(struct source_service *service,
				      const struct train_track *track,
				      const struct source_message *wish)
{
	struct loop *loop = service->worker->loop;
	struct source_flow *flow = find_free(service);
	uint64_t now_ns = loop_now(loop);

	if (flow == NULL)
		return NULL;
	*flow = (struct source_flow){ .track = *track, .wish = *wish };
	if (train_init(&flow->train, wish->datagram_bytes) < 0)
		return NULL;
	flow->service = service;
	flow->heard_ns = now_ns;
	flow->end_ns = UINT64_MAX;
	if (wish->duration_ns > 0 && wish->duration_ns < UINT64_MAX - now_ns)
		flow->end_ns = now_ns + wish->duration_ns;
	schedule_init(&flow->schedule, now_ns, (double)wish->rate_micro / 1e6);
	pacer_init(&flow->pacer, run_flow);
	flow->pacer.due_ns = now_ns;
	timer_init(&flow->expiry, on_expiry);
	loop_set_timer(loop, &flow->expiry, now_ns + SOURCE_PATIENCE_NS);
	loop_add_pacer(loop, &flow->pacer);
	return flow;
}

/* ---- what is asked */

static void answer_state(struct source_flow *flow, struct datagram *message)
{
	struct source_message state = flow->wish;

	state.kind = SOURCE_STATE;
	state.sent = flow->sent;
	state.is_over = flow->is_over;
	source_write(message->data, &state);
}

static void answer_cookie(const struct source_service *service, struct datagram *message,
			  struct source_message *read)
{
	uint64_t slot = loop_now(service->worker->loop) / COOKIE_SLOT_NS;
	uint8_t cookie[SOURCE_COOKIE_BYTES];

	make_cookie(service, &message->remote, message->data, slot, cookie);
	read->kind = SOURCE_COOKIE;
	read->sent = 0;
	read->is_over = false;
	memcpy(read->cookie, cookie, sizeof(cookie));
	source_write(message->data, read);
}

/* It may have what it asks for: its cookie is good, or it is the one that it came with. */
static bool is_admitted(const struct source_service *service, const struct source_flow *flow,
			const struct datagram *message, const struct source_message *read)
{
	if (flow != NULL && memcmp(flow->wish.cookie, read->cookie, sizeof(read->cookie)) == 0)
		return true;
	return is_cookie(service, &message->remote, message->data, read);
}

static bool answer_stranger(const struct source_service *service, struct datagram *message,
			    struct source_message *read)
{
	if (read->kind != SOURCE_ASK)
		return false;
	answer_cookie(service, message, read);
	return true;
}

bool source_service_take(struct source_service *service, struct datagram_socket *socket,
			 struct datagram *message)
{
	struct source_message read;

	if (!source_read(message->data, message->size, &read) ||
	    (read.kind != SOURCE_ASK && read.kind != SOURCE_STOP))
		return false;
	struct source_flow *flow = find(service, &message->remote, read.run);
	if (!is_admitted(service, flow, message, &read))
		return answer_stranger(service, message, &read);
	struct train_track track = { socket, message->remote, message->local, read.run };
	if (flow == NULL && read.kind == SOURCE_ASK)
		flow = begin_flow(service, &track, &read);
	if (flow == NULL)
		return false;
	flow->heard_ns = loop_now(service->worker->loop);
	if (read.kind == SOURCE_STOP)
		stop_flow(flow);
	answer_state(flow, message);
	return true;
}

/* ---- life */

int source_service_new(struct worker *worker, const uint8_t secret[SOURCE_SECRET_BYTES],
		       struct source_service **ret)
{
	struct source_service *service = calloc(1, sizeof(*service));

	if (service == NULL)
		return -ENOMEM;
	service->worker = worker;
	service->secret = secret;
	*ret = service;
	return 0;
}

void source_service_stop(struct source_service *service)
{
	for (size_t i = 0; service != NULL && i < SOURCE_FLOWS_MAX; i++) {
		if (service->flows[i].service != NULL)
			free_flow(&service->flows[i]);
	}
}

void source_service_free(struct source_service *service)
{
	source_service_stop(service);
	free(service);
}
