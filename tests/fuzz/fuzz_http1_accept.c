// Accept of a request: any bytes, and what blanks and an empty range must not change.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/http1_accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http1_media media = { "text", "plain", "0.0.4" };
	char *text = malloc(size + 4);

	assert(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	size_t length = strlen(text);
	unsigned quality = http1_accept_quality(text, &media);
	assert(quality <= 1000);
	memmove(text + 2, text, length + 1);
	memcpy(text, ", ", 2);
	assert(http1_accept_quality(text, &media) == quality);
	/* Whoever wants anything at all wants this, if nothing else was said of it. */
	if (length == 0)
		assert(quality == 0);
	free(text);
	return 0;
}
