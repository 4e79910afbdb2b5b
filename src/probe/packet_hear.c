/* What comes to a look's socket: the kernel's word of when a question left, ICMP about one, and
 * answers: to one that waits, late ones, and such as came before. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probe/packet_prober.h"
#include "proto/icmp.h"

static uint64_t read_clock(const struct packet_socket *socket)
{
	return loop_read_clock(socket->owner->prober->host->loop);
}

/* ---- what left ---- */

/* The newest are the likeliest. */
static struct packet_look *find_sent(const struct packet_socket *socket, uint32_t stamp)
{
	const struct packet_prober *owner = socket->owner;
	for (uint64_t serial = owner->next; serial > owner->oldest; serial--) {
		struct packet_look *look = packet_window_find(owner, serial - 1);
		if (look->socket == socket && look->sent_ns > 0 && look->stamp == stamp)
			return look;
	}
	return NULL;
}

/* The kernel had it later than we handed it over, or passed it on before it told us so: sending
 * ends there, and waiting begins. */
static void hear_sent(struct packet_socket *socket, const struct datagram_sent *sent)
{
	struct packet_look *look = find_sent(socket, sent->number);
	uint64_t at_ns = sent->stamp.at_ns;
	if (!look || look->is_stamped || at_ns < look->began_ns)
		return;
	look->is_stamped = true;
	look->sent_ns = at_ns;
	if (!look->probe || look->probe->phase != PROBE_WAIT)
		return;
	/* Modulo 2^64, as it may be earlier. */
	look->probe->result.phase_ns[PROBE_SEND] += at_ns - look->probe->phase_began_ns;
	look->probe->phase_began_ns = at_ns;
}

/* ---- what did not arrive ---- */

static struct packet_look *find_quoted(const struct packet_socket *socket,
				       const struct datagram_error *error)
{
	const struct packet_prober *owner = socket->owner;
	uint64_t serial;
	/* Some quote too little to tell: then it was the first to wait. */
	if (!owner->kind->read_quote(socket, error->quote, error->quote_size, &serial))
		return packet_window_first(socket);
	struct packet_look *look = packet_window_find(owner, serial);
	return look && look->socket == socket && look->sent_ns > 0 ? look : NULL;
}

static void explain(const struct packet_socket *socket, const struct datagram_error *error,
		    char why[PROBE_WHY_BYTES])
{
	char text[ICMP_TEXT_MAX];
	char from[ENDPOINT_TEXT_MAX] = "somebody";
	char size[64] = "";
	if (error->from.family)
		endpoint_format_address(&error->from, from);
	if (error->code == EMSGSIZE && error->mtu_bytes > 0)
		(void)snprintf(size, sizeof(size), ", packets of %u bytes fit", error->mtu_bytes);
	icmp_text(socket->remote.family, error->icmp_type, error->icmp_code, text);
	(void)snprintf(why, PROBE_WHY_BYTES, "%s says: %s%s", from, text, size);
}

static void hear_error(struct packet_socket *socket, const struct datagram_error *error)
{
	char why[PROBE_WHY_BYTES];
	if (error->is_local) /* send() has said it already */
		return;
	enum icmp_meaning meaning =
		icmp_meaning(socket->remote.family, error->icmp_type, error->icmp_code);
	struct packet_look *look = find_quoted(socket, error);
	if (!look || !look->probe)
		return;
	explain(socket, error, why);
	enum outcome outcome = icmp_outcome(meaning);
	packet_look_failed(look, outcome == OUTCOME_DONE ? OUTCOME_OTHER : outcome, why);
}

static void hear_queue(struct packet_socket *socket)
{
	struct datagram_error told;
	while (datagram_take_error(&socket->socket, &told) >= 0) {
		if (told.is_sent)
			hear_sent(socket, &told.sent);
		else
			hear_error(socket, &told);
	}
}

/* ---- answers ---- */

/* When it came, by the kernel where it says so; what this host added to both ways is its own. */
static uint64_t note_arrival(struct packet_look *look, const struct datagram *answer,
			     uint64_t now_ns)
{
	struct probe_result *result = &look->probe->result;
	uint64_t at_ns = answer->stamp.at_ns;
	result->ttl = answer->ttl;
	result->body_bytes = answer->size;
	if (at_ns < look->sent_ns || at_ns > now_ns) /* none, or the clock was set */
		return now_ns;
	result->has_kernel_stamps = look->is_stamped;
	if (look->is_stamped)
		result->own_ns = look->sent_ns - look->began_ns + now_ns - at_ns;
	return at_ns;
}

static void hear_stray(struct packet_look *look, uint64_t now_ns)
{
	const struct prober *prober = look->owner->prober;
	enum probe_stray kind = look->is_answered ? PROBE_STRAY_SECOND : PROBE_STRAY_LATE;
	look->is_answered = true;
	if (prober->host->stray && now_ns < look->keep_until_ns)
		prober->host->stray(prober->host->context, prober, look->number, kind,
				    now_ns - look->sent_ns);
}

static void hear_answer(struct packet_socket *socket, const struct datagram *answer)
{
	const struct packet_prober *owner = socket->owner;
	uint64_t now_ns = read_clock(socket);
	uint64_t serial;
	struct packet_look *look = NULL;
	if (owner->kind->read(socket, answer->data, answer->size, &serial)) {
		look = packet_window_find(owner, serial);
		if (!look || look->socket != socket || look->sent_ns == 0)
			return; /* forgotten, or nobody asked for it */
	}
	if (look && look->probe && !look->is_answered) {
		uint64_t at_ns = note_arrival(look, answer, now_ns);
		look->is_answered = true;
		if (!owner->kind->hear(look, answer->data, answer->size, at_ns))
			look->is_answered = false;
		return;
	}
	if (look) {
		hear_stray(look, now_ns);
		return;
	}
	look = packet_window_only(socket);
	if (look && owner->kind->wonder)
		owner->kind->wonder(look, answer->data, answer->size,
				    note_arrival(look, answer, now_ns));
}

/* Of a transport that has no queue to name the question in. */
static void hear_failure(struct packet_socket *socket, int code)
{
	struct packet_look *look = packet_window_first(socket);
	if (look && !socket->socket.transport->take_error)
		packet_look_failed(look, outcome_from_errno(code), NULL);
}

/* Each is told once, so more than this in a row is nothing that waiting would end. */
#define FAILURES_MAX 64
/* Behind these others have their turn, and the deadlines: a peer may send faster than is read. */
#define RECEIVES_A_TURN 1024

/* The queue is read after the answer, so that it is known when its question left; and before what
 * it says ends the look. */
void packet_socket_hear(struct packet_socket *socket)
{
	const struct packet_prober *owner = socket->owner;
	int failures = 0;
	for (int i = 0; i < RECEIVES_A_TURN; i++) {
		struct datagram answer = { .data = owner->in, .capacity = owner->in_bytes };
		int result = datagram_receive(&socket->socket, &answer, 1);
		hear_queue(socket);
		failures += result < 0;
		if (result == -EAGAIN || failures == FAILURES_MAX)
			return;
		if (result < 0)
			hear_failure(socket, -result);
		else if (result > 0)
			hear_answer(socket, &answer);
	}
	loop_defer(owner->prober->host->loop, &socket->hearing_on);
}

void packet_socket_hear_on(struct deferred *deferred)
{
	packet_socket_hear(container_of(deferred, struct packet_socket, hearing_on));
}
