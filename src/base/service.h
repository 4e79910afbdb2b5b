/* Services: what a listener does with a connection. The one table is service.def. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum service {
#define SERVICE(symbol, ...) SERVICE_##symbol,
#include "base/service.def"
#undef SERVICE
	SERVICE_COUNT,
	SERVICE_NONE = SERVICE_COUNT, /* a bare transport: bytes as given */
};

const char *service_name(enum service service);
uint16_t service_port(enum service service);
const char *service_sentence(enum service service);
bool service_runs_over_udp(enum service service);
/* Its own scheme over TLS ("https") and the port of that; NULL: it has none, and `service_port()`.
 */
const char *service_tls_name(enum service service);
uint16_t service_tls_port(enum service service);
/* A target may name a path and a query. */
bool service_has_path(enum service service);

/* The service with this name in any case (`length` bytes of it), or SERVICE_COUNT. */
enum service service_find(const char *name, size_t length);
/* The same by the name that it has over TLS. */
enum service service_find_tls(const char *name, size_t length);
