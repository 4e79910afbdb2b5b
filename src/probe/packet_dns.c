/* Questions to a DNS server over UDP; one whose answer was cut there is asked again over TCP, which
 * is the transfer phase of its look. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "probe/dns_look.h"
#include "probe/kinds.h"
#include "probe/packet_prober.h"

#define RETRIES_A_CHUNK 4

struct dns_prober {
	struct packet_prober *packets;
	struct dns_question question;
	uint16_t secret; /* so that ids are not what anybody would guess */
	/* Over TCP: a prober of its own, at the address that has answered. */
	struct prober tcp;
	struct probe_target tcp_target;
	struct probe_host tcp_host;
	char tcp_address[ENDPOINT_TEXT_MAX];
	struct slab retries;
};

struct dns_retry {
	struct probe probe;
	struct packet_look *look; /* NULL: nobody wants to know any more */
};

static const struct dns_question *question_of(const struct packet_look *look)
{
	struct dns_prober *dns = look->owner->own;
	dns->question.id = (uint16_t)look->serial ^ dns->secret;
	return &dns->question;
}

static size_t write_question(const struct packet_look *look, uint8_t *out)
{
	return dns_write_query(question_of(look), out);
}

static uint64_t serial_of(const struct packet_socket *socket, uint16_t id)
{
	const struct dns_prober *dns = socket->owner->own;
	return packet_window_widen(socket->owner, id ^ dns->secret);
}

static bool is_in_flight(const struct packet_socket *socket, uint64_t serial)
{
	const struct packet_look *look = packet_window_find(socket->owner, serial);
	return look && look->socket == socket;
}

static bool read_answer(const struct packet_socket *socket, const uint8_t *data, size_t size,
			uint64_t *ret_serial)
{
	uint16_t id;
	if (!dns_read_id(data, size, &id))
		return false;
	*ret_serial = serial_of(socket, id);
	return is_in_flight(socket, *ret_serial);
}

static bool read_quote(const struct packet_socket *socket, const uint8_t *data, size_t size,
		       uint64_t *ret_serial)
{
	if (size < 2)
		return false;
	*ret_serial = serial_of(socket, get_u16(data));
	return true;
}

/* ---- over TCP ---- */

static void end_retried(struct packet_look *look, const struct probe_result *told, uint64_t at_ns)
{
	struct probe_result *result = &look->probe->result;
	char why[PROBE_WHY_BYTES + sizeof("over TCP: ")];
	look->own = NULL;
	result->status_of = told->status_of;
	result->status = told->status;
	result->body_bytes = told->body_bytes;
	(void)snprintf(why, sizeof(why), "over TCP%s%s", told->why[0] ? ": " : "", told->why);
	if (told->outcome == OUTCOME_DONE)
		packet_look_done(look, at_ns);
	else if (told->outcome == OUTCOME_REJECTED)
		packet_look_rejected(look, at_ns, told->why);
	else
		packet_look_failed(look, told->outcome, why);
}

static void on_retried(void *context, struct probe *probe)
{
	struct dns_prober *dns = context;
	struct dns_retry *retry = container_of(probe, struct dns_retry, probe);
	if (retry->look)
		end_retried(retry->look, &probe->result, loop_read_clock(dns->tcp_host.loop));
	slab_put(&dns->retries, retry);
}

static int open_tcp(struct dns_prober *dns)
{
	if (dns->tcp.kind)
		return 0;
	const struct prober *prober = dns->packets->prober;
	dns->tcp_host = (struct probe_host){ .loop = prober->host->loop,
					     .done = on_retried,
					     .context = dns };
	dns->tcp_target = *prober->target;
	dns->tcp_target.uri.transport = TRANSPORT_TCP;
	dns->tcp_target.is_kept = false;
	dns->tcp_target.connect_host = dns->tcp_address;
	int result = prober_open(&dns->tcp, &dns->tcp_host, prober->index, &dns->tcp_target, NULL);
	if (result < 0)
		dns->tcp.kind = NULL;
	return result;
}

