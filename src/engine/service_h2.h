/* The parts of the services h2c and grpc, and of http where a client speaks HTTP/2: what is kept of
 * a connection and of each request, and how requests turn into answers. */
#pragma once

#include "base/buffer.h"
#include "engine/http_reply.h"
#include "engine/service_connection.h"
#include "proto/grpc.h"
#include "proto/h2.h"

struct service_h2 {
	struct service_protocol protocol;
	struct h2 *h2;
	struct list requests;
	uint64_t part_since_ns; /* of a frame that has come in part; 0: none has */
	uint64_t moved_bytes;   /* sent, when the clock was looked at last */
	uint32_t unsent;        /* answers that are complete but may not have left */
	bool is_grpc;           /* answers calls of gRPC, and nothing else */
	bool is_pinged;
	bool is_parting; /* it drains, and the client knows */
};
static_assert(sizeof(struct service_h2) <= SERVICE_PROTOCOL_BYTES, "memory of a connection");

enum service_h2_call {
	SERVICE_H2_ROUTE, /* plain HTTP */
	SERVICE_H2_CHECK,
	SERVICE_H2_WATCH,
	SERVICE_H2_ECHO,
};

#define SERVICE_H2_PATH_MAX 128 /* longer ones lead nowhere */
struct service_h2_request {
	struct list node;
	struct service_connection *connection;
	int32_t id;
	/* As it is asked. */
	char method[8];
	char path[SERVICE_H2_PATH_MAX];
	uint64_t length; /* of its body, as its head says */
	uint64_t timeout_ns;
	bool has_length;
	bool has_timeout;
	bool is_grpc; /* its content is */
	bool wants_continue;
	bool is_expecting_more; /* than that */
	/* As it is answered. */
	enum service_h2_call call;
	struct http_route route;
	uint64_t body_bytes; /* of the request */
	uint64_t zeros;      /* of the answer, that are still to be sent */
	struct buffer body;  /* the rest of it, */
	size_t body_sent;    /* of which so much has gone */
	struct grpc_frames frames;
	uint64_t due_ns;      /* the answer waits for its time; 0: it does not */
	uint64_t deadline_ns; /* of a call; 0: it has none */
	uint8_t grpc_status;
	const char *grpc_message;
	bool is_echoing;   /* the answer is the body of the request */
	bool has_answered; /* the answer's head is given */
	bool is_complete;  /* nothing will be added to the answer */
};
static_assert(sizeof(struct service_h2_request) <= SERVICE_REQUEST_BYTES, "memory of a request");

/* The connection speaks HTTP/2 from its first byte, of which these have come: its next state. What
 * it had of another protocol is gone. */
const struct service_state *service_h2_take_over(struct service_connection *connection,
						 const uint8_t *data, size_t size);

/* ---- what the parts have in common */

struct service_h2 *service_h2_of(const struct service_connection *connection);
extern const struct h2_handler service_h2_handler; /* its owner is the connection */
/* Gives the answer's head: common fields and these. */
void service_h2_head(struct service_h2_request *request, uint16_t status,
		     const struct h2_field *fields, size_t count);
/* Adds to the answer's body. */
void service_h2_keep(struct service_h2_request *request, const void *data, size_t size);
/* Something was added to the answer's body, or it is complete. */
void service_h2_go_on(struct service_h2_request *request);
/* A plain answer that is no more than a status. */
void service_h2_refuse(struct service_h2_request *request, uint16_t status);
/* The moment has come for which the answer, or its deadline, waited. */
void service_h2_act_due(struct service_h2_request *request, uint64_t now_ns);

/* ---- calls of gRPC (service_grpc.c) */

void service_grpc_head(struct service_h2_request *request);
void service_grpc_body(struct service_h2_request *request, const uint8_t *data, size_t size);
void service_grpc_end(struct service_h2_request *request);
void service_grpc_late(struct service_h2_request *request);
/* It watches, and the server goes. */
void service_grpc_part(struct service_h2_request *request);
/* Behind the body. */
void service_grpc_trailers(struct service_h2_request *request);
