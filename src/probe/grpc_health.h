/* A health check of grpc.health.v1 as one call: its request, and what the answer comes to. What the
 * transport, the call and the service say of themselves is told apart. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/talk.h"
#include "proto/grpc.h"

/* A HealthCheckResponse has two bytes; what a later version adds beyond these is not looked at. */
#define HEALTH_MESSAGE_MAX 32
#define GRPC_MESSAGE_MAX   96

/* All zero at the start of a call. */
struct grpc_health_answer {
	struct grpc_frames frames;
	uint8_t message[HEALTH_MESSAGE_MAX];
	uint8_t message_size;
	bool has_status;
	uint32_t status;             /* of the call */
	char text[GRPC_MESSAGE_MAX]; /* that comes with it; "": none */
	char why[PROBE_WHY_BYTES];
};

void grpc_health_field(struct grpc_health_answer *answer, const char *name, size_t name_size,
		       const char *value, size_t value_size);
void grpc_health_body(struct grpc_health_answer *answer, const uint8_t *data, size_t size);
/* The call has ended, with HTTP's `status`. */
void grpc_health_end(struct grpc_health_answer *answer, struct talk *talk, uint32_t status);
