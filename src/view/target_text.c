/* See target_text.h. */
#include "view/target_text.h"

#include <string.h>

#include "base/service.h"

bool target_is(const char *target, const char *service)
{
	const char *name = strncmp(target, "srv://_", 7) == 0 ? target + 7 : target;
	size_t length = strcspn(name, "+:.");
	enum service over_tls = service_find_tls(name, length);
	enum service found = over_tls < SERVICE_COUNT ? over_tls : service_find(name, length);
	return found < SERVICE_COUNT && strcmp(service_name(found), service) == 0;
}

/* Of HTTP and gRPC. */
static bool has_requests(const char *target)
{
	return target &&
	       (target_is(target, "http") || target_is(target, "h2c") || target_is(target, "grpc"));
}

const char *target_noun(const char *target)
{
	return has_requests(target) ? "request" : "message";
}

const char *message_noun(const struct report_stream *stream)
{
	if (strcmp(stream->transport, "udp") == 0)
		return "datagram";
	return target_noun(stream->target);
}

const char *message_head(const struct report_stream *stream)
{
	if (strcmp(stream->transport, "udp") == 0)
		return "DATAGRAMS";
	return has_requests(stream->target) ? "REQUESTS" : "MESSAGES";
}
