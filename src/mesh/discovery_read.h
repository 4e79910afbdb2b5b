/* Lists of peers as others write them: file_sd and http_sd of Prometheus, in JSON or YAML, and the
 * object that pingmesh has at /v1/peers. What is unknown is passed over; what is wrong refuses the
 * whole, with the sentence: half a list would end half of the peers. No I/O. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/mesh_pair.h"

/* A list is at most so long: 10,000 peers with labels are 2 MB. */
#define DISCOVERY_TEXT_MAX ((size_t)4 << 20)
/* Of pingmesh's, which is read in one piece: a peer is 800 bytes there, and 15 times that while it
 * is read. */
#define DISCOVERY_PINGMESH_MAX ((size_t)512 << 10)
#define DISCOVERY_HOST_MAX     256
#define DISCOVERY_URL_MAX      1024

/* Fit to be shown: no blanks, no control characters, UTF-8. "" or 0: not told. */
struct discovery_labels {
	char name[MESH_NAME_MAX];
	char location[MESH_PLACE_MAX];
	char rack[MESH_PLACE_MAX];
	uint16_t http_port;
	uint16_t grpc_port;
	uint8_t speech; /* enum mesh_speech */
};

/* Valid during the call. */
struct discovery_found {
	const char *host; /* a name or an address, without brackets */
	uint16_t port;    /* 0: not told */
	const char *url;  /* whose host and port those are; NULL: none */
	const struct discovery_labels *labels;
};
/* Negative: the reading ends with that, its sentence is this function's. */
typedef int discovery_found_fn(void *context, const struct discovery_found *found,
			       struct error *error);

enum discovery_format {
	DISCOVERY_ANY, /* YAML if it does not begin as JSON does */
	DISCOVERY_JSON,
	DISCOVERY_YAML,
};

/* By the end of a file's name. */
enum discovery_format discovery_format_of(const char *path);
/* -EINVAL; -ENOMEM; what `found` said. */
nodiscard int discovery_read(const char *text, size_t size, enum discovery_format format,
			     discovery_found_fn *found, void *context, struct error *error);

/* "HOST", "HOST:PORT", "[IPV6]:PORT" or an address alone. -EINVAL with the sentence. */
nodiscard int discovery_split(const char *text, struct error *error, char host[DISCOVERY_HOST_MAX],
			      uint16_t *ret_port);
/* An http or https URL; `port` is its own if it names none. -EINVAL with the sentence. */
nodiscard int discovery_split_url(const char *url, struct error *error,
				  char host[DISCOVERY_HOST_MAX], uint16_t *ret_port);
