#include "base/subnet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned address_bits(const struct endpoint *endpoint)
{
	return endpoint->family == AF_INET ? 32 : 128;
}

/* "24" behind the slash. */
static int read_bits(const char *text, struct error *error, struct subnet *subnet)
{
	unsigned most = address_bits(&subnet->base);
	char *end = NULL;
	unsigned long bits = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || bits > most)
		return error_set(error, EINVAL, "\"/%s\" is not a prefix from /0 to /%u", text,
				 most);
	subnet->bits = (unsigned)bits;
	return 0;
}

static bool has_prefix(const struct subnet *subnet, const uint8_t address[16])
{
	unsigned whole = subnet->bits / 8;
	unsigned rest = subnet->bits % 8;

	if (memcmp(subnet->base.address, address, whole) != 0)
		return false;
	return rest == 0 || (subnet->base.address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

/* Nothing behind the prefix: what looks like one host is not meant as its whole network. */
static bool is_base(const struct subnet *subnet)
{
	unsigned most = address_bits(&subnet->base);

	for (unsigned bit = subnet->bits; bit < most; bit++) {
		if ((subnet->base.address[bit / 8] & 0x80 >> bit % 8) != 0)
			return false;
	}
	return true;
}

int subnet_parse(const char *text, struct error *error, struct subnet *ret)
{
	char address[ENDPOINT_TEXT_MAX] = "";
	size_t length = strcspn(text, "/");
	int rc = 0;

	if (length < sizeof(address))
		memcpy(address, text, length);
	if (endpoint_parse(address, 0, &ret->base) < 0 || ret->base.port != 0)
		return error_set(error, EINVAL,
				 "\"%s\" is no address and no range like 192.0.2.0/24", text);
	ret->bits = address_bits(&ret->base);
	if (text[length] == '/')
		rc = read_bits(text + length + 1, error, ret);
	if (rc == 0 && !is_base(ret))
		return error_set(error, EINVAL,
				 "\"%s\" has an address that is not the first of its range", text);
	return rc;
}

bool subnet_has(const struct subnet *subnet, const struct endpoint *endpoint)
{
	return subnet->base.family == endpoint->family && has_prefix(subnet, endpoint->address);
}
