/* See service.h. Constant tables: any thread. */
#include "base/service.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

struct service_row {
	const char *name;
	const char *sentence;
	uint16_t port;
	bool runs_over_udp;
};

/* uri.c takes it for granted that every service runs over TCP. */
#define SERVICE(symbol, name, port, over_tcp, over_udp, sentence) \
	static_assert(over_tcp, name " does not run over TCP");
#include "base/service.def"
#undef SERVICE

static const struct service_row service_rows[SERVICE_COUNT] = {
#define SERVICE(symbol, name, port, over_tcp, over_udp, sentence) \
	[SERVICE_##symbol] = { name, sentence, port, over_udp },
#include "base/service.def"
#undef SERVICE
};

static const struct service_row *service_row(enum service service)
{
	assert((unsigned)service < SERVICE_COUNT);
	return &service_rows[service];
}

const char *service_name(enum service service)
{
	return service_row(service)->name;
}

uint16_t service_port(enum service service)
{
	return service_row(service)->port;
}

const char *service_sentence(enum service service)
{
	return service_row(service)->sentence;
}

bool service_runs_over_udp(enum service service)
{
	return service_row(service)->runs_over_udp;
}

enum service service_find(const char *name, size_t length)
{
	unsigned service = 0;
	while (service < SERVICE_COUNT &&
	       (strlen(service_rows[service].name) != length ||
		strncasecmp(service_rows[service].name, name, length) != 0))
		service++;
	return (enum service)service;
}
