/* What opens a WebSocket of a script (script.h): plain, read-only data that a command makes of its
 * target and options. */
#pragma once

#include <stddef.h>

struct ws_script {
	const char *path;      /* with its query */
	const char *authority; /* for Host: with the port where that is not the scheme's */
	/* "Name: value" each, checked by http1_check_header(); a Host among them replaces ours. */
	const char *const *headers;
	size_t header_count;
	const char *subprotocol; /* NULL: none is asked for */
};
