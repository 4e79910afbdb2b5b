/* See control.h: the half that reads. jansson and our writer have names in common, so that no file
 * can know both. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/attributes.h"
#include "proto/control.h"
#include "proto/control_parts.h"

#define SENTENCE_MAX 200
#define PAYLOAD_MAX  65507 /* of UDP over IPv4 */

static void free_json(json_t **json)
{
	json_decref(*json);
}

/* ---- questions */

static int read_transport(const json_t *object, struct error *error, enum transport *ret)
{
	const char *name = json_string_value(json_object_get(object, "transport"));

	*ret = TRANSPORT_TCP;
	if (name != NULL && strcasecmp(name, transport_name(TRANSPORT_TCP)) == 0)
		return 0;
	*ret = TRANSPORT_UDP;
	if (name != NULL && strcasecmp(name, transport_name(TRANSPORT_UDP)) == 0)
		return 0;
	return error_set(error, EINVAL, "\"transport\" is neither \"tcp\" nor \"udp\"");
}

static int read_endpoint(const json_t *object, const char *key, struct error *error,
			 struct endpoint *ret)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text != NULL && endpoint_parse(text, 0, ret) == 0 && ret->port != 0)
		return 0;
	return error_set(error, EINVAL, "\"%s\" is no address with a port", key);
}

static int read_token(const json_t *object, struct error *error, char token[CONTROL_TOKEN_MAX])
{
	const json_t *value = json_object_get(object, "token");

	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return error_set(error, EINVAL, "\"token\" is no text");
	return control_set_token(json_string_value(value), error, token);
}

static int read_ask(const json_t *object, struct error *error, enum control_ask *ret)
{
	const char *name = json_string_value(json_object_get(object, "ask"));

	for (size_t i = 0; name != NULL && i < CONTROL_ASKS; i++) {
		if (strcmp(name, control_asks[i]) != 0)
			continue;
		*ret = (enum control_ask)i;
		return 0;
	}
	return error_set(error, EINVAL, "\"ask\" is neither \"hello\", \"receiver\" nor \"path\"");
}

static int read_cookie(const json_t *object, struct error *error, uint8_t ret[PATH_COOKIE_BYTES])
{
	const char *text = json_string_value(json_object_get(object, "cookie"));

	if (text == NULL || strlen(text) != 2 * (size_t)PATH_COOKIE_BYTES ||
	    strspn(text, "0123456789abcdef") != 2 * (size_t)PATH_COOKIE_BYTES)
		return error_set(error, EINVAL, "\"cookie\" is not %d hexadecimal digits",
				 2 * PATH_COOKIE_BYTES);
	for (size_t i = 0; i < PATH_COOKIE_BYTES; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };
		ret[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return 0;
}

static int read_range(const json_t *object, const char *key, const int64_t limits[2],
		      struct error *error, uint64_t *ret)
{
	const json_t *value = json_object_get(object, key);
	int64_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < limits[0] || number > limits[1])
		return error_set(error, EINVAL, "\"%s\" is no number in its range", key);
	*ret = (uint64_t)number;
	return 0;
}

static int read_path_question(const json_t *object, struct error *error,
			      struct control_question *ret)
{
	uint64_t run = 0;
	uint64_t payload_bytes = 0;
	int rc = read_cookie(object, error, ret->cookie);

	if (rc == 0)
		rc = read_range(object, "run", (int64_t[]){ 0, UINT32_MAX }, error, &run);
	if (rc == 0)
		rc = read_range(object, "number", (int64_t[]){ 1, INT64_MAX }, error, &ret->number);
	if (rc == 0)
		rc = read_range(object, "payload_bytes",
				(int64_t[]){ PATH_WIRE_BYTES, PAYLOAD_MAX }, error, &payload_bytes);
	ret->run = (uint32_t)run;
	ret->payload_bytes = (uint32_t)payload_bytes;
	return rc;
}

int control_read_question(const char *line, size_t size, struct error *error,
			  struct control_question *ret)
{
	json_t *object cleanup(free_json) = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);

	*ret = (struct control_question){ 0 };
	if (!json_is_object(object))
		return error_set(error, EINVAL, "not a JSON object in one line");
	int rc = read_ask(object, error, &ret->ask);
	if (rc == 0)
		rc = read_token(object, error, ret->token);
	if (rc < 0 || ret->ask == CONTROL_HELLO)
		return rc;
	rc = ret->ask == CONTROL_PATH ? read_path_question(object, error, ret)
				      : read_transport(object, error, &ret->transport);
	if (rc == 0)
		rc = read_endpoint(object, "local", error, &ret->local);
	return rc < 0 ? rc : read_endpoint(object, "remote", error, &ret->remote);
}

