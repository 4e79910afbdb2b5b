#include "proto/stamp_wire.h"

#include <assert.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/units.h"

/* Where the fields of both kinds of packets stand. */
struct layout {
	size_t bytes;
	size_t sent;
	size_t error;
	size_t ssid;
	size_t received;
	size_t request; /* the sender's sequence, */
	size_t request_sent;
	size_t request_error;
	size_t ttl;
	size_t hmac; /* of all before; 0: none */
};

static const struct layout layouts[] = {
	{
		.bytes = STAMP_OPEN_BYTES,
		.sent = 4,
		.error = 12,
		.ssid = 14,
		.received = 16,
		.request = 24,
		.request_sent = 28,
		.request_error = 36,
		.ttl = 40,
	},
	{
		.bytes = STAMP_KEYED_BYTES,
		.sent = 16,
		.error = 24,
		.ssid = 26,
		.received = 32,
		.request = 48,
		.request_sent = 64,
		.request_error = 72,
		.ttl = 80,
		.hmac = 96,
	},
};

static const struct layout *layout_of(const struct stamp_key *key)
{
	return &layouts[key != NULL];
}

size_t stamp_base_bytes(const struct stamp_key *key)
{
	return layout_of(key)->bytes;
}

/* ---- keys */

struct stamp_key {
	EVP_MAC_CTX *context; /* keyed; begins anew for each message */
};

static bool key_init(struct stamp_key *key, const uint8_t *bytes, size_t size)
{
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);

	if (mac == NULL)
		return false;
	key->context = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	return key->context != NULL && EVP_MAC_init(key->context, bytes, size, parameters) == 1;
}

int stamp_key_new(const uint8_t *bytes, size_t size, struct stamp_key **ret)
{
	if (size < STAMP_KEY_MIN || size > STAMP_KEY_MAX)
		return -EINVAL;
	struct stamp_key *key = calloc(1, sizeof(*key));
	if (key == NULL)
		return -ENOMEM;
	if (!key_init(key, bytes, size)) {
		stamp_key_free(key);
		return -ENOMEM;
	}
	*ret = key;
	return 0;
}

void stamp_key_free(struct stamp_key *key)
{
	if (key == NULL)
		return;
	EVP_MAC_CTX_free(key->context);
	free(key);
}

bool stamp_key_sign(const struct stamp_key *key, const uint8_t *first, size_t first_size,
		    const uint8_t *second, size_t second_size, uint8_t ret[STAMP_HMAC_BYTES])
{
	uint8_t digest[EVP_MAX_MD_SIZE] = { 0 };
	size_t length = 0;
	bool is_done = EVP_MAC_init(key->context, NULL, 0, NULL) == 1 &&
		       EVP_MAC_update(key->context, first, first_size) == 1 &&
		       EVP_MAC_update(key->context, second, second_size) == 1 &&
		       EVP_MAC_final(key->context, digest, &length, sizeof(digest)) == 1;

	memset(ret, 0, STAMP_HMAC_BYTES);
	if (is_done)
		memcpy(ret, digest, STAMP_HMAC_BYTES);
	return is_done;
}

bool stamp_hmac_is(const uint8_t a[STAMP_HMAC_BYTES], const uint8_t b[STAMP_HMAC_BYTES])
{
	return CRYPTO_memcmp(a, b, STAMP_HMAC_BYTES) == 0;
}

static void sign_base(uint8_t *data, const struct stamp_key *key)
{
	size_t end = layout_of(key)->hmac;

	if (key != NULL)
		(void)stamp_key_sign(key, data, end, NULL, 0, data + end);
}

/* Of a packet that has room for all of the base. */
static bool is_signed(const uint8_t *data, const struct stamp_key *key)
{
	uint8_t hmac[STAMP_HMAC_BYTES];
	size_t end = layout_of(key)->hmac;

	if (key == NULL)
		return true;
	return stamp_key_sign(key, data, end, NULL, 0, hmac) && stamp_hmac_is(hmac, data + end);
}

/* ---- times */

