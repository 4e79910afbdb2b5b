/* Cookies of packets that trace hops, and what opens a connection without being a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/hop_speech.h"

#define TOKEN UINT64_C(0x0123456789abcdef)

/* A quote may be cut, and an echo of `traffic` has a name over its first bytes. */
static void test_cookie(void **state)
{
	uint8_t payload[HOP_PAYLOAD_MIN + 100];
	uint32_t number = 0;

	hop_payload_write(payload, sizeof(payload), TOKEN, 77);
	for (size_t size = 0; size <= sizeof(payload); size++) {
		number = 0;
		assert_int_equal(hop_payload_read(payload, size, TOKEN, &number),
				 size >= HOP_COOKIE_BYTES);
		assert_int_equal(number, size >= HOP_COOKIE_BYTES ? 77 : 0);
	}
	memset(payload, 'n', 64);
	assert_false(hop_payload_read(payload, HOP_PAYLOAD_MIN - 1, TOKEN, &number));
	assert_true(hop_payload_read(payload, HOP_PAYLOAD_MIN, TOKEN, &number));
	assert_false(hop_payload_read(payload, HOP_PAYLOAD_MIN, TOKEN + 1, &number));
	payload[72] ^= 1; /* not its complement any more */
	assert_false(hop_payload_read(payload, HOP_PAYLOAD_MIN, TOKEN, &number));
}

struct spoken {
	enum service service;
	bool is_tls;
	const char *begins; /* NULL: it can't be spoken to */
	uint8_t filler;
	uint32_t filler_max;
};

/* clang-format off */
static const struct spoken spoken[] = {
	{ SERVICE_TRAFFIC, false, "", 0, UINT32_MAX },
	{ SERVICE_ECHO,    false, "", 0, UINT32_MAX },
	{ SERVICE_DISCARD, false, "", 0, UINT32_MAX },
	{ SERVICE_NONE,    false, "", 0, UINT32_MAX },
	{ SERVICE_SOURCE,  false, NULL, 0, 0 },
	{ SERVICE_HTTP,    false, "GET / HTTP/1.1\r\nHost: web\r\n", 'a', 4000 },
	{ SERVICE_WS,      false, "GET / HTTP/1.1\r\nHost: web\r\n", 'a', 4000 },
	{ SERVICE_H2C,     false, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 16000 },
	{ SERVICE_GRPC,    false, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 16000 },
	{ SERVICE_HTTP,    true,  "\x16\x03\x01\x40", 0, 16000 },
	{ SERVICE_SOURCE,  true,  "\x16\x03\x01\x40", 0, 16000 }, /* before it may send */
};
/* clang-format on */

static void test_speech(void **state)
{
	for (size_t i = 0; i < array_size(spoken); i++) {
		struct hop_speech speech;
		const struct spoken *one = &spoken[i];
		bool can = hop_speech_init(&speech, one->service, one->is_tls, "web");
		assert_int_equal(can, one->begins != NULL);
		if (!can)
			continue;
		assert_true(speech.begin_size >= strlen(one->begins));
		assert_memory_equal(speech.begin, one->begins, strlen(one->begins));
		assert_int_equal(speech.filler, one->filler);
		assert_int_equal(speech.filler_max, one->filler_max);
	}
}

/* A host name as long as they get stays within the room, and the header stays open. */
static void test_long_host(void **state)
{
	struct hop_speech speech;
	char host[400];

	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	assert_true(hop_speech_init(&speech, SERVICE_HTTP, false, host));
	assert_true(speech.begin_size < HOP_SPEECH_BEGIN_MAX);
	assert_memory_equal(speech.begin + speech.begin_size - 8, "X-Path: ", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_speech),
		cmocka_unit_test(test_long_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
