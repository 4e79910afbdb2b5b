/* The service source over datagrams: sends as many as a client asks for, evenly, after a cookie
 * round trip has shown that it is where it says (proto/source_wire.h), and only as long as it goes
 * on asking. Nothing is remembered of who has no valid cookie. One worker. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "engine/worker.h"
#include "net/datagram.h"

/* Who asks while so many are served is not answered. */
#define SOURCE_FLOWS_MAX    256
#define SOURCE_SECRET_BYTES 32

struct source_service;

/* `secret` is the process's, and outlives it. -ENOMEM. */
nodiscard int source_service_new(struct worker *worker, const uint8_t secret[SOURCE_SECRET_BYTES],
				 struct source_service **ret);
void source_service_free(struct source_service *service);
/* True: `message` became the answer to what arrived in it; false: there is none. */
bool source_service_take(struct source_service *service, struct datagram_socket *socket,
			 struct datagram *message);
/* Sends nothing more. */
void source_service_stop(struct source_service *service);
