/* Asks the control service of a peer (proto/control.h): any number of questions on one connection,
 * answered in their order. On the owner's loop; time limits are the owner's. */
#pragma once

#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "net/stream.h"
#include "proto/control.h"

struct control_client;

struct control_client_events {
	/* The answer to the question that is next, without its end. May close the client. */
	void (*heard)(struct control_client *client, const char *line, size_t size);
	/* No more will come: -errno; -EPROTO: a line that is too long; -ENODATA: the peer ended.
	 * The client is closed. */
	void (*failed)(struct control_client *client, int code);
};

/* Embedded in its owner; zeroed before control_client_open(). */
struct control_client {
	struct stream stream;
	const struct control_client_events *events;
	struct buffer questions; /* those not yet sent, from `sent` on */
	size_t sent;
	char *line; /* CONTROL_ANSWER_MAX */
	size_t used;
	bool is_connected;
};

/* -errno if it could not even start; then it is closed. */
nodiscard int control_client_open(struct control_client *client,
				  const struct control_client_events *events,
				  const struct stream_transport *transport, struct loop *loop,
				  const struct stream_connect *connect);
/* At once, or as soon as it is connected. */
void control_client_ask(struct control_client *client, const struct control_question *question);
/* Harmless on a closed or zeroed one. */
void control_client_close(struct control_client *client);