#define CLOCK_SYNCHRONISED 0x8000
#define CLOCK_PTP          0x4000
#define SCALE_MAX          63
#define NTP_TO_UNIX_S      INT64_C(2208988800) /* from 1900 to 1970 */
#define ERA_S              (INT64_C(1) << 32)

/* In units of 2^-32 s, rounded up. */
static uint64_t to_fractions(uint64_t ns)
{
	uint64_t seconds = ns / NS_PER_S;
	uint64_t rest = ns % NS_PER_S;

	if (seconds > UINT32_MAX)
		return UINT64_MAX;
	uint64_t fraction = ((rest << 32) + NS_PER_S - 1) / NS_PER_S;
	return (seconds << 32) + fraction;
}

uint16_t stamp_clock_write(const struct stamp_clock *clock)
{
	uint64_t multiplier = to_fractions(clock->error_ns);
	unsigned scale = 0;
	uint16_t flags =
		(clock->is_synchronised ? CLOCK_SYNCHRONISED : 0) | (clock->is_ptp ? CLOCK_PTP : 0);

	while (multiplier > UINT8_MAX) {
		multiplier = multiplier / 2 + multiplier % 2;
		scale++;
	}
	/* 0 is not allowed (RFC 4656, 4.1.2). */
	return flags | (uint16_t)(scale << 8) | (uint16_t)(multiplier > 0 ? multiplier : 1);
}

/* Multiplier 2^(scale - 32) seconds in ns, rounded up. */
static uint64_t error_of(uint64_t multiplier, unsigned scale)
{
	uint64_t ns = multiplier * NS_PER_S; /* 38 bits */

	if (scale <= 32)
		return (ns + (UINT64_C(1) << (32 - scale)) - 1) >> (32 - scale);
	if (scale - 32 > 26)
		return UINT64_MAX;
	return ns << (scale - 32);
}

struct stamp_clock stamp_clock_read(uint16_t wire)
{
	return (struct stamp_clock){
		.error_ns = error_of(wire & UINT8_MAX, wire >> 8 & SCALE_MAX),
		.is_synchronised = (wire & CLOCK_SYNCHRONISED) != 0,
		.is_ptp = (wire & CLOCK_PTP) != 0,
	};
}

uint64_t stamp_time_write(int64_t unix_ns, const struct stamp_clock *clock)
{
	int64_t per_second = (int64_t)NS_PER_S;
	uint64_t rest = (uint64_t)((unix_ns % per_second + per_second) % per_second);
	int64_t seconds = (unix_ns - (int64_t)rest) / per_second;

	if (clock->is_ptp)
		return (uint64_t)seconds << 32 | rest;
	return (uint64_t)(seconds + NTP_TO_UNIX_S) << 32 | ((rest << 32) + NS_PER_S / 2) / NS_PER_S;
}

int64_t stamp_time_read(uint64_t wire, const struct stamp_clock *clock, int64_t near_unix_ns)
{
	int64_t per_second = (int64_t)NS_PER_S;
	uint64_t fraction = wire & UINT32_MAX;
	int64_t near_s = near_unix_ns / per_second;
	int64_t seconds = (int64_t)(wire >> 32) - (clock->is_ptp ? 0 : NTP_TO_UNIX_S);
	uint64_t rest =
		clock->is_ptp ? fraction : (fraction * NS_PER_S + (UINT64_C(1) << 31)) >> 32;

	int64_t apart = near_s - seconds + ERA_S / 2;
	int64_t eras = apart / ERA_S - (apart % ERA_S < 0);
	return (seconds + eras * ERA_S) * per_second + (int64_t)rest;
}

/* ---- packets */

/* What both ends say of a packet of theirs, from its head. */
static void read_packet(const uint8_t *data, const struct layout *layout, int64_t near_unix_ns,
			struct stamp_packet *ret)
{
	ret->sequence = get_u32(data);
	ret->clock = stamp_clock_read(get_u16(data + layout->error));
	ret->sent_unix_ns =
		stamp_time_read(get_u64(data + layout->sent), &ret->clock, near_unix_ns);
	ret->ssid = get_u16(data + layout->ssid);
}

