/* Services: what a listener does with a connection. The one table is service.def. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum service {
#define SERVICE(symbol, name, port, over_tcp, over_udp, sentence) SERVICE_##symbol,
#include "base/service.def"
#undef SERVICE
	SERVICE_COUNT,
};

const char *service_name(enum service service);
uint16_t service_port(enum service service);
const char *service_sentence(enum service service);
bool service_runs_over_udp(enum service service);

/* The service with this name in any case (`length` bytes of it), or SERVICE_COUNT. */
enum service service_find(const char *name, size_t length);
