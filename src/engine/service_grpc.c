/* Calls of gRPC: grpc.health.v1 Check and Watch, and a unary echo. What a call comes to stands in
 * its trailers; a call that comes to nothing is answered with these alone. */
#include <stdio.h>
#include <string.h>

#include "engine/service_h2.h"

/* A request for a health is a name, and what a later version may add. */
#define REQUEST_BYTES_MAX ((size_t)4 * GRPC_SERVICE_NAME_MAX)
#define HEALTH_NONE       GRPC_HEALTH_SERVICE_UNKNOWN

static const struct plan_serve *serve_of(const struct service_h2_request *request)
{
	return &request->connection->owner->worker->plan->serve;
}

static struct h2 *h2_of(const struct service_h2_request *request)
{
	return service_h2_of(request->connection)->h2;
}

/* ---- answers */

#define STATUS_FIELDS 2

static size_t status_fields(const struct service_h2_request *request, char text[4],
			    struct h2_field fields[STATUS_FIELDS])
{
	(void)snprintf(text, 4, "%u", request->grpc_status);
	fields[0] = (struct h2_field){ "grpc-status", text, 11, strlen(text) };
	if (request->grpc_message == NULL)
		return 1;
	fields[1] = (struct h2_field){ "grpc-message", request->grpc_message, 12,
				       strlen(request->grpc_message) };
	return 2;
}

static void begin_answer(struct service_h2_request *request)
{
	static const struct h2_field type = { "content-type", "application/grpc", 12, 16 };

	service_h2_head(request, 200, &type, 1);
}

/* All is said. */
static void finish(struct service_h2_request *request, enum grpc_status status, const char *message)
{
	struct h2_field fields[1 + STATUS_FIELDS] = { { "content-type", "application/grpc", 12,
							16 } };
	char text[4];

	if (request->is_complete)
		return;
	request->is_complete = true;
	request->deadline_ns = 0;
	request->grpc_status = (uint8_t)status;
	request->grpc_message = message;
	if (request->has_answered) {
		service_h2_go_on(request);
		return;
	}
	buffer_clear(&request->body);
	service_h2_head(request, 200, fields, 1 + status_fields(request, text, fields + 1));
}

void service_grpc_trailers(struct service_h2_request *request)
{
	struct h2_field fields[STATUS_FIELDS];
	char text[4];

	if (h2_trailers(h2_of(request), request->id, fields, status_fields(request, text, fields)) <
	    0)
		h2_reset(h2_of(request), request->id, H2_CANCEL);
}

/* ---- health */

static enum grpc_health health_of(const struct service_h2_request *request, const char *service)
{
	static const char *const own[] = { "", "grpc.health.v1.Health", "conntest.Echo" };
	const struct plan_serve *serve = serve_of(request);

	if (request->connection->owner->is_draining || serve->is_leaving)
		return GRPC_HEALTH_NOT_SERVING;
	for (uint32_t i = 0; i < serve->health_count; i++) {
		if (strcmp(serve->health[i].service, service) == 0)
			return serve->health[i].health;
	}
	for (size_t i = 0; i < array_size(own); i++) {
		if (strcmp(own[i], service) == 0)
			return GRPC_HEALTH_SERVING;
	}
	return HEALTH_NONE;
}

static void tell_health(struct service_h2_request *request, enum grpc_health health)
{
	uint8_t message[GRPC_HEALTH_RESPONSE_BYTES];

	grpc_write_health_response(health, message);
	service_h2_keep(request, message, sizeof(message));
}

static void answer_health(struct service_h2_request *request)
{
	char service[GRPC_SERVICE_NAME_MAX];

	if (!grpc_read_health_request((const uint8_t *)request->body.data, request->body.size,
				      service)) {
		finish(request, GRPC_INVALID_ARGUMENT, "not a HealthCheckRequest");
		return;
	}
	buffer_clear(&request->body);
	enum grpc_health health = health_of(request, service);
	if (request->call == SERVICE_H2_CHECK && health == HEALTH_NONE) {
		finish(request, GRPC_NOT_FOUND, "unknown service");
		return;
	}
	begin_answer(request);
	tell_health(request, health);
	if (request->call == SERVICE_H2_CHECK)
		finish(request, GRPC_OK, NULL);
}

