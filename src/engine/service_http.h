/* The parts of service http: what it keeps of a connection from the beginning of a request to the
 * end of its answer, and how requests turn into answers. */
#pragma once

#include "engine/http_route.h"
#include "engine/service_connection.h"
#include "proto/http1.h"

struct service_http {
	struct service_protocol protocol;
	struct http1 http;
	struct backlog input; /* what came while an answer waited */
	struct http_route route;
	uint64_t body_bytes;    /* of the request under way */
	uint64_t zeros;         /* that are still to be sent */
	uint64_t due_ns;        /* of an answer that waits for its time; 0: none does */
	uint64_t head_since_ns; /* of a head that has come in part; 0: none has */
	uint64_t moved_bytes;   /* sent, when the clock was looked at last */
	uint32_t unsent;        /* answers that are complete but may not have left */
	uint8_t held_bytes;     /* of HTTP/2's preface, as far as it has come and nothing else */
	bool is_http1;          /* what has come is none */
	bool is_asked;          /* the request under way is counted */
	bool is_head;           /* it is a HEAD */
	bool is_answering;      /* the head of the answer is written */
	bool is_chunked;        /* the request, and so its echo */
	bool is_old;
	bool is_last; /* the connection ends behind this answer */
	bool is_over; /* and it is complete: nothing is read any more */
};
static_assert(sizeof(struct service_http) <= SERVICE_PROTOCOL_BYTES, "memory of a connection");

/* The answers to what has come, until they are sent. */
struct http_output {
	uint8_t *bytes;
	size_t size;
};

/* Room that any event finds in the output: what was read, as a chunk, or a head with a short text,
 * or with so many zeros; more of them have their time. */
#define SERVICE_HTTP_READ_BYTES BACKLOG_CHUNK_BYTES
#define SERVICE_HTTP_ZEROS      (64 * 1024)
#define SERVICE_HTTP_EVENT_BYTES \
	(SERVICE_HTTP_READ_BYTES + HTTP_ANSWER_HEAD_MAX + 512 + SERVICE_HTTP_ZEROS)

/* The timers of all connections that wait for a request: end those that have done so for too long.
 */
void service_http_end_fresh(struct timer *timer);
void service_http_end_rests(struct timer *timer);

struct service_http *service_http_of(const struct service_connection *connection);
/* An answer is not complete before these are sent, or this moment has come. */
bool service_http_is_waiting(const struct service_http *http);
/* Before anything is added. */
void service_http_prepare(struct service_connection *connection);
/* Adds what an event of the request calls for. */
void service_http_note(struct service_connection *connection, const struct http1_event *event,
		       struct http_output *out);
/* Adds the answer whose moment has come. */
void service_http_add_due(struct service_connection *connection, struct http_output *out);
/* Adds the last answer; `sentence` behind "the client ", NULL: the status says it. */
void service_http_refuse(struct service_connection *connection, uint16_t status,
			 const char *sentence, struct http_output *out);
/* The zeros are sent. */
void service_http_end_answer(struct service_http *http);
