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

/* What carries it; of two the first is meant where the scheme does not say. */
enum service_over {
	SERVICE_OVER_TCP,
	SERVICE_OVER_TCP_UDP,
	SERVICE_OVER_UDP,
	SERVICE_OVER_UDP_TCP,
	SERVICE_OVER_IP, /* itself, without ports */
};

const char *service_name(enum service service);
uint16_t service_port(enum service service); /* 0: it has no ports */
const char *service_sentence(enum service service);
enum service_over service_over(enum service service);
bool service_runs_over_tcp(enum service service);
bool service_runs_over_udp(enum service service);
/* Its own scheme over TLS ("https"); NULL: it has none. The port over TLS, as either is written. */
const char *service_tls_name(enum service service);
uint16_t service_tls_port(enum service service);
/* A target may name a path and a query. */
bool service_has_path(enum service service);

/* The service with this name in any case (`length` bytes of it), or SERVICE_COUNT. */
enum service service_find(const char *name, size_t length);
/* The same by the name that it has over TLS. */
enum service service_find_tls(const char *name, size_t length);
