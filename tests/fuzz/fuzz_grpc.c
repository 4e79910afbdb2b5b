// Whatever arrives as gRPC: messages are told apart the same however they are cut, and what is in
// them is read within its bounds. The first byte is the cut.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "proto/grpc.h"

struct told {
	struct grpc_frames frames;
	uint64_t hash;
};

static struct told read_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
	struct told told = { .hash = UINT64_C(14695981039346656037) };
	const uint8_t *message;
	size_t message_bytes;

	for (size_t at = 0, used; at < size; at += used) {
		size_t left = size - at < piece ? size - at : piece;
		used = grpc_frames_read(&told.frames, data + at, left, &message, &message_bytes);
		assert(used > 0 && used <= left && message_bytes <= used);
		for (size_t i = 0; i < message_bytes; i++)
			told.hash = (told.hash ^ message[i]) * UINT64_C(1099511628211);
	}
	return told;
}

static void read_texts(const uint8_t *data, size_t size)
{
	char service[GRPC_SERVICE_NAME_MAX];
	uint8_t out[GRPC_HEALTH_REQUEST_MAX];
	char again[GRPC_SERVICE_NAME_MAX];
	uint32_t number;
	uint64_t ns;
	char message[16];

	grpc_decode_message((const char *)data, size, message, sizeof(message));
	for (const char *at = message; *at != '\0'; at += utf8_length(at))
		assert(utf8_length(at) > 0 && (unsigned char)*at >= ' ');
	(void)grpc_parse_status((const char *)data, size, &number);
	(void)grpc_parse_timeout((const char *)data, size, &ns);
	(void)grpc_read_health_response(data, size, &number);
	if (!grpc_read_health_request(data, size, service))
		return;
	size_t written = grpc_write_health_request(service, out);
	assert(written <= sizeof(out));
	assert(grpc_read_health_request(out + GRPC_PREFIX_BYTES, written - GRPC_PREFIX_BYTES,
					again));
	assert(strcmp(service, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct told whole = read_in_pieces(data + 1, size - 1, size);
	struct told cut = read_in_pieces(data + 1, size - 1, 1u + data[0]);
	assert(whole.hash == cut.hash && whole.frames.messages == cut.frames.messages);
	assert(grpc_frames_are_whole(&whole.frames) == grpc_frames_are_whole(&cut.frames));
	read_texts(data + 1, size - 1);
	return 0;
}