static void retry_over_tcp(struct packet_look *look, uint64_t at_ns)
{
	struct dns_prober *dns = look->owner->own;
	int result = open_tcp(dns);
	struct dns_retry *retry = result < 0 ? NULL : slab_take(&dns->retries);
	probe_end_phase(look->probe, at_ns);
	if (!retry) {
		packet_look_failed(look, OUTCOME_NO_MEMORY, "to ask over TCP");
		return;
	}
	endpoint_format_address(&look->socket->remote, dns->tcp_address);
	dns->tcp_target.connect_port = look->socket->remote.port;
	(void)snprintf(look->probe->result.protocol, sizeof(look->probe->result.protocol), "tcp");
	look->note = "its answer was too large for UDP, and TCP brought none";
	retry->look = look;
	look->own = retry;
	probe_init(&retry->probe, dns);
	prober_start(&dns->tcp, &retry->probe, look->number, look->probe->result.due_ns,
		     look->probe->deadline.at_ns);
}

static void give_up(struct packet_look *look)
{
	struct dns_retry *retry = look->own;
	if (retry)
		retry->look = NULL; /* its own deadline is the same */
	look->own = NULL;
}

/* ---- over UDP ---- */

static bool hear_answer(struct packet_look *look, const uint8_t *data, size_t size, uint64_t at_ns)
{
	const struct dns_question *question = question_of(look);
	struct dns_answer answer;
	char why[PROBE_WHY_BYTES];
	enum dns_verdict verdict = dns_read_answer(question, data, size, &answer);
	if (verdict == DNS_IS_OF_OTHER_QUESTION) {
		look->note = "an answer to another question came";
		return false;
	}
	if (verdict != DNS_IS_ANSWER)
		packet_look_failed(look, OUTCOME_PROTOCOL, dns_verdict_text(verdict));
	else if (answer.is_truncated)
		retry_over_tcp(look, at_ns);
	else if (dns_look_judge(packet_target(look), question, &answer, &look->probe->result, why))
		packet_look_done(look, at_ns);
	else
		packet_look_rejected(look, at_ns, why);
	return true;
}

static void wonder(struct packet_look *look, const uint8_t *data, size_t size, uint64_t at_ns)
{
	uint16_t id;
	(void)at_ns;
	look->note = dns_read_id(data, size, &id) ? "an answer with another id came"
						  : "something came that is no answer";
}

/* ---- the kind ---- */

static int open_dns(struct packet_prober *owner, struct error *error)
{
	struct dns_prober *dns = calloc(1, sizeof(*dns));
	if (!dns)
		return error_set(error, ENOMEM, "out of memory");
	owner->own = dns;
	dns->packets = owner;
	memcpy(&dns->secret, owner->cookie, sizeof(dns->secret));
	slab_init(&dns->retries, sizeof(struct dns_retry), RETRIES_A_CHUNK);
	return dns_look_question(owner->prober->target, error, &dns->question);
}

static void close_dns(struct packet_prober *owner)
{
	struct dns_prober *dns = owner->own;
	if (!dns)
		return;
	prober_close(&dns->tcp);
	slab_deinit(&dns->retries);
	free(dns);
}

static const struct packet_kind dns = {
	.transport = &datagram_udp,
	.head_bytes = DNS_QUERY_MAX,
	/* More than is asked for: what sends more is heard, too. */
	.room_bytes = 4096,
	.open = open_dns,
	.close = close_dns,
	.write = write_question,
	.read = read_answer,
	.read_quote = read_quote,
	.hear = hear_answer,
	.wonder = wonder,
	.give_up = give_up,
};

static int open_prober(struct prober *prober, struct error *error)
{
	return packet_open(prober, &dns, error);
}

const struct prober_kind prober_dns = {
	.name = "dns",
	.open = open_prober,
	.close = packet_close,
	.start = packet_start,
	.give_up = packet_give_up,
};
