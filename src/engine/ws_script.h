/* What opens a WebSocket of a script (script.h): plain, read-only data that a command makes of its
 * target and options. */
#pragma once

#include "proto/http1_request.h"

struct ws_script {
	struct http1_request request; /* its method is GET whatever it says */
	const char *subprotocol;      /* a token or several with commas; NULL: none is asked for */
};
