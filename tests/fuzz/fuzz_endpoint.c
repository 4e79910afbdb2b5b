// Whatever text is taken as an endpoint, and whatever address comes from the kernel, reads back the
// same from its own text.
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "fuzz.h"

static void read_back(const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint again;

	assert(endpoint_parse(endpoint_format(endpoint, text), 0, &again) == 0);
	assert(endpoint_is_equal(endpoint, &again));
}

static void parse(const uint8_t *data, size_t size)
{
	struct endpoint endpoint;
	char *text = malloc(size + 1);

	assert(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (endpoint_parse(text, 5003, &endpoint) == 0)
		read_back(&endpoint);
	free(text);
}

static void convert(const uint8_t *data)
{
	struct endpoint endpoint;
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };

	memcpy(&address.sin6_addr, data, 16);
	memcpy(&address.sin6_port, data + 16, 2);
	memcpy(&address.sin6_scope_id, data + 18, 4);
	endpoint_from_sockaddr((const struct sockaddr *)(const void *)&address, &endpoint);
	read_back(&endpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		parse(data, size);
	if (size >= 22)
		convert(data);
	return 0;
}