void stamp_request_write(uint8_t *data, size_t size, const struct stamp_packet *request,
			 const struct stamp_key *key)
{
	const struct layout *layout = layout_of(key);
	uint8_t base[STAMP_KEYED_BYTES] = { 0 };

	assert(size >= (key != NULL ? STAMP_KEYED_BYTES : STAMP_LIGHT_BYTES));
	put_u32(base, request->sequence);
	put_u64(base + layout->sent, stamp_time_write(request->sent_unix_ns, &request->clock));
	put_u16(base + layout->error, stamp_clock_write(&request->clock));
	put_u16(base + layout->ssid, request->ssid);
	sign_base(base, key);
	memcpy(data, base, size < layout->bytes ? size : layout->bytes);
}

enum stamp_verdict stamp_request_read(const uint8_t *data, size_t size, const struct stamp_key *key,
				      int64_t near_unix_ns, struct stamp_packet *ret)
{
	const struct layout *layout = layout_of(key);
	uint8_t head[STAMP_KEYED_BYTES] = { 0 };

	if (size < (key != NULL ? STAMP_KEYED_BYTES : STAMP_LIGHT_BYTES))
		return STAMP_SHORT;
	if (!is_signed(data, key))
		return STAMP_FORGED;
	memcpy(head, data, size < layout->bytes ? size : layout->bytes);
	read_packet(head, layout, near_unix_ns, ret);
	return STAMP_GOOD;
}

void stamp_answer_write(uint8_t *data, size_t size, const struct stamp_answer *answer,
			const struct stamp_key *key)
{
	const struct layout *layout = layout_of(key);
	uint8_t base[STAMP_KEYED_BYTES] = { 0 };
	size_t used = size < layout->bytes ? size : layout->bytes;

	assert(size >= (key != NULL ? STAMP_KEYED_BYTES : STAMP_LIGHT_REPLY_BYTES));
	put_u32(base, answer->sequence);
	memcpy(base + layout->ssid, data + layout->ssid, 2);
	put_u64(base + layout->received,
		stamp_time_write(answer->received_unix_ns, &answer->clock));
	memcpy(base + layout->request, data, 4);
	memcpy(base + layout->request_sent, data + layout->sent, 8);
	memcpy(base + layout->request_error, data + layout->error, 2);
	base[layout->ttl] = answer->ttl;
	memcpy(data, base, used);
}

void stamp_answer_finish(uint8_t *data, int64_t sent_unix_ns, const struct stamp_clock *clock,
			 const struct stamp_key *key)
{
	const struct layout *layout = layout_of(key);

	put_u64(data + layout->sent, stamp_time_write(sent_unix_ns, clock));
	put_u16(data + layout->error, stamp_clock_write(clock));
	sign_base(data, key);
}

enum stamp_verdict stamp_reply_read(const uint8_t *data, size_t size, const struct stamp_key *key,
				    int64_t near_unix_ns, struct stamp_reply *ret)
{
	const struct layout *layout = layout_of(key);
	uint64_t request_sent;

	if (size < (key != NULL ? STAMP_KEYED_BYTES : STAMP_LIGHT_REPLY_BYTES))
		return STAMP_SHORT;
	if (!is_signed(data, key))
		return STAMP_FORGED;
	read_packet(data, layout, near_unix_ns, &ret->own);
	ret->received_unix_ns =
		stamp_time_read(get_u64(data + layout->received), &ret->own.clock, near_unix_ns);
	ret->request.sequence = get_u32(data + layout->request);
	ret->request.clock = stamp_clock_read(get_u16(data + layout->request_error));
	request_sent = get_u64(data + layout->request_sent);
	ret->request.sent_unix_ns =
		stamp_time_read(request_sent, &ret->request.clock, near_unix_ns);
	ret->request.ssid = ret->own.ssid;
	ret->ttl = data[layout->ttl];
	return STAMP_GOOD;
}
