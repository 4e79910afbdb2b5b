/* What a client wants to get, by the field Accept of its request (RFC 9110 12.5.1). */
#pragma once

struct http1_media {
	const char *type;    /* "text" */
	const char *subtype; /* "plain" */
	const char *version; /* of its parameter `version`; NULL: it has none */
};

/* How much it wants this one, in thousandths; 0: not at all. The most specific range that holds it
 * decides; ranges that are none are passed over, and so are parameters besides q and version. NULL:
 * there is no such field, and anything will do. */
unsigned http1_accept_quality(const char *accept, const struct http1_media *media);
