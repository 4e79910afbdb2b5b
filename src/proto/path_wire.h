/* The wire that asks how large a packet may be: datagrams of the service traffic (traffic_wire.h),
 * whose first 64 bytes are the server's name as ever. Our serve answers a probe of any size with
 * 152 bytes that tell the size it received, so that only the way there is in question; a foreign
 * one echoes it whole, which `received` of 0 tells. No I/O, no answer larger than what asks.
 *
 * Big-endian, behind the name:
 *   64 magic | 68 kind | 72 number | 80 run | 84 payload bytes received | 88 cookie, 16 bytes |
 *   104 the sender as the server sees it | 128 the server as the sender reaches it
 * An endpoint: 16 bytes address | 4 scope | 2 port | 2 family (4 or 6).
 *
 * The way back is tried by whoever proves with the cookie that these two endpoints are his path,
 * through the service control (control.h). Then the server sends BACK. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/endpoint.h"

#define PATH_WIRE_BYTES   152
#define PATH_WIRE_MAGIC   UINT32_C(0x434e5421)
#define PATH_COOKIE_BYTES 16

enum path_wire_kind {
	PATH_WIRE_PROBE = 1, /* how many bytes is this? */
	PATH_WIRE_ANSWER,    /* so many */
	PATH_WIRE_BACK,      /* sent on demand, any size; nothing answers it */
	PATH_WIRE_KIND_END,
};

struct path_wire {
	enum path_wire_kind kind;
	uint64_t number;
	uint32_t run;      /* of the sender: answers to another run of his are none */
	uint32_t received; /* payload bytes; 0 in a probe */
	uint8_t cookie[PATH_COOKIE_BYTES];
	struct endpoint sender;
	struct endpoint server;
};

/* The first 152 bytes of a datagram but the name, which becomes zeros. */
void path_wire_write(uint8_t head[PATH_WIRE_BYTES], const struct path_wire *from);
/* False where it is none of ours. */
bool path_wire_read(const uint8_t *data, size_t size, struct path_wire *ret);
