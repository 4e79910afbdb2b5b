#include "proto/grpc.h"

#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "base/big_endian.h"
#include "base/error.h"
#include "base/units.h"
#include "base/utf8.h"

/* ---- words */

const char *grpc_health_name(uint32_t health)
{
	static const char *const names[] = { "UNKNOWN", "SERVING", "NOT_SERVING",
					     "SERVICE_UNKNOWN" };
	return health < array_size(names) ? names[health] : "a status of its own";
}

/* ---- fields */

static bool parse_digits(const char *text, size_t size, size_t most, uint64_t *ret)
{
	*ret = 0;
	if (size == 0 || size > most)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*ret = *ret * 10 + (uint64_t)(text[i] - '0');
	}
	return true;
}

bool grpc_parse_status(const char *text, size_t size, uint32_t *ret)
{
	uint64_t value;

	if (!parse_digits(text, size, 3, &value))
		return false;
	*ret = (uint32_t)value;
	return true;
}

bool grpc_parse_timeout(const char *text, size_t size, uint64_t *ret_ns)
{
	static const struct {
		char letter;
		uint64_t ns;
	} units[] = {
		{ 'H', 3600 * NS_PER_S }, { 'M', 60 * NS_PER_S }, { 'S', NS_PER_S },
		{ 'm', NS_PER_MS },       { 'u', 1000 },          { 'n', 1 },
	};
	uint64_t value;

	if (size < 2 || !parse_digits(text, size - 1, 8, &value))
		return false;
	for (size_t i = 0; i < array_size(units); i++) {
		if (units[i].letter != text[size - 1])
			continue;
		*ret_ns = value * units[i].ns;
		return true;
	}
	return false;
}

