/* The stream side of `serve` in one worker: listeners, accepting within limits, draining. */
#pragma once

#include "engine/service_connection.h"

struct service_tcp;

struct service_listener {
	struct listener listener;
	struct service_tcp *owner;
	const struct service_state *state; /* of a new connection */
	uint32_t index;                    /* in plan->serve.listen */
	struct deferred accept_on;         /* more wait than one turn takes */
	struct timer accept_again;         /* after what time may cure */
};

struct service_tcp {
	struct service_connections connections;
	struct service_listener listeners[PLAN_LISTEN_MAX];
	unsigned listener_count;
	uint64_t connections_max;
	int reserve_fd; /* given up for a moment to turn a client away when descriptors are out */
	struct timer drain;
};

void service_tcp_init(struct service_tcp *tcp, struct worker *worker,
		      struct service_shared *shared);
/* Closes what is open. */
void service_tcp_deinit(struct service_tcp *tcp);
/* Opens plan->serve.listen[index] on `port`; 0: the kernel's choice, told in `ret_port`. -errno. */
nodiscard int service_tcp_listen(struct service_tcp *tcp, uint32_t index, uint16_t port,
				 uint16_t *ret_port);
/* Takes in all who wait, closes the listeners and ends each connection at a message boundary with
 * nothing unread, until service_tcp_close(). worker_check() when the last is gone. */
void service_tcp_drain(struct service_tcp *tcp);
bool service_tcp_is_drained(const struct service_tcp *tcp);
/* Closes everything at once; what is not drained is cut off. */
void service_tcp_close(struct service_tcp *tcp);
