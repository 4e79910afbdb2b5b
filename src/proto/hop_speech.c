#include "proto/hop_speech.h"

#include <stdio.h>
#include <string.h>

#include "base/big_endian.h"

/* Under what servers take as a header (nginx and Apache 8 KiB), and one record or frame (16 KiB).
 */
#define HEADER_FILLER_MAX 4000
#define FRAME_BYTES       16384
#define FRAME_FILLER_MAX  16000

static void write_cookie(uint8_t *to, uint64_t token, uint32_t number)
{
	put_u64(to, token);
	put_u32(to + 8, number);
	put_u32(to + 12, ~number);
}

void hop_payload_write(uint8_t *payload, size_t size, uint64_t token, uint32_t number)
{
	struct path_wire probe = {
		.kind = PATH_WIRE_PROBE,
		.number = number,
		.run = (uint32_t)token,
	};
	memset(payload, 0, size);
	path_wire_write(payload, &probe);
	write_cookie(payload, token, number);
}

static bool read_cookie(const uint8_t *from, uint64_t token, uint32_t *ret_number)
{
	uint32_t number = get_u32(from + 8);
	if (get_u64(from) != token || get_u32(from + 12) != ~number)
		return false;
	*ret_number = number;
	return true;
}

bool hop_payload_read(const uint8_t *payload, size_t size, uint64_t token, uint32_t *ret_number)
{
	struct path_wire wire;

	if (size >= HOP_COOKIE_BYTES && read_cookie(payload, token, ret_number))
		return true;
	if (!path_wire_read(payload, size, &wire) || wire.run != (uint32_t)token ||
	    wire.number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)wire.number;
	return true;
}

/* ---- inside TCP */

static void begin_with(struct hop_speech *speech, const void *bytes, size_t size)
{
	memcpy(speech->begin + speech->begin_size, bytes, size);
	speech->begin_size += size;
}

/* A ClientHello as long as a record may be, of which only the beginning comes (RFC 8446, 4.1.2). */
static void begin_tls(struct hop_speech *speech)
{
	static const uint8_t hello[] = { 22, 3, 1, FRAME_BYTES >> 8, 0, 1, 0, 0x3f, 0xfc, 3, 3 };
	begin_with(speech, hello, sizeof(hello));
	speech->filler_max = FRAME_FILLER_MAX;
}

/* Types that nobody knows are to be ignored (RFC 9113, 5.5). */
static void begin_h2(struct hop_speech *speech)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	static const uint8_t frames[] = { 0, 0,
					  0, 4,
					  0, 0,
					  0, 0,
					  0, /* SETTINGS: the defaults */
					  0, FRAME_BYTES >> 8,
					  0, 0xfa,
					  0, 0,
					  0, 0,
					  0 };
	begin_with(speech, preface, sizeof(preface) - 1);
	begin_with(speech, frames, sizeof(frames));
	speech->filler_max = FRAME_FILLER_MAX;
}

static void begin_http1(struct hop_speech *speech, const char *host)
{
	int size = snprintf(
		(char *)speech->begin, sizeof(speech->begin),
		"GET / HTTP/1.1\r\nHost: %.256s\r\nUser-Agent: conntest\r\nX-Path: ", host);
	speech->begin_size = (size_t)size;
	speech->filler = 'a';
	speech->filler_max = HEADER_FILLER_MAX;
}

bool hop_speech_init(struct hop_speech *speech, enum service service, bool is_tls, const char *host)
{
	*speech = (struct hop_speech){ .filler_max = UINT32_MAX };
	if (is_tls) {
		begin_tls(speech);
		return true;
	}
	switch (service) {
	case SERVICE_HTTP:
	case SERVICE_WS:
		begin_http1(speech, host);
		return true;
	case SERVICE_H2C:
	case SERVICE_GRPC:
		begin_h2(speech);
		return true;
	case SERVICE_SOURCE:
		return false;
	default:
		return true;
	}
}
