/* See ip_packet.h. Nothing is believed of a length but that it is not more than is there. */
#include "proto/ip_packet.h"

#include <netinet/in.h>
#include <string.h>

#include "base/big_endian.h"

#define IPV4_BYTES_MIN    20
#define IPV6_BYTES        40
#define UDP_BYTES         8
#define TCP_BYTES_MIN     20
#define ECHO_BYTES        8
#define EXTENSION_UNIT    8
#define IPV4_DF           0x4000
#define IPV4_OFFSET_MASK  0x1fff
#define IPV6_OFFSET_MASK  0xfff8
#define ICMPV4_ECHO_REPLY 0
#define ICMPV4_ECHO       8
#define ICMPV6_ECHO       128
#define ICMPV6_ECHO_REPLY 129

static bool is_echo(uint8_t protocol, uint8_t type)
{
	if (protocol == IPPROTO_ICMP)
		return type == ICMPV4_ECHO || type == ICMPV4_ECHO_REPLY;
	return protocol == IPPROTO_ICMPV6 && (type == ICMPV6_ECHO || type == ICMPV6_ECHO_REPLY);
}

static void set_payload(struct ip_packet *packet, size_t header_bytes)
{
	if (packet->transport_size < header_bytes)
		return;
	packet->payload = packet->transport + header_bytes;
	packet->payload_size = packet->transport_size - header_bytes;
}

static void read_ports(struct ip_packet *packet)
{
	if (packet->transport_size < 4)
		return;
	packet->source.port = get_u16(packet->transport);
	packet->destination.port = get_u16(packet->transport + 2);
}

static void read_tcp(struct ip_packet *packet)
{
	const uint8_t *tcp = packet->transport;

	read_ports(packet);
	if (packet->transport_size >= 8)
		packet->tcp_sequence = get_u32(tcp + 4);
	if (packet->transport_size < TCP_BYTES_MIN)
		return;
	size_t header_bytes = 4 * (size_t)(tcp[12] >> 4);
	if (header_bytes >= TCP_BYTES_MIN)
		set_payload(packet, header_bytes);
}

static void read_echo(struct ip_packet *packet)
{
	if (packet->transport_size < ECHO_BYTES)
		return;
	packet->echo_id = get_u16(packet->transport + 4);
	packet->echo_sequence = get_u16(packet->transport + 6);
	set_payload(packet, ECHO_BYTES);
}

/* `size` bytes at `data` are of the protocol. */
static void read_transport(struct ip_packet *packet, const uint8_t *data, size_t size)
{
	if (size == 0)
		return;
	packet->transport = data;
	packet->transport_size = size;
	if (packet->protocol == IPPROTO_UDP) {
		read_ports(packet);
		set_payload(packet, UDP_BYTES);
	} else if (packet->protocol == IPPROTO_TCP) {
		read_tcp(packet);
	} else if (is_echo(packet->protocol, data[0])) {
		read_echo(packet);
	}
}

static bool read_ipv4(const uint8_t *data, size_t size, struct ip_packet *ret)
{
	if (size < IPV4_BYTES_MIN)
		return false;
	size_t header_bytes = 4 * (size_t)(data[0] & 0xf);
	uint16_t flags = get_u16(data + 6);
	*ret = (struct ip_packet){
		.source.family = AF_INET,
		.destination.family = AF_INET,
		.protocol = data[9],
		.ttl = data[8],
		.tos = data[1],
		.id = get_u16(data + 4),
		.is_whole = (flags & IPV4_DF) != 0,
		.bytes = get_u16(data + 2),
	};
	memcpy(ret->source.address, data + 12, 4);
	memcpy(ret->destination.address, data + 16, 4);
	if (header_bytes < IPV4_BYTES_MIN || header_bytes > size)
		return false;
	/* Some systems quote packets with a length of 0, or in the host's byte order. */
	size_t end = ret->bytes > header_bytes && ret->bytes < size ? ret->bytes : size;
	if ((flags & IPV4_OFFSET_MASK) == 0)
		read_transport(ret, data + header_bytes, end - header_bytes);
	return true;
}

/* The size of the extension header at `data`, 0 where `protocol` is none. */
static size_t extension_bytes(uint8_t protocol, const uint8_t *data)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return EXTENSION_UNIT * (1 + (size_t)data[1]);
	case IPPROTO_FRAGMENT:
		return EXTENSION_UNIT;
	case IPPROTO_AH:
		return 4 * (2 + (size_t)data[1]);
	default:
		return 0;
	}
}

/* Each header makes it shorter, so it ends. */
static void skip_extensions(struct ip_packet *packet, const uint8_t *data, size_t size)
{
	while (size >= EXTENSION_UNIT) {
		size_t bytes = extension_bytes(packet->protocol, data);
		if (bytes == 0)
			break;
		if (packet->protocol == IPPROTO_FRAGMENT) {
			packet->is_whole = false;
			if ((get_u16(data + 2) & IPV6_OFFSET_MASK) != 0)
				size = 0;
		}
		packet->protocol = data[0];
		if (bytes > size)
			return;
		data += bytes;
		size -= bytes;
	}
	if (extension_bytes(packet->protocol, (const uint8_t[EXTENSION_UNIT]){ 0 }) == 0)
		read_transport(packet, data, size);
}

static bool read_ipv6(const uint8_t *data, size_t size, struct ip_packet *ret)
{
	if (size < IPV6_BYTES)
		return false;
	*ret = (struct ip_packet){
		.source.family = AF_INET6,
		.destination.family = AF_INET6,
		.protocol = data[6],
		.ttl = data[7],
		.tos = (uint8_t)(get_u16(data) >> 4),
		.is_whole = true,
		.bytes = IPV6_BYTES + (uint32_t)get_u16(data + 4),
	};
	memcpy(ret->source.address, data + 8, 16);
	memcpy(ret->destination.address, data + 24, 16);
	size_t end = ret->bytes > IPV6_BYTES && ret->bytes < size ? ret->bytes : size;
	skip_extensions(ret, data + IPV6_BYTES, end - IPV6_BYTES);
	return true;
}

bool ip_packet_read(const uint8_t *data, size_t size, struct ip_packet *ret)
{
	*ret = (struct ip_packet){ 0 };
	if (size == 0)
		return false;
	if (data[0] >> 4 == 4)
		return read_ipv4(data, size, ret);
	return data[0] >> 4 == 6 && read_ipv6(data, size, ret);
}
