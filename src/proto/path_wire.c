#include "proto/path_wire.h"

#include <string.h>

#include "base/big_endian.h"

#define MAGIC_AT    64
#define KIND_AT     68
#define NUMBER_AT   72
#define RUN_AT      80
#define RECEIVED_AT 84
#define COOKIE_AT   88
#define SENDER_AT   104
#define SERVER_AT   128

#define FAMILY_IPV4 4
#define FAMILY_IPV6 6

static void write_endpoint(uint8_t *place, const struct endpoint *endpoint)
{
	uint32_t family = endpoint->family == AF_INET6  ? FAMILY_IPV6
			  : endpoint->family == AF_INET ? FAMILY_IPV4
							: 0;

	memcpy(place, endpoint->address, sizeof(endpoint->address));
	put_u32(place + 16, endpoint->scope);
	put_u32(place + 20, (uint32_t)endpoint->port << 16 | family);
}

static struct endpoint read_endpoint(const uint8_t *place)
{
	uint32_t port_and_family = get_u32(place + 20);
	uint16_t family = port_and_family & 0xffff;
	struct endpoint endpoint = {
		.scope = get_u32(place + 16),
		.port = (uint16_t)(port_and_family >> 16),
		.family = family == FAMILY_IPV6   ? AF_INET6
			  : family == FAMILY_IPV4 ? AF_INET
						  : 0,
	};

	memcpy(endpoint.address, place, sizeof(endpoint.address));
	return endpoint.family == 0 ? (struct endpoint){ 0 } : endpoint;
}

void path_wire_write(uint8_t head[PATH_WIRE_BYTES], const struct path_wire *from)
{
	memset(head, 0, MAGIC_AT);
	put_u32(head + MAGIC_AT, PATH_WIRE_MAGIC);
	put_u32(head + KIND_AT, (uint32_t)from->kind);
	put_u64(head + NUMBER_AT, from->number);
	put_u32(head + RUN_AT, from->run);
	put_u32(head + RECEIVED_AT, from->received);
	memcpy(head + COOKIE_AT, from->cookie, PATH_COOKIE_BYTES);
	write_endpoint(head + SENDER_AT, &from->sender);
	write_endpoint(head + SERVER_AT, &from->server);
}

bool path_wire_read(const uint8_t *data, size_t size, struct path_wire *ret)
{
	if (size < PATH_WIRE_BYTES || get_u32(data + MAGIC_AT) != PATH_WIRE_MAGIC)
		return false;
	uint32_t kind = get_u32(data + KIND_AT);
	if (kind < PATH_WIRE_PROBE || kind >= PATH_WIRE_KIND_END)
		return false;
	*ret = (struct path_wire){
		.kind = (enum path_wire_kind)kind,
		.number = get_u64(data + NUMBER_AT),
		.run = get_u32(data + RUN_AT),
		.received = get_u32(data + RECEIVED_AT),
		.sender = read_endpoint(data + SENDER_AT),
		.server = read_endpoint(data + SERVER_AT),
	};
	memcpy(ret->cookie, data + COOKIE_AT, PATH_COOKIE_BYTES);
	return true;
}
