#include "engine/service_path.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/units.h"
#include "proto/traffic_wire.h"

/* A cookie is good in the slot in which it was made and in the next one. */
#define COOKIE_SLOT_NS (30 * NS_PER_S)
#define END_BYTES      24
/* What else is made with the same secret begins with a time: 8 bytes of it. */
#define PURPOSE UINT64_C(0x6120706174682773)

static void write_end(uint8_t *place, const struct endpoint *end)
{
	memcpy(place, end->address, 16);
	put_u32(place + 16, end->scope);
	put_u32(place + 20, (uint32_t)end->family << 16 | end->port);
}

static void make_cookie(const struct path_wire *wire, const uint8_t secret[SOURCE_SECRET_BYTES],
			uint64_t slot, uint8_t ret[PATH_COOKIE_BYTES])
{
	uint8_t vouched[8 + 8 + 2 * END_BYTES];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	put_u64(vouched, PURPOSE);
	put_u64(vouched + 8, slot);
	write_end(vouched + 16, &wire->sender);
	write_end(vouched + 16 + END_BYTES, &wire->server);
	/* Of no memory there is no digest, and zeros vouch for nobody. */
	memset(ret, 0, PATH_COOKIE_BYTES);
	if (HMAC(EVP_sha256(), secret, SOURCE_SECRET_BYTES, vouched, sizeof(vouched), digest,
		 &size) != NULL)
		memcpy(ret, digest, PATH_COOKIE_BYTES);
}

bool service_path_knows(const struct path_wire *claim, const uint8_t secret[SOURCE_SECRET_BYTES],
			uint64_t now_ns)
{
	static const uint8_t none[PATH_COOKIE_BYTES];
	uint64_t slot = now_ns / COOKIE_SLOT_NS;
	bool is_good = false;

	if (memcmp(claim->cookie, none, sizeof(none)) == 0)
		return false;
	for (uint64_t age = 0; age <= 1 && age <= slot; age++) {
		uint8_t cookie[PATH_COOKIE_BYTES];
		make_cookie(claim, secret, slot - age, cookie);
		is_good |= CRYPTO_memcmp(claim->cookie, cookie, sizeof(cookie)) == 0;
	}
	return is_good;
}

enum service_path_take service_path_take(struct datagram *datagram, const char *name,
					 const uint8_t secret[SOURCE_SECRET_BYTES], uint64_t now_ns)
{
	struct path_wire wire;

	if (!path_wire_read(datagram->data, datagram->size, &wire))
		return SERVICE_PATH_OTHER;
	if (wire.kind != PATH_WIRE_PROBE)
		return SERVICE_PATH_DROPPED;
	wire.kind = PATH_WIRE_ANSWER;
	wire.received = (uint32_t)datagram->size;
	wire.sender = datagram->remote;
	wire.server = datagram->local;
	make_cookie(&wire, secret, now_ns / COOKIE_SLOT_NS, wire.cookie);
	path_wire_write(datagram->data, &wire);
	wire_write_name(datagram->data, PATH_WIRE_BYTES, name);
	datagram->size = PATH_WIRE_BYTES;
	return SERVICE_PATH_ANSWERED;
}
