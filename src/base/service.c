/* See service.h. Constant tables: any thread. */
#include "base/service.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

struct service_row {
	const char *name;
	const char *tls_name;
	const char *sentence;
	uint16_t port;
	uint16_t tls_port;
	enum service_over over;
	bool has_path;
};

static const struct service_row service_rows[SERVICE_COUNT] = {
#define SERVICE(symbol, name, port, over, tls_name, tls_port, has_path, sentence)                \
	[SERVICE_##symbol] = { name,    tls_name, sentence, port, tls_port, SERVICE_OVER_##over, \
			       has_path },
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

const char *service_tls_name(enum service service)
{
	return service_row(service)->tls_name;
}

uint16_t service_tls_port(enum service service)
{
	const struct service_row *row = service_row(service);
	return row->tls_port ? row->tls_port : row->port;
}

const char *service_sentence(enum service service)
{
	return service_row(service)->sentence;
}

enum service_over service_over(enum service service)
{
	return service_row(service)->over;
}

bool service_runs_over_tcp(enum service service)
{
	enum service_over over = service_over(service);
	return over == SERVICE_OVER_TCP || over == SERVICE_OVER_TCP_UDP ||
	       over == SERVICE_OVER_UDP_TCP;
}

bool service_runs_over_udp(enum service service)
{
	enum service_over over = service_over(service);
	return over == SERVICE_OVER_TCP_UDP || over == SERVICE_OVER_UDP ||
	       over == SERVICE_OVER_UDP_TCP;
}

bool service_has_path(enum service service)
{
	return service_row(service)->has_path;
}

static bool is_named(const char *row, const char *name, size_t length)
{
	return row && strlen(row) == length && strncasecmp(row, name, length) == 0;
}

enum service service_find(const char *name, size_t length)
{
	unsigned service = 0;
	while (service < SERVICE_COUNT && !is_named(service_rows[service].name, name, length))
		service++;
	return (enum service)service;
}

enum service service_find_tls(const char *name, size_t length)
{
	unsigned service = 0;
	while (service < SERVICE_COUNT && !is_named(service_rows[service].tls_name, name, length))
		service++;
	return (enum service)service;
}
