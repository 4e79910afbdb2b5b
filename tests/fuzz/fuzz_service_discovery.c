// Any bytes as a list of peers: what is told is well formed, what is refused says why. The first
// byte says in which format it is read.
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "mesh/discovery_read.h"

static void check_text(const char *text, size_t size)
{
	assert(memchr(text, '\0', size) != NULL);
	while (*text != '\0') {
		size_t length = utf8_length(text);
		assert(length > 0 && (unsigned char)*text > ' ');
		text += length;
	}
}

static int check_found(void *context, const struct discovery_found *found, struct error *error)
{
	(void)error;
	assert(found->host[0] != '\0' && strlen(found->host) < DISCOVERY_HOST_MAX);
	assert(found->url == NULL || strlen(found->url) < DISCOVERY_URL_MAX);
	assert(found->labels->speech <= MESH_SPEECH_HTTP);
	check_text(found->labels->name, sizeof(found->labels->name));
	check_text(found->labels->location, sizeof(found->labels->location));
	check_text(found->labels->rack, sizeof(found->labels->rack));
	++*(size_t *)context;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t peers = 0;
	struct error error = { "" };

	if (size == 0)
		return 0;
	int result =
		discovery_read((const char *)data + 1, size - 1,
			       (enum discovery_format)(data[0] % 3), check_found, &peers, &error);
	assert((result < 0) == (error.text[0] != '\0'));
	assert(peers <= size);
	return 0;
}