/* ---- answers */

static int no_receipt(struct error *error)
{
	return error_set(error, EINVAL, "its answer is not what a control service says");
}

/* A terminal may get to show it. */
static int refuse(const char *text, struct error *error)
{
	char sentence[SENTENCE_MAX];
	size_t length = 0;

	for (; text[length] != '\0' && length < sizeof(sentence) - 1; length++)
		sentence[length] =
			(char)(isprint((unsigned char)text[length]) ? text[length] : '?');
	sentence[length] = '\0';
	return error_set(error, EACCES, "%s", sentence);
}

/* Counters of a well-behaved peer are far from 2^63, what jansson reads at most. */
static bool read_count(const json_t *value, uint64_t *ret)
{
	if (value == NULL)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(value);
	return true;
}

static bool read_lengths(const json_t *value, struct control_receipt *receipt)
{
	if (value == NULL)
		return true;
	if (!json_is_array(value) || json_array_size(value) > CONTROL_BURST_LENGTHS)
		return false;
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!read_count(json_array_get(value, i), &receipt->burst_lengths[i]))
			return false;
	}
	return true;
}

static bool read_known(const json_t *object, struct control_receipt *receipt)
{
	const json_t *hdr = json_object_get(object, "delay_hdr");

	for (size_t i = 0; i < control_number_count; i++) {
		const json_t *value = json_object_get(object, control_numbers[i].key);

		if (!read_count(value, control_number_of(receipt, &control_numbers[i])))
			return false;
	}
	if (!read_lengths(json_object_get(object, "burst_lengths"), receipt))
		return false;
	if (hdr == NULL)
		return true;
	if (!json_is_string(hdr) || json_string_length(hdr) >= CONTROL_HDR_MAX)
		return false;
	memcpy(receipt->delay_hdr, json_string_value(hdr), json_string_length(hdr));
	return true;
}

int control_read_receipt(const char *line, size_t size, struct error *error,
			 struct control_receipt *ret)
{
	json_t *object cleanup(free_json) = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	const char *sentence = json_string_value(json_object_get(object, "error"));
	const json_t *known = json_object_get(object, "known");

	memset(ret, 0, sizeof(*ret));
	if (sentence != NULL)
		return refuse(sentence, error);
	if (!json_is_boolean(known))
		return no_receipt(error);
	if (json_is_true(known) && !read_known(object, ret)) {
		memset(ret, 0, sizeof(*ret));
		return no_receipt(error);
	}
	ret->is_known = json_is_true(known);
	return 0;
}

static bool read_signal(const json_t *object, struct control_path *ret)
{
	const char *from = json_string_value(json_object_get(object, "signal_from"));

	if (from == NULL)
		return true;
	ret->is_signalled = true;
	return endpoint_parse(from, 0, &ret->signal_from) == 0 &&
	       read_count(json_object_get(object, "signal_bytes"), &ret->signal_bytes) &&
	       read_count(json_object_get(object, "signal_number"), &ret->signal_number);
}

int control_read_path(const char *line, size_t size, struct error *error, struct control_path *ret)
{
	json_t *object cleanup(free_json) = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	const char *sentence = json_string_value(json_object_get(object, "error"));
	const json_t *sent = json_object_get(object, "sent");

	*ret = (struct control_path){ 0 };
	if (sentence != NULL)
		return refuse(sentence, error);
	if (!json_is_boolean(sent) ||
	    !read_count(json_object_get(object, "number"), &ret->number) ||
	    !read_count(json_object_get(object, "interface_bytes"), &ret->interface_bytes) ||
	    !read_count(json_object_get(object, "route_bytes"), &ret->route_bytes) ||
	    !read_signal(object, ret)) {
		*ret = (struct control_path){ 0 };
		return no_receipt(error);
	}
	ret->is_sent = json_is_true(sent);
	ret->is_too_large = json_is_true(json_object_get(object, "too_large"));
	return 0;
}
