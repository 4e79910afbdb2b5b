/* ICMP echoes. An answer is known by its id, which is the socket's, by the cookie in its payload
 * where there is room for one, and by its sequence number. */
#include <errno.h>

#include "probe/kinds.h"
#include "probe/packet_payload.h"
#include "probe/packet_prober.h"
#include "proto/icmp.h"

/* Of IPv4 without options. */
#define BYTES_MAX (65535 - 20 - ICMP_HEADER_BYTES)

static uint16_t family_of(const struct packet_look *look)
{
	return look->socket->remote.family;
}

static size_t write_request(const struct packet_look *look, uint8_t *out)
{
	size_t payload = look->owner->payload_bytes;
	size_t size = ICMP_HEADER_BYTES + payload;
	packet_payload_write(look, out + ICMP_HEADER_BYTES, payload);
	icmp_write_request(family_of(look), look->socket->socket.local.port, (uint16_t)look->serial,
			   out, size);
	return size;
}

/* By the sequence number alone where the payload has no room for more, or is not quoted. */
static bool read_message(const struct packet_socket *socket, const struct icmp_message *message,
			 uint64_t *ret_serial)
{
	const struct packet_prober *owner = socket->owner;
	if (message->id != socket->socket.local.port)
		return false;
	if (message->body_size >= PACKET_PAYLOAD_MIN)
		return packet_payload_read(owner, message->body, message->body_size, ret_serial);
	*ret_serial = packet_window_widen(owner, message->sequence);
	return true;
}

static bool read_quote(const struct packet_socket *socket, const uint8_t *data, size_t size,
		       uint64_t *ret_serial)
{
	struct icmp_message message;
	return icmp_read(socket->remote.family, data, size, &message) &&
	       message.meaning == ICMP_MEANS_REQUEST && read_message(socket, &message, ret_serial);
}

static bool read_reply(const struct packet_socket *socket, const uint8_t *data, size_t size,
		       uint64_t *ret_serial)
{
	struct icmp_message message;
	bool is_known = socket->owner->payload_bytes >= PACKET_PAYLOAD_MIN;
	return icmp_read(socket->remote.family, data, size, &message) &&
	       message.meaning == ICMP_MEANS_REPLY &&
	       (!is_known || message.body_size >= PACKET_PAYLOAD_MIN) &&
	       read_message(socket, &message, ret_serial);
}

static bool hear_reply(struct packet_look *look, const uint8_t *data, size_t size, uint64_t at_ns)
{
	packet_payload_judge(look, data + ICMP_HEADER_BYTES, size - ICMP_HEADER_BYTES, 0, at_ns);
	return true;
}

/* Whether this process may at all is known before any name is. */
static int open_icmp(struct packet_prober *owner, struct error *error)
{
	const struct probe_target *target = owner->prober->target;
	if (target->datagram)
		return 0;
	struct endpoint numeric;
	int family = target->family ? target->family : AF_INET;
	if (resolver_parse_numeric(target->uri.host, 0, &numeric) == 0)
		family = numeric.family;
	int result = datagram_icmp_check(family);
	if (result != -EPERM)
		return 0;
	return error_set(
		error, EPERM,
		"%s: this process may not send ICMP echoes: either let its group have ping "
		"sockets (sysctl net.ipv4.ping_group_range='0 2147483647') or give the program "
		"raw ones (setcap cap_net_raw+ep); or say how to look: tcp://%s:443 or https://%s",
		target->uri.text, target->uri.host, target->uri.host);
}

static const struct packet_kind icmp = {
	.transport = &datagram_icmp,
	.bytes_usual = 56,
	.bytes_max = BYTES_MAX,
	.head_bytes = ICMP_HEADER_BYTES,
	.open = open_icmp,
	.write = write_request,
	.read = read_reply,
	.read_quote = read_quote,
	.hear = hear_reply,
};

static int open_prober(struct prober *prober, struct error *error)
{
	return packet_open(prober, &icmp, error);
}

const struct prober_kind prober_icmp = {
	.name = "icmp",
	.open = open_prober,
	.close = packet_close,
	.start = packet_start,
	.give_up = packet_give_up,
};