static int digit_of(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	letter = (char)(letter | 0x20);
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* A '%' without its digits stands for itself. */
static char decode_letter(const char *text, size_t size, size_t *ret_used)
{
	bool is_coded =
		text[0] == '%' && size > 2 && digit_of(text[1]) >= 0 && digit_of(text[2]) >= 0;

	*ret_used = is_coded ? 3 : 1;
	return is_coded ? (char)(digit_of(text[1]) * 16 + digit_of(text[2])) : text[0];
}

static void make_readable(char *text)
{
	for (size_t length; *text != '\0'; text += length) {
		length = utf8_length(text);
		if (length == 0 || (unsigned char)*text < ' ' || *text == 0x7f) {
			*text = '?';
			length = 1;
		}
	}
}

void grpc_decode_message(const char *text, size_t size, char *ret, size_t room)
{
	size_t count = 0;

	for (size_t at = 0, used; at < size && count < room - 1; at += used) {
		char letter = decode_letter(text + at, size - at, &used);
		ret[count++] = (char)(letter != '\0' ? letter : '?');
	}
	ret[count] = '\0';
	make_readable(ret);
}

/* ---- messages */

void grpc_write_prefix(uint8_t prefix[GRPC_PREFIX_BYTES], uint32_t message_bytes)
{
	prefix[0] = 0;
	put_u32(prefix + 1, message_bytes);
}

static size_t read_prefix(struct grpc_frames *frames, const uint8_t *data, size_t size)
{
	size_t wanted = GRPC_PREFIX_BYTES - frames->prefix_size;
	size_t taken = size < wanted ? size : wanted;

	memcpy(frames->prefix + frames->prefix_size, data, taken);
	frames->prefix_size += (uint8_t)taken;
	if (frames->prefix_size < GRPC_PREFIX_BYTES)
		return taken;
	frames->is_compressed |= frames->prefix[0] != 0;
	frames->left = get_u32(frames->prefix + 1);
	frames->messages++;
	return taken;
}

size_t grpc_frames_read(struct grpc_frames *frames, const uint8_t *data, size_t size,
			const uint8_t **ret_message, size_t *ret_message_size)
{
	*ret_message = data;
	*ret_message_size = 0;
	if (frames->prefix_size == GRPC_PREFIX_BYTES && frames->left == 0)
		frames->prefix_size = 0;
	if (frames->prefix_size < GRPC_PREFIX_BYTES)
		return read_prefix(frames, data, size);
	*ret_message_size = size < frames->left ? size : frames->left;
	frames->left -= (uint32_t)*ret_message_size;
	return *ret_message_size;
}

bool grpc_frames_are_whole(const struct grpc_frames *frames)
{
	return frames->left == 0 &&
	       (frames->prefix_size == 0 || frames->prefix_size == GRPC_PREFIX_BYTES);
}

/* ---- grpc.health.v1, in protobuf */

#define SERVICE_TAG 0x0a /* field 1, bytes */
#define STATUS_TAG  0x08 /* field 1, varint */

int grpc_check_service(const char *path, struct error *error)
{
	const char *service = path[0] == '/' ? path + 1 : path;

	if (strlen(service) >= GRPC_SERVICE_NAME_MAX)
		return error_set(error, EINVAL,
				 "\"%.40s...\" is longer than the name of a service may be: up to "
				 "%d bytes",
				 service, GRPC_SERVICE_NAME_MAX - 1);
	return 0;
}

size_t grpc_write_health_request(const char *service, uint8_t out[GRPC_HEALTH_REQUEST_MAX])
{
	size_t length = strnlen(service, GRPC_SERVICE_NAME_MAX - 1);
	uint8_t *end = out + GRPC_PREFIX_BYTES;

	if (length > 0) {
		*end++ = SERVICE_TAG;
		if (length >= 0x80)
			*end++ = (uint8_t)(length | 0x80);
		*end++ = (uint8_t)(length >= 0x80 ? length >> 7 : length);
		memcpy(end, service, length);
		end += length;
	}
	grpc_write_prefix(out, (uint32_t)(end - out - GRPC_PREFIX_BYTES));
	return (size_t)(end - out);
}

/* proto3 leaves out what is 0. */
void grpc_write_health_response(enum grpc_health health, uint8_t out[GRPC_HEALTH_RESPONSE_BYTES])
{
	grpc_write_prefix(out, 2);
	out[GRPC_PREFIX_BYTES] = STATUS_TAG;
	out[GRPC_PREFIX_BYTES + 1] = (uint8_t)health;
}

struct wire {
	const uint8_t *at;
	const uint8_t *end;
};

static bool read_varint(struct wire *wire, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
		uint8_t byte = *wire->at++;
		*ret |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

static bool skip(struct wire *wire, uint64_t size)
{
	if (size > (uint64_t)(wire->end - wire->at))
		return false;
	wire->at += size;
	return true;
}

struct protobuf_field {
	uint64_t tag;   /* number << 3 | kind */
	uint64_t value; /* or the size of the bytes */
	const uint8_t *bytes;
};

/* False: there is no further one, or it is broken. */
static bool read_field(struct wire *wire, struct protobuf_field *ret)
{
	if (!read_varint(wire, &ret->tag))
		return false;
	switch (ret->tag & 7) {
	case 0:
		return read_varint(wire, &ret->value);
	case 1:
		return skip(wire, 8);
	case 2:
		if (!read_varint(wire, &ret->value))
			return false;
		ret->bytes = wire->at;
		return skip(wire, ret->value);
	case 5:
		return skip(wire, 4);
	default:
		return false;
	}
}

bool grpc_read_health_request(const uint8_t *data, size_t size, char service[GRPC_SERVICE_NAME_MAX])
{
	struct wire wire = { data, data + size };
	struct protobuf_field field;

	service[0] = '\0';
	while (wire.at < wire.end) {
		if (!read_field(&wire, &field))
			return false;
		if (field.tag != SERVICE_TAG)
			continue;
		if (field.value >= GRPC_SERVICE_NAME_MAX)
			return false;
		memcpy(service, field.bytes, field.value);
		service[field.value] = '\0';
	}
	return true;
}

bool grpc_read_health_response(const uint8_t *data, size_t size, uint32_t *ret_health)
{
	struct wire wire = { data, data + size };
	struct protobuf_field field;

	*ret_health = GRPC_HEALTH_UNKNOWN;
	while (wire.at < wire.end) {
		if (!read_field(&wire, &field))
			return false;
		if (field.tag == STATUS_TAG)
			*ret_health =
				field.value <= UINT32_MAX ? (uint32_t)field.value : UINT32_MAX;
	}
	return true;
}
