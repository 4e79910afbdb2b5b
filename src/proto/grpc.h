/* gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md): the five bytes before each message, deadlines,
 * status words; and the messages of grpc.health.v1. No I/O. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct error;

#define GRPC_PREFIX_BYTES 5

enum grpc_status {
	GRPC_OK = 0,
	GRPC_CANCELLED = 1,
	GRPC_UNKNOWN = 2,
	GRPC_INVALID_ARGUMENT = 3,
	GRPC_DEADLINE_EXCEEDED = 4,
	GRPC_NOT_FOUND = 5,
	GRPC_RESOURCE_EXHAUSTED = 8,
	GRPC_UNIMPLEMENTED = 12,
	GRPC_INTERNAL = 13,
	GRPC_UNAVAILABLE = 14,
};
/* "14" of a field grpc-status. False: it is none. */
bool grpc_parse_status(const char *text, size_t size, uint32_t *ret);
/* "100m" of a field grpc-timeout. False: it is none. */
bool grpc_parse_timeout(const char *text, size_t size, uint64_t *ret_ns);

/* The text of a field grpc-message, without its percent-encoding, cut to `room`, which has at least
 * one byte: UTF-8, with '?' for what is none and for control characters. */
void grpc_decode_message(const char *text, size_t size, char *ret, size_t room);

/* The prefix of a message that is not compressed. */
void grpc_write_prefix(uint8_t prefix[GRPC_PREFIX_BYTES], uint32_t message_bytes);

/* Tells messages apart; all zero at the start. */
struct grpc_frames {
	uint32_t left;     /* of the message under way */
	uint32_t messages; /* begun: their prefix is whole */
	uint8_t prefix[GRPC_PREFIX_BYTES];
	uint8_t prefix_size;
	bool is_compressed; /* one was */
};
/* Takes bytes up to the end of a prefix or of a message; what of them belongs to a message is told.
 * Returns how many. */
size_t grpc_frames_read(struct grpc_frames *frames, const uint8_t *data, size_t size,
			const uint8_t **ret_message, size_t *ret_message_size);
/* What has come are whole messages. */
bool grpc_frames_are_whole(const struct grpc_frames *frames);

/* ---- grpc.health.v1 */

enum grpc_health {
	GRPC_HEALTH_UNKNOWN = 0,
	GRPC_HEALTH_SERVING = 1,
	GRPC_HEALTH_NOT_SERVING = 2,
	GRPC_HEALTH_SERVICE_UNKNOWN = 3, /* of Watch */
};
#define GRPC_HEALTH_CHECK "/grpc.health.v1.Health/Check"
#define GRPC_HEALTH_WATCH "/grpc.health.v1.Health/Watch"
/* Our own: answers with the message that it was asked with, whatever that is. */
#define GRPC_ECHO "/conntest.Echo/Echo"
/* "NOT_SERVING"; "a status of its own" beyond. */
const char *grpc_health_name(uint32_t health);

#define GRPC_SERVICE_NAME_MAX 256
/* Whether a target's path names a service that can be asked for: a longer name would be another's.
 */
nodiscard int grpc_check_service(const char *path, struct error *error);
/* A request for this service, of less than GRPC_SERVICE_NAME_MAX bytes, with its prefix. Returns
 * how many bytes. */
#define GRPC_HEALTH_REQUEST_MAX (GRPC_PREFIX_BYTES + 3 + GRPC_SERVICE_NAME_MAX)
size_t grpc_write_health_request(const char *service, uint8_t out[GRPC_HEALTH_REQUEST_MAX]);
/* An answer with its prefix. */
#define GRPC_HEALTH_RESPONSE_BYTES (GRPC_PREFIX_BYTES + 2)
void grpc_write_health_response(enum grpc_health health, uint8_t out[GRPC_HEALTH_RESPONSE_BYTES]);
/* Of messages without their prefix; unknown fields are skipped. False: they are broken, or a name
 * does not fit. */
bool grpc_read_health_request(const uint8_t *data, size_t size,
			      char service[GRPC_SERVICE_NAME_MAX]);
bool grpc_read_health_response(const uint8_t *data, size_t size, uint32_t *ret_health);
