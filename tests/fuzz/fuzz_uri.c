/* Any text as a target, for each kind of command. What parses has to be complete: its text parses
 * again to the same. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/uri.h"
#include "fuzz.h"

static const struct uri_defaults kinds[] = {
	{ .service = SERVICE_TRAFFIC, .bare_transports = URI_TRANSPORTS_SERVICE },
	{ .service = SERVICE_DISCARD, .services = 1u << SERVICE_DISCARD | 1u << SERVICE_SOURCE },
	{ .service = SERVICE_TRAFFIC, .is_listening = true },
	{ .service = SERVICE_DISCARD, .bare_transports = URI_TRANSPORTS_RAW },
};

static void check(const char *text, const struct uri_defaults *kind)
{
	struct error error = { "" };
	struct uri uri;
	struct uri again;
	if (uri_parse(text, kind, &error, &uri) < 0) {
		assert(error.text[0] != '\0');
		return;
	}
	int code = uri_parse(uri.text, kind, &error, &again);
	assert(code == 0);
	assert(strcmp(uri.text, again.text) == 0 && strcmp(uri.host, again.host) == 0);
	assert(uri.service == again.service && uri.transport == again.transport);
	assert(strcmp(uri.path, again.path) == 0);
	assert(uri.path[0] == '\0' || uri.path[0] == '/');
	for (const char *byte = uri.path; *byte; byte++)
		assert(*byte > ' ' && *byte < 0x7f);
	assert(uri.port == again.port && uri.is_srv == again.is_srv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[2048];
	(void)snprintf(text, sizeof(text), "%.*s", (int)(size < sizeof(text) ? size : sizeof(text)),
		       (const char *)data);
	for (size_t i = 0; i < array_size(kinds); i++)
		check(text, &kinds[i]);
	return 0;
}
