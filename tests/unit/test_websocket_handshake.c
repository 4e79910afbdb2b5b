#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/websocket_handshake.h"

/* The example of RFC 6455 section 1.3. */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static void keys_and_proofs_are_those_of_the_standard(void **state)
{
	char key[WEBSOCKET_KEY_BYTES];
	char accept[WEBSOCKET_ACCEPT_BYTES];
	websocket_write_key((const uint8_t *)"the sample nonce", key);
	assert_memory_equal(key, KEY, sizeof(key));
	websocket_write_accept(key, accept);
	assert_memory_equal(accept, ACCEPT, sizeof(accept));
}

/* ---- what a client makes of an answer */

/* Each field is "Name: value"; the first four are right. */
#define UPGRADE    "Upgrade: websocket"
#define CONNECTION "Connection: Upgrade"
#define PROOF      "Sec-WebSocket-Accept: " ACCEPT

static const struct {
	enum websocket_verdict verdict;
	unsigned status;
	const char *wanted;
	const char *fields[5];
} answers[] = {
	{ WEBSOCKET_OPENED, 101, NULL, { UPGRADE, CONNECTION, PROOF } },
	{ WEBSOCKET_OPENED, 101, NULL, { PROOF, "Server: nginx", CONNECTION, UPGRADE } },
	{ WEBSOCKET_OPENED,
	  101,
	  NULL,
	  { "UPGRADE: WebSocket", "connection: keep-alive ,\tupgrade", PROOF } },
	{ WEBSOCKET_OPENED,
	  101,
	  NULL,
	  { UPGRADE, "Connection: keep-alive", CONNECTION, PROOF, "Sec-WebSocket-Extensions: " } },
	{ WEBSOCKET_OPENED,
	  101,
	  "mqtt",
	  { UPGRADE, CONNECTION, PROOF, "Sec-WebSocket-Protocol: mqtt" } },
	{ WEBSOCKET_OPENED,
	  101,
	  "stomp, mqtt",
	  { UPGRADE, CONNECTION, PROOF, "Sec-WebSocket-Protocol: mqtt" } },
	{ WEBSOCKET_NOT_SWITCHED, 200, NULL, { UPGRADE, CONNECTION, PROOF } },
	{ WEBSOCKET_NOT_SWITCHED, 404, NULL, { "Content-Length: 0" } },
	{ WEBSOCKET_NO_UPGRADE, 101, NULL, { CONNECTION, PROOF } },
	{ WEBSOCKET_NO_UPGRADE, 101, NULL, { "Upgrade: h2c", CONNECTION, PROOF } },
	{ WEBSOCKET_NO_UPGRADE, 101, NULL, { "Upgrade: websocket2", CONNECTION, PROOF } },
	{ WEBSOCKET_NO_CONNECTION, 101, NULL, { UPGRADE, PROOF } },
	{ WEBSOCKET_NO_CONNECTION, 101, NULL, { UPGRADE, "Connection: close", PROOF } },
	{ WEBSOCKET_NO_ACCEPT, 101, NULL, { UPGRADE, CONNECTION } },
	{ WEBSOCKET_WRONG_ACCEPT,
	  101,
	  NULL,
	  { UPGRADE, CONNECTION, "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=" } },
	{ WEBSOCKET_WRONG_ACCEPT, 101, NULL, { UPGRADE, CONNECTION, PROOF "=" } },
	{ WEBSOCKET_WRONG_ACCEPT,
	  101,
	  NULL,
	  { UPGRADE, CONNECTION, PROOF, "Sec-WebSocket-Accept: x" } },
	{ WEBSOCKET_UNASKED_EXTENSION,
	  101,
	  NULL,
	  { UPGRADE, CONNECTION, PROOF, "Sec-WebSocket-Extensions: permessage-deflate" } },
	{ WEBSOCKET_WRONG_SUBPROTOCOL,
	  101,
	  NULL,
	  { UPGRADE, CONNECTION, PROOF, "Sec-WebSocket-Protocol: mqtt" } },
	{ WEBSOCKET_WRONG_SUBPROTOCOL,
	  101,
	  "mqtt",
	  { UPGRADE, CONNECTION, PROOF, "Sec-WebSocket-Protocol: mqttv3.1" } },
	{ WEBSOCKET_WRONG_SUBPROTOCOL, 101, "mqtt", { UPGRADE, CONNECTION, PROOF } },
};

typedef void (*take_fn)(struct websocket_opening *opening, const char *name, size_t name_size,
			const char *value, size_t value_size);

