#include "shaper/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "shaper/packet.h"
#include "sys/clock.h"

void log_event(uint64_t at_ns, const char *event, const char *format, ...)
{
	va_list arguments;

	printf("{\"at_ns\":%" PRIu64 ",\"unix_ns\":%" PRId64 ",\"event\":\"%s\"", at_ns,
	       clock_wall_at(at_ns).unix_ns, event);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	puts("}");
}

void log_packet(uint64_t at_ns, const char *event, const char *why, const char *way,
		const uint8_t *packet, size_t length)
{
	struct flow flow;

	packet_flow(packet, length, &flow);
	log_event(at_ns, event,
		  ",\"why\":\"%s\",\"way\":\"%s\",\"bytes\":%zu,\"protocol\":\"%s\","
		  "\"source\":\"%s\",\"destination\":\"%s\"",
		  why, way, length, flow.protocol, flow.source, flow.destination);
}