void service_grpc_part(struct service_h2_request *request)
{
	if (request->call != SERVICE_H2_WATCH || !request->has_answered)
		return;
	tell_health(request, GRPC_HEALTH_NOT_SERVING);
	finish(request, GRPC_UNAVAILABLE, "the server is going away");
}

/* ---- calls */

static bool find_call(struct service_h2_request *request)
{
	static const struct {
		const char *path;
		enum service_h2_call call;
	} calls[] = {
		{ GRPC_HEALTH_CHECK, SERVICE_H2_CHECK },
		{ GRPC_HEALTH_WATCH, SERVICE_H2_WATCH },
		{ GRPC_ECHO, SERVICE_H2_ECHO },
	};

	for (size_t i = 0; i < array_size(calls); i++) {
		if (strcmp(calls[i].path, request->path) != 0)
			continue;
		request->call = calls[i].call;
		return true;
	}
	return false;
}

static void set_deadline(struct service_h2_request *request)
{
	struct service_connection *connection = request->connection;
	struct loop *loop = connection->owner->worker->loop;

	if (request->has_timeout)
		request->deadline_ns = loop_now(loop) + request->timeout_ns + 1;
}

void service_grpc_head(struct service_h2_request *request)
{
	if (strcmp(request->method, "POST") != 0) {
		service_h2_refuse(request, 405);
	} else if (!request->is_grpc) {
		service_h2_refuse(request, 415);
	} else if (!find_call(request)) {
		finish(request, GRPC_UNIMPLEMENTED, "unknown method");
	} else {
		set_deadline(request);
	}
}

/* Of one message that is not compressed; false: that is not what comes. */
static bool check_frames(struct service_h2_request *request)
{
	if (request->frames.is_compressed)
		finish(request, GRPC_UNIMPLEMENTED, "compressed messages are not understood");
	else if (request->frames.messages > 1)
		finish(request, GRPC_UNIMPLEMENTED, "more than one message in a call");
	return !request->is_complete;
}

static void take_message(struct service_h2_request *request, const uint8_t *data, size_t size)
{
	if (request->body.size + size > REQUEST_BYTES_MAX)
		finish(request, GRPC_RESOURCE_EXHAUSTED, "the message is too long");
	else
		buffer_append(&request->body, data, size);
}

void service_grpc_body(struct service_h2_request *request, const uint8_t *data, size_t size)
{
	bool is_echo = request->call == SERVICE_H2_ECHO && !request->is_complete;
	const uint8_t *message;
	size_t message_bytes;

	for (size_t used = 0; used < size && !request->is_complete;) {
		used += grpc_frames_read(&request->frames, data + used, size - used, &message,
					 &message_bytes);
		if (check_frames(request) && !is_echo)
			take_message(request, message, message_bytes);
	}
	if (!is_echo || request->is_complete) {
		h2_consume(h2_of(request), request->id, size);
		return;
	}
	request->is_echoing = true;
	if (!request->has_answered)
		begin_answer(request);
	service_h2_keep(request, data, size);
}

void service_grpc_end(struct service_h2_request *request)
{
	if (request->frames.messages != 1 || !grpc_frames_are_whole(&request->frames))
		finish(request, GRPC_INTERNAL, "the call ended without a whole message");
	else if (request->call == SERVICE_H2_ECHO)
		finish(request, GRPC_OK, NULL);
	else
		answer_health(request);
}

void service_grpc_late(struct service_h2_request *request)
{
	finish(request, GRPC_DEADLINE_EXCEEDED, "the deadline has passed");
}
