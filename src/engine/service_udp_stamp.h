/* The service stamp: a reflector of STAMP and TWAMP-light (proto/stamp_wire.h). An answer says when
 * its request came, by the kernel's stamp, and when it leaves. Whom it doesn't answer is counted:
 * who is on no list, who has not the key, and a reflector's own port, since two could answer each
 * other for ever. Answers are as long as their requests, but for TWAMP-light's shortest. */
#pragma once

#include "engine/service_udp.h"

struct stamp_service;

/* -ENOMEM. */
nodiscard int stamp_service_new(struct worker *worker, struct stamp_service **ret);
void stamp_service_free(struct stamp_service *service);
/* Queues answers to what has arrived. */
void stamp_service_take(struct stamp_service *service, struct service_socket *place,
			const struct datagram *batch, int count, uint64_t now_ns);
/* Those queued leave now. */
void stamp_service_finish(struct stamp_service *service, struct service_socket *place);
/* The first `count` of them left. */
void stamp_service_sent(struct stamp_service *service, struct service_socket *place, int count);
