// Lines of "name: value" taken as the fields of an upgrade, on both sides: whatever they are, there
// is a verdict, and the answer to it has no line of theirs.
#include <assert.h>
#include <string.h>

#include "fuzz.h"
#include "proto/websocket_handshake.h"

static void take_line(const char *line, size_t size, struct websocket_opening *client,
		      struct websocket_opening *server)
{
	const char *colon = memchr(line, ':', size);
	if (colon == NULL)
		return;
	const char *value = colon + 1;
	size_t name_size = (size_t)(colon - line);
	size_t value_size = size - name_size - 1;
	while (value_size > 0 && *value == ' ') {
		value++;
		value_size--;
	}
	websocket_take_answer_field(client, line, name_size, value, value_size);
	websocket_take_request_field(server, line, name_size, value, value_size);
}

static size_t count_lines(const char *text, size_t size)
{
	size_t lines = 0;
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data;
	const char *end = at + size;
	struct websocket_opening client = { .wanted_subprotocol = "mqtt" };
	struct websocket_opening server = { .is_get = true };
	char answer[WEBSOCKET_ANSWER_MAX];

	memcpy(client.key, "dGhlIHNhbXBsZSBub25jZQ==", sizeof(client.key));
	while (at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		if (next == NULL)
			next = end;
		take_line(at, (size_t)(next - at), &client, &server);
		at = next + 1;
	}
	assert(websocket_check_answer(&client, 101) < WEBSOCKET_VERDICTS);
	enum websocket_verdict verdict = websocket_check_request(&server);
	if (verdict == WEBSOCKET_OPENED)
		assert(count_lines(answer, websocket_write_switch(&server, answer)) ==
		       5U + (server.subprotocol[0] != '\0'));
	else
		assert(websocket_write_refusal(websocket_verdict_status(verdict),
					       websocket_verdict_sentence(verdict), answer) > 0);
	return 0;
}