static void take_fields(struct websocket_opening *opening, take_fn take, const char *const *fields,
			size_t count)
{
	for (size_t i = 0; i < count && fields[i] != NULL; i++) {
		const char *value = strstr(fields[i], ": ");
		assert_non_null(value);
		take(opening, fields[i], (size_t)(value - fields[i]), value + 2, strlen(value + 2));
	}
}

static void answers_are_judged(void **state)
{
	for (size_t i = 0; i < array_size(answers); i++) {
		struct websocket_opening opening = { .wanted_subprotocol = answers[i].wanted };
		memcpy(opening.key, KEY, sizeof(opening.key));
		take_fields(&opening, websocket_take_answer_field, answers[i].fields,
			    array_size(answers[i].fields));
		enum websocket_verdict found = websocket_check_answer(&opening, answers[i].status);
		if (found != answers[i].verdict)
			fail_msg("answer %zu: %s", i, websocket_verdict_sentence(found));
	}
}

/* ---- what a server makes of a request */

#define VERSION   "Sec-WebSocket-Version: 13"
#define KEY_FIELD "Sec-WebSocket-Key: " KEY

static const struct {
	enum websocket_verdict verdict;
	bool is_get;
	const char *fields[5];
} requests[] = {
	{ WEBSOCKET_OPENED, true, { UPGRADE, CONNECTION, VERSION, KEY_FIELD } },
	{ WEBSOCKET_OPENED,
	  true,
	  { KEY_FIELD, VERSION, "Upgrade: h2c, websocket", "Connection: keep-alive, Upgrade" } },
	{ WEBSOCKET_NOT_ASKED_FOR, true, { "Accept: */*" } },
	{ WEBSOCKET_NOT_ASKED_FOR, true, { UPGRADE, VERSION, KEY_FIELD } },
	{ WEBSOCKET_NOT_ASKED_FOR, false, { CONNECTION, VERSION, KEY_FIELD } },
	{ WEBSOCKET_NOT_GET, false, { UPGRADE, CONNECTION, VERSION, KEY_FIELD } },
	{ WEBSOCKET_NOT_GET, false, { UPGRADE, CONNECTION, VERSION, KEY_FIELD } },
	{ WEBSOCKET_OTHER_VERSION, true, { UPGRADE, CONNECTION, KEY_FIELD } },
	{ WEBSOCKET_OTHER_VERSION,
	  true,
	  { UPGRADE, CONNECTION, "Sec-WebSocket-Version: 8", KEY_FIELD } },
	{ WEBSOCKET_NO_KEY, true, { UPGRADE, CONNECTION, VERSION } },
	{ WEBSOCKET_NO_KEY, true, { UPGRADE, CONNECTION, VERSION, KEY_FIELD, KEY_FIELD } },
	{ WEBSOCKET_NO_KEY,
	  true,
	  { UPGRADE, CONNECTION, VERSION, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=" } },
	{ WEBSOCKET_NO_KEY,
	  true,
	  { UPGRADE, CONNECTION, VERSION, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==" } },
	{ WEBSOCKET_NO_KEY,
	  true,
	  { UPGRADE, CONNECTION, VERSION, "Sec-WebSocket-Key: dGhlIHNhbXBs*SBub25jZQ==" } },
	{ WEBSOCKET_NO_KEY, true, { UPGRADE, CONNECTION, VERSION, "Sec-WebSocket-Key: " } },
};

static void requests_are_judged(void **state)
{
	for (size_t i = 0; i < array_size(requests); i++) {
		struct websocket_opening opening = { .is_get = requests[i].is_get };
		take_fields(&opening, websocket_take_request_field, requests[i].fields,
			    array_size(requests[i].fields));
		enum websocket_verdict found = websocket_check_request(&opening);
		if (found != requests[i].verdict)
			fail_msg("request %zu: %s", i, websocket_verdict_sentence(found));
		if (found == WEBSOCKET_OPENED)
			assert_memory_equal(opening.key, KEY, sizeof(opening.key));
	}
}

static const struct {
	const char *offer;
	const char *taken;
} offers[] = {
	{ "Sec-WebSocket-Protocol: mqtt", "mqtt" },
	{ "Sec-WebSocket-Protocol:  , v2.chat , chat", "v2.chat" },
	{ "Sec-WebSocket-Protocol: ", "" },
	{ "Sec-WebSocket-Protocol: a\rb", "" },
	{ "Sec-WebSocket-Protocol: a b", "" },
	{ "Sec-WebSocket-Protocol: "
	  "01234567890123456789012345678901",
	  "" },
	{ "Sec-WebSocket-Protocol: 0123456789012345678901234567890",
	  "0123456789012345678901234567890" },
};

static void the_first_subprotocol_is_taken(void **state)
{
	for (size_t i = 0; i < array_size(offers); i++) {
		struct websocket_opening opening = { .wanted_subprotocol = NULL };
		take_fields(&opening, websocket_take_request_field, &offers[i].offer, 1);
		assert_string_equal(opening.subprotocol, offers[i].taken);
	}
}

/* ---- bytes */

static void requests_are_written(void **state)
{
	static const char *const headers[] = { "Cookie: a=b", "User-Agent:" };
	struct http1_request request = { NULL, "/chat?x=1", "web:8080", headers, 2 };
	struct buffer out;
	buffer_init(&out, 4096);
	websocket_write_request(&request, "mqtt", &out);
	assert_string_equal(buffer_text(&out), "GET /chat?x=1 HTTP/1.1\r\n"
					       "Host: web:8080\r\n"
					       "Accept: */*\r\n"
					       "Cookie: a=b\r\n"
					       "Upgrade: websocket\r\n"
					       "Connection: Upgrade\r\n"
					       "Sec-WebSocket-Version: 13\r\n"
					       "Sec-WebSocket-Protocol: mqtt\r\n"
					       "Sec-WebSocket-Key: ");
	buffer_deinit(&out);
}

static void a_switch_is_written(void **state)
{
	struct websocket_opening opening = { .subprotocol = "mqtt" };
	char answer[WEBSOCKET_ANSWER_MAX];
	memcpy(opening.key, KEY, sizeof(opening.key));
	size_t size = websocket_write_switch(&opening, answer);
	assert_int_equal(size, strlen(answer));
	assert_string_equal(answer, "HTTP/1.1 101 Switching Protocols\r\n"
				    "Upgrade: websocket\r\n"
				    "Connection: Upgrade\r\n"
				    "Sec-WebSocket-Accept: " ACCEPT "\r\n"
				    "Sec-WebSocket-Protocol: mqtt\r\n\r\n");
	opening.subprotocol[0] = '\0';
	size = websocket_write_switch(&opening, answer);
	assert_int_equal(size, strlen(answer));
	assert_string_equal(answer + size - 4 - strlen(ACCEPT), ACCEPT "\r\n\r\n");
	memset(opening.subprotocol, 'x', WEBSOCKET_SUBPROTOCOL_MAX);
	assert_in_range(websocket_write_switch(&opening, answer), size + WEBSOCKET_SUBPROTOCOL_MAX,
			WEBSOCKET_ANSWER_MAX);
}

static size_t refuse(enum websocket_verdict verdict, char answer[WEBSOCKET_ANSWER_MAX])
{
	return websocket_write_refusal(websocket_verdict_status(verdict),
				       websocket_verdict_sentence(verdict), answer);
}

static void refusals_are_written(void **state)
{
	char answer[WEBSOCKET_ANSWER_MAX];
	size_t size = refuse(WEBSOCKET_NOT_ASKED_FOR, answer);
	assert_int_equal(size, strlen(answer));
	assert_string_equal(answer, "HTTP/1.1 426 Upgrade Required\r\n"
				    "Upgrade: websocket\r\n"
				    "Sec-WebSocket-Version: 13\r\n"
				    "Connection: Upgrade, close\r\n"
				    "Content-Type: text/plain\r\n"
				    "Content-Length: 35\r\n\r\n"
				    "no WebSocket upgrade was asked for\n");
	for (unsigned i = WEBSOCKET_NOT_ASKED_FOR; i < WEBSOCKET_VERDICTS; i++) {
		char length[64];
		size = refuse(i, answer);
		const char *body = strstr(answer, "\r\n\r\n") + 4;
		(void)snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(body));
		assert_non_null(strstr(answer, length));
		assert_memory_equal(body, websocket_verdict_sentence(i), strlen(body) - 1);
		assert_in_range(websocket_verdict_status(i), 400, 426);
	}
	(void)refuse(WEBSOCKET_NOT_GET, answer);
	assert_non_null(strstr(answer, "405 Method Not Allowed\r\nAllow: GET\r\n"));
}

static void each_verdict_has_a_sentence(void **state)
{
	for (unsigned i = 0; i < WEBSOCKET_VERDICTS; i++)
		assert_true(strlen(websocket_verdict_sentence(i)) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_proofs_are_those_of_the_standard),
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(requests_are_judged),
		cmocka_unit_test(the_first_subprotocol_is_taken),
		cmocka_unit_test(requests_are_written),
		cmocka_unit_test(a_switch_is_written),
		cmocka_unit_test(refusals_are_written),
		cmocka_unit_test(each_verdict_has_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
