/* UDP echoes: echo+udp://, traffic+udp://, and udp:// of whoever echoes there. A cookie, the serial
 * number and a pattern go out and are to come back; over the first 64 bytes `traffic` writes the
 * name of its host. */
#include <string.h>

#include "probe/kinds.h"
#include "probe/packet_payload.h"
#include "probe/packet_prober.h"
#include "proto/traffic_wire.h"

/* What a datagram of UDP over IPv4 holds at most. */
#define BYTES_MAX 65507

static size_t name_bytes(const struct packet_prober *owner)
{
	return owner->prober->target->uri.service == SERVICE_TRAFFIC ? WIRE_NAME_BYTES : 0;
}

static size_t write_echo(const struct packet_look *look, uint8_t *out)
{
	const struct packet_prober *owner = look->owner;
	size_t name = name_bytes(owner);
	memset(out, 0, name);
	packet_payload_write(look, out + name, owner->payload_bytes - name);
	return owner->payload_bytes;
}

static bool read_echo(const struct packet_socket *socket, const uint8_t *data, size_t size,
		      uint64_t *ret_serial)
{
	const struct packet_prober *owner = socket->owner;
	size_t name = name_bytes(owner);
	return size >= name && packet_payload_read(owner, data + name, size - name, ret_serial);
}

static bool hear_echo(struct packet_look *look, const uint8_t *data, size_t size, uint64_t at_ns)
{
	packet_payload_judge(look, data, size, name_bytes(look->owner), at_ns);
	return true;
}

static void wonder(struct packet_look *look, const uint8_t *data, size_t size, uint64_t at_ns)
{
	(void)hear_echo(look, data, size, at_ns);
}

static const struct packet_kind echo = {
	.transport = &datagram_udp,
	.bytes_min = PACKET_PAYLOAD_MIN,
	.bytes_usual = 64,
	.bytes_max = BYTES_MAX,
	.write = write_echo,
	.read = read_echo,
	.read_quote = read_echo,
	.hear = hear_echo,
	.wonder = wonder,
};

static const struct packet_kind traffic = {
	.transport = &datagram_udp,
	.bytes_min = WIRE_NAME_BYTES + PACKET_PAYLOAD_MIN,
	.bytes_usual = 128,
	.bytes_max = BYTES_MAX,
	.write = write_echo,
	.read = read_echo,
	.read_quote = read_echo,
	.hear = hear_echo,
	.wonder = wonder,
};

static int open_echo(struct prober *prober, struct error *error)
{
	bool is_traffic = prober->target->uri.service == SERVICE_TRAFFIC;
	return packet_open(prober, is_traffic ? &traffic : &echo, error);
}

const struct prober_kind prober_udp_echo = {
	.name = "udp echo",
	.open = open_echo,
	.close = packet_close,
	.start = packet_start,
	.give_up = packet_give_up,
};
