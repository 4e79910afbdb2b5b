#include "base/status.h"

#include <stdio.h>

#include "base/attributes.h"

bool status_is_error(uint32_t status)
{
	return status >= 400 && status != STATUS_GRPC && status != STATUS_DNS;
}

/* RFC 9113, 7. */
static const char *const resets[] = {
	"NO_ERROR",
	"PROTOCOL_ERROR",
	"INTERNAL_ERROR",
	"FLOW_CONTROL_ERROR",
	"SETTINGS_TIMEOUT",
	"STREAM_CLOSED",
	"FRAME_SIZE_ERROR",
	"REFUSED_STREAM",
	"CANCEL",
	"COMPRESSION_ERROR",
	"CONNECT_ERROR",
	"ENHANCE_YOUR_CALM",
	"INADEQUATE_SECURITY",
	"HTTP_1_1_REQUIRED",
};

/* grpc/doc/statuscodes.md */
static const char *const calls[] = {
	"OK",
	"CANCELLED",
	"UNKNOWN",
	"INVALID_ARGUMENT",
	"DEADLINE_EXCEEDED",
	"NOT_FOUND",
	"ALREADY_EXISTS",
	"PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED",
	"FAILED_PRECONDITION",
	"ABORTED",
	"OUT_OF_RANGE",
	"UNIMPLEMENTED",
	"INTERNAL",
	"UNAVAILABLE",
	"DATA_LOSS",
	"UNAUTHENTICATED",
};

static const char *const healths[] = { "UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN" };

/* RFC 1035, 4.1.1. */
static const char *const answers[] = { "NOERROR",  "FORMERR", "SERVFAIL",
				       "NXDOMAIN", "NOTIMP",  "REFUSED" };

static const char *format_named(const char *kind, const char *const *names, size_t count,
				uint32_t code, char text[STATUS_TEXT_MAX])
{
	if (code < count)
		(void)snprintf(text, STATUS_TEXT_MAX, "%s %s", kind, names[code]);
	else
		(void)snprintf(text, STATUS_TEXT_MAX, "%s %u", kind, code);
	return text;
}

const char *status_format(uint32_t status, char text[STATUS_TEXT_MAX])
{
	if (status >= STATUS_DNS)
		return format_named("dns", answers, array_size(answers), status - STATUS_DNS, text);
	if (status >= STATUS_RESET)
		return format_named("RST_STREAM", resets, array_size(resets), status - STATUS_RESET,
				    text);
	if (status >= STATUS_HEALTH)
		return format_named("health", healths, array_size(healths), status - STATUS_HEALTH,
				    text);
	if (status >= STATUS_GRPC)
		return format_named("grpc", calls, array_size(calls), status - STATUS_GRPC, text);
	(void)snprintf(text, STATUS_TEXT_MAX, "%u", status);
	return text;
}
