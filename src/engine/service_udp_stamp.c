#include "engine/service_udp_stamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/units.h"
#include "proto/stamp_tlv.h"

/* What the kernel says of its clock may change by so little in this time. */
#define QUALITY_NS NS_PER_S
/* Answers of which the kernel is still to say when they left. */
#define ASKED_MAX  256
#define SENT_BATCH 16

/* The last answer of a session that the kernel has told of. */
struct before {
	uint32_t sequence;
	uint64_t sent; /* as on the wire; 0: none */
};

struct asked {
	uint32_t place;
	uint32_t sequence;
};

struct stamp_service {
	struct worker *worker;
	struct stamp_key *key;      /* NULL: packets are open */
	struct flow_counts *counts; /* NULL: stateless */
	struct before *before;      /* by place of a session */
	struct asked asked[ASKED_MAX];
	struct stamp_clock clock;
	uint64_t clock_read_ns;
};

static struct counters *counters_of(const struct stamp_service *service)
{
	return &service->worker->recorders[PLAN_SERVED]->counters;
}

/* ---- opening */

static int keep_state(struct stamp_service *service)
{
	if (!service->worker->plan->serve.stamp.is_stateful)
		return 0;
	service->before = calloc(FLOW_COUNTS_MAX, sizeof(*service->before));
	if (service->before == NULL)
		return -ENOMEM;
	return flow_counts_new(random_next(&service->worker->random), FLOW_COUNTS_MAX,
			       &service->counts);
}

int stamp_service_new(struct worker *worker, struct stamp_service **ret)
{
	const struct plan_stamp *plan = &worker->plan->serve.stamp;
	struct stamp_service *service = calloc(1, sizeof(*service));
	int rc = 0;

	if (service == NULL)
		return -ENOMEM;
	service->worker = worker;
	if (plan->key != NULL)
		rc = stamp_key_new(plan->key, plan->key_size, &service->key);
	if (rc == 0)
		rc = keep_state(service);
	if (rc < 0) {
		stamp_service_free(service);
		return rc;
	}
	*ret = service;
	return 0;
}

void stamp_service_free(struct stamp_service *service)
{
	if (service == NULL)
		return;
	stamp_key_free(service->key);
	flow_counts_free(service->counts);
	free(service->before);
	free(service);
}

/* ---- receiving */

static void read_clock(struct stamp_service *service, struct datagram_socket *socket,
		       uint64_t now_ns)
{
	if (service->clock_read_ns != 0 && now_ns < service->clock_read_ns + QUALITY_NS)
		return;
	struct clock_quality quality = datagram_wall_quality(socket);
	service->clock.error_ns = quality.error_ns;
	service->clock.is_synchronised = quality.is_synchronised;
	service->clock_read_ns = now_ns;
}

static bool is_allowed(const struct plan_stamp *plan, const struct endpoint *remote)
{
	for (uint32_t i = 0; i < plan->allowed_count; i++) {
		if (subnet_has(&plan->allowed[i], remote))
			return true;
	}
	return plan->allowed_count == 0;
}

/* Counts who is not answered. */
static bool is_to_be_answered(struct stamp_service *service, const struct service_socket *place,
			      const struct datagram *datagram, struct stamp_packet *ret)
{
	const struct plan_stamp *plan = &service->worker->plan->serve.stamp;
	struct counters *counters = counters_of(service);
	enum stamp_verdict verdict = STAMP_SHORT;
	bool is_looped = datagram->remote.port == STAMP_PORT ||
			 service_udp_is_own_port(place->owner, datagram->remote.port);
	bool is_listed = is_allowed(plan, &datagram->remote);

	if (!is_looped && is_listed && !datagram->is_truncated)
		verdict = stamp_request_read(datagram->data, datagram->size, service->key, 0, ret);
	if (is_looped)
		counters->stamp_looped++;
	else if (!is_listed)
		counters->stamp_refused++;
	else if (verdict == STAMP_FORGED)
		counters->stamp_forged++;
	else if (verdict == STAMP_SHORT)
		counters->stamp_malformed++;
	if (verdict != STAMP_GOOD)
		counters->unasked_bytes += datagram->size;
	return verdict == STAMP_GOOD;
}

/* Of its session, where the reflector keeps any. */
struct session {
	uint32_t place;
	uint32_t sequence; /* of the answer */
	uint32_t count;    /* with this one; 0: stateless */
};

static struct session find_session(struct stamp_service *service, const struct datagram *datagram,
				   const struct stamp_packet *request, uint64_t now_ns)
{
	struct session session = { .sequence = request->sequence };

	if (service->counts == NULL)
		return session;
	uint64_t count = flow_counts_add_at(service->counts, &datagram->remote, request->ssid,
					    now_ns, &session.place);
	if (count == 1)
		service->before[session.place] = (struct before){ 0 };
	session.count = (uint32_t)count;
	session.sequence = (uint32_t)count - 1;
	return session;
}

