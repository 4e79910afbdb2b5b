#include "proto/control.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "proto/control_parts.h"

const char *const control_asks[] = {
	[CONTROL_HELLO] = "hello",
	[CONTROL_RECEIVER] = "receiver",
	[CONTROL_PATH] = "path",
};
static_assert(array_size(control_asks) == CONTROL_ASKS, "a name for each");

/* The numbers of a receipt. */
/* clang-format off */
const struct control_number control_numbers[] = {
#define NUMBER(name) { #name, offsetof(struct control_receipt, name) }
	NUMBER(bytes),
	NUMBER(messages),
	NUMBER(first_ns),
	NUMBER(last_ns),
	NUMBER(socket),
	NUMBER(overflows),
	NUMBER(merged),
	NUMBER(numbered),
	NUMBER(next),
	NUMBER(unique),
	NUMBER(duplicate),
	NUMBER(reordered),
	NUMBER(late),
	NUMBER(bursts),
	NUMBER(bursts_lost),
	NUMBER(burst_longest),
	NUMBER(burst_longest_at),
	NUMBER(burst_first_lost),
	NUMBER(burst_last_lost),
	NUMBER(delay_count),
	NUMBER(delay_p50_ns),
	NUMBER(delay_p90_ns),
	NUMBER(delay_p99_ns),
	NUMBER(delay_p99_9_ns),
	NUMBER(delay_max_ns),
#undef NUMBER
};
/* clang-format on */
const size_t control_number_count = array_size(control_numbers);

uint64_t *control_number_of(struct control_receipt *receipt, const struct control_number *number)
{
	return (uint64_t *)(void *)((char *)receipt + number->offset);
}

bool control_is_same_token(const char a[CONTROL_TOKEN_MAX], const char b[CONTROL_TOKEN_MAX])
{
	/* Volatile: no compiler may find a shorter way. */
	volatile unsigned char difference = 0;

	for (size_t i = 0; i < CONTROL_TOKEN_MAX; i++)
		difference |= (unsigned char)(a[i] ^ b[i]);
	return difference == 0;
}

int control_set_token(const char *text, struct error *error, char token[CONTROL_TOKEN_MAX])
{
	size_t length = strlen(text);
	bool is_right = length > 0 && length < CONTROL_TOKEN_MAX;

	for (size_t i = 0; i < length && is_right; i++)
		is_right = text[i] >= ' ' && text[i] <= '~';
	if (!is_right)
		return error_set(error, EINVAL, "a token has 1 to %d printable characters",
				 CONTROL_TOKEN_MAX - 1);
	memset(token, 0, CONTROL_TOKEN_MAX);
	memcpy(token, text, length + 1);
	return 0;
}

static void write_path_question(const struct control_question *question, struct json *json)
{
	char text[ENDPOINT_TEXT_MAX];
	char cookie[2 * PATH_COOKIE_BYTES + 1];

	for (size_t i = 0; i < PATH_COOKIE_BYTES; i++)
		(void)snprintf(cookie + 2 * i, 3, "%02x", question->cookie[i]);
	json_key_text(json, "local", endpoint_format(&question->local, text));
	json_key_text(json, "remote", endpoint_format(&question->remote, text));
	json_key_text(json, "cookie", cookie);
	json_key_unsigned(json, "run", question->run);
	json_key_unsigned(json, "number", question->number);
	json_key_unsigned(json, "payload_bytes", question->payload_bytes);
}

void control_write_question(const struct control_question *question, struct buffer *out)
{
	char text[ENDPOINT_TEXT_MAX];
	struct json json;

	json_init(&json, out);
	json_object_open(&json);
	json_key_text(&json, "ask", control_asks[question->ask]);
	if (question->ask == CONTROL_RECEIVER) {
		bool is_udp = question->transport == TRANSPORT_UDP;

		json_key_text(&json, "transport",
			      transport_name(is_udp ? TRANSPORT_UDP : TRANSPORT_TCP));
		json_key_text(&json, "local", endpoint_format(&question->local, text));
		json_key_text(&json, "remote", endpoint_format(&question->remote, text));
	}
	if (question->ask == CONTROL_PATH)
		write_path_question(question, &json);
	if (question->token[0] != '\0')
		json_key_text(&json, "token", question->token);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

void control_write_hello(const char *version, const char *name, const struct control_place *places,
			 size_t count, struct buffer *out)
{
	struct json json;

	json_init(&json, out);
	json_object_open(&json);
	json_key_text(&json, "version", version);
	json_key_text(&json, "name", name);
	json_key(&json, "services");
	json_array_open(&json);
	for (size_t i = 0; i < count; i++) {
		json_object_open(&json);
		json_key_text(&json, "service", service_name(places[i].service));
		json_key_text(&json, "transport", transport_name(places[i].transport));
		json_key_unsigned(&json, "port", places[i].port);
		json_object_close(&json);
	}
	json_array_close(&json);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

void control_write_error(const char *sentence, struct buffer *out)
{
	struct json json;

	json_init(&json, out);
	json_object_open(&json);
	json_key_text(&json, "error", sentence);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

/* Up to the last one that there is. */
static void write_lengths(const struct control_receipt *receipt, struct json *json)
{
	size_t count = CONTROL_BURST_LENGTHS;

	while (count > 0 && receipt->burst_lengths[count - 1] == 0)
		count--;
	if (count == 0)
		return;
	json_key(json, "burst_lengths");
	json_array_open(json);
	for (size_t i = 0; i < count; i++)
		json_unsigned(json, receipt->burst_lengths[i]);
	json_array_close(json);
}

static void write_known(const struct control_receipt *receipt, struct json *json)
{
	for (size_t i = 0; i < control_number_count; i++) {
		uint64_t value =
			*control_number_of((struct control_receipt *)receipt, &control_numbers[i]);

		if (value != 0)
			json_key_unsigned(json, control_numbers[i].key, value);
	}
	write_lengths(receipt, json);
	if (receipt->delay_hdr[0] != '\0')
		json_key_text(json, "delay_hdr", receipt->delay_hdr);
}

void control_write_receipt(const struct control_receipt *receipt, struct buffer *out)
{
	struct json json;

	json_init(&json, out);
	json_object_open(&json);
	json_key_boolean(&json, "known", receipt->is_known);
	if (receipt->is_known)
		write_known(receipt, &json);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

void control_write_path(const struct control_path *path, struct buffer *out)
{
	char text[ENDPOINT_TEXT_MAX];
	struct json json;

	json_init(&json, out);
	json_object_open(&json);
	json_key_unsigned(&json, "number", path->number);
	json_key_boolean(&json, "sent", path->is_sent);
	json_key_boolean(&json, "too_large", path->is_too_large);
	json_key_unsigned(&json, "interface_bytes", path->interface_bytes);
	json_key_unsigned(&json, "route_bytes", path->route_bytes);
	if (path->is_signalled) {
		json_key_text(&json, "signal_from", endpoint_format(&path->signal_from, text));
		json_key_unsigned(&json, "signal_bytes", path->signal_bytes);
		json_key_unsigned(&json, "signal_number", path->signal_number);
	}
	json_object_close(&json);
	buffer_append_text(out, "\n");
}