/* The TLVs are answered before the base is, which they are signed with. */
static void answer_tlvs(struct stamp_service *service, struct datagram *datagram,
			const struct session *session)
{
	size_t base = stamp_base_bytes(service->key);
	uint8_t *tlvs = (uint8_t *)datagram->data + base;
	uint8_t sequence[4];
	struct stamp_tlv_facts facts = {
		.key = service->key,
		.traffic_class = datagram->traffic_class,
		.is_synchronised = service->clock.is_synchronised,
		.received = session->count,
		.answered = session->count,
	};

	/* As its request came, unless it asks for another. */
	datagram->traffic_class &= 0xfc;
	if (datagram->size <= base)
		return;
	if (session->count > 0) {
		facts.before_sequence = service->before[session->place].sequence;
		facts.before_sent = service->before[session->place].sent;
	}
	struct stamp_tlv_outcome outcome =
		stamp_tlv_answer(tlvs, datagram->size - base, datagram->data, &facts);
	put_u32(sequence, session->sequence);
	stamp_tlv_sign(tlvs, datagram->size - base, sequence, service->key);
	if (outcome.has_class)
		datagram->traffic_class = outcome.traffic_class;
	datagram->wants_stamp = outcome.wants_stamp && session->count > 0;
}

static void answer(struct stamp_service *service, struct service_socket *place,
		   const struct datagram *arrived, uint64_t now_ns)
{
	struct datagram datagram = *arrived;
	struct stamp_packet request;

	if (!is_to_be_answered(service, place, arrived, &request))
		return;
	struct session session = find_session(service, arrived, &request, now_ns);
	struct stamp_answer said = {
		.sequence = session.sequence,
		.received_unix_ns = arrived->stamp.wall.unix_ns,
		.clock = service->clock,
		.ttl = arrived->ttl,
	};
	datagram.wants_stamp = false;
	if (arrived->stamp.at_ns == 0)
		said.received_unix_ns = datagram_wall(&place->socket).unix_ns;
	if (datagram.size < STAMP_LIGHT_REPLY_BYTES) {
		memset((uint8_t *)datagram.data + datagram.size, 0,
		       STAMP_LIGHT_REPLY_BYTES - datagram.size);
		datagram.size = STAMP_LIGHT_REPLY_BYTES;
	}
	answer_tlvs(service, &datagram, &session);
	stamp_answer_write(datagram.data, datagram.size, &said, service->key);
	place->stamp_places[place->count] = session.place;
	service_udp_answer(place, &datagram);
}

/* When answers left that a follow-up is to tell of. */
static void read_sent(struct stamp_service *service, struct datagram_socket *socket)
{
	struct datagram_sent sent[SENT_BATCH];
	int count;

	while ((count = datagram_sent_stamps(socket, sent, SENT_BATCH)) > 0) {
		for (int i = 0; i < count; i++) {
			const struct asked *asked = &service->asked[sent[i].number % ASKED_MAX];
			int64_t left_ns = sent[i].stamp.wall.unix_ns;
			service->before[asked->place] = (struct before){
				.sequence = asked->sequence,
				.sent = stamp_time_write(left_ns, &service->clock),
			};
		}
	}
}

void stamp_service_take(struct stamp_service *service, struct service_socket *place,
			const struct datagram *batch, int count, uint64_t now_ns)
{
	read_clock(service, &place->socket, now_ns);
	read_sent(service, &place->socket);
	for (int i = 0; i < count; i++)
		answer(service, place, &batch[i], now_ns);
}

/* ---- sending */

void stamp_service_finish(struct stamp_service *service, struct service_socket *place)
{
	for (int i = place->answered; i < place->count; i++)
		stamp_answer_finish(place->answers[i].data, datagram_wall(&place->socket).unix_ns,
				    &service->clock, service->key);
}

void stamp_service_sent(struct stamp_service *service, struct service_socket *place, int count)
{
	const struct datagram *answers = place->answers + place->answered;
	uint32_t asked = 0;

	for (int i = 0; i < count; i++)
		asked += answers[i].wants_stamp;
	uint32_t number = place->socket.stamps_asked - asked;
	for (int i = 0; i < count; i++) {
		if (!answers[i].wants_stamp)
			continue;
		service->asked[number++ % ASKED_MAX] = (struct asked){
			.place = place->stamp_places[place->answered + i],
			.sequence = get_u32(answers[i].data),
		};
	}
}
