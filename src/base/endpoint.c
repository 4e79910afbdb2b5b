#include "base/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Decimal digits only, up to the end of the text. */
static int parse_number(const char *text, uint64_t maximum, uint64_t *ret)
{
	uint64_t value = 0;

	if (*text == '\0')
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > maximum)
			return -EINVAL;
	}
	*ret = value;
	return 0;
}

static int parse_port(const char *text, struct endpoint *ret)
{
	uint64_t port = 0;

	if (parse_number(text, UINT16_MAX, &port) < 0)
		return -EINVAL;
	ret->port = (uint16_t)port;
	return 0;
}

static int parse_ipv4(char *text, struct endpoint *ret)
{
	char *colon = strchr(text, ':');

	if (colon != NULL) {
		*colon = '\0';
		if (parse_port(colon + 1, ret) < 0)
			return -EINVAL;
	}
	if (inet_pton(AF_INET, text, ret->address) != 1)
		return -EINVAL;
	ret->family = AF_INET;
	return 0;
}

static void unmap_ipv4(struct endpoint *endpoint)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(endpoint->address, mapped, sizeof(mapped)) != 0)
		return;
	memmove(endpoint->address, endpoint->address + 12, 4);
	memset(endpoint->address + 4, 0, 12);
	endpoint->scope = 0;
	endpoint->family = AF_INET;
}

static int parse_ipv6_address(char *text, struct endpoint *ret)
{
	char *percent = strchr(text, '%');
	uint64_t scope = 0;

	if (percent != NULL) {
		*percent = '\0';
		if (parse_number(percent + 1, UINT32_MAX, &scope) < 0)
			return -EINVAL;
	}
	if (inet_pton(AF_INET6, text, ret->address) != 1)
		return -EINVAL;
	ret->scope = (uint32_t)scope;
	ret->family = AF_INET6;
	unmap_ipv4(ret);
	return 0;
}

/* "[address]" or "[address]:port" */
static int parse_bracketed(char *text, struct endpoint *ret)
{
	char *end = strchr(text, ']');

	if (end == NULL)
		return -EINVAL;
	if (end[1] == ':' ? parse_port(end + 2, ret) < 0 : end[1] != '\0')
		return -EINVAL;
	*end = '\0';
	return parse_ipv6_address(text + 1, ret);
}

int endpoint_parse(const char *text, uint16_t default_port, struct endpoint *ret)
{
	char copy[ENDPOINT_TEXT_MAX];
	struct endpoint parsed = { .port = default_port };
	size_t size = strlen(text) + 1;
	int rc;

	if (size > sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, size);
	if (*copy == '[')
		rc = parse_bracketed(copy, &parsed);
	else if (strchr(copy, ':') != strrchr(copy, ':'))
		rc = parse_ipv6_address(copy, &parsed);
	else
		rc = parse_ipv4(copy, &parsed);
	if (rc == 0)
		*ret = parsed;
	return rc;
}

const char *endpoint_format_address(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_MAX])
{
	text[0] = '\0';
	if (endpoint->family == 0)
		return text;
	(void)inet_ntop(endpoint->family, endpoint->address, text, ENDPOINT_TEXT_MAX);
	if (endpoint->scope != 0) {
		size_t used = strlen(text);
		(void)snprintf(text + used, ENDPOINT_TEXT_MAX - used, "%%%u", endpoint->scope);
	}
	return text;
}

const char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_MAX])
{
	char address[ENDPOINT_TEXT_MAX];
	unsigned port = endpoint->port;

	text[0] = '\0';
	if (endpoint->family == 0)
		return text;
	endpoint_format_address(endpoint, address);
	if (endpoint->family == AF_INET6)
		(void)snprintf(text, ENDPOINT_TEXT_MAX, "[%.63s]:%u", address, port);
	else
		(void)snprintf(text, ENDPOINT_TEXT_MAX, "%.63s:%u", address, port);
	return text;
}

static void from_ipv4(const struct sockaddr_in *address, struct endpoint *ret)
{
	ret->family = AF_INET;
	ret->port = ntohs(address->sin_port);
	memcpy(ret->address, &address->sin_addr, sizeof(address->sin_addr));
}

static void from_ipv6(const struct sockaddr_in6 *address, struct endpoint *ret)
{
	ret->family = AF_INET6;
	ret->port = ntohs(address->sin6_port);
	ret->scope = address->sin6_scope_id;
	memcpy(ret->address, &address->sin6_addr, sizeof(address->sin6_addr));
	unmap_ipv4(ret);
}

/* Copied out: what a caller wrote as one type must not be read through another. */
void endpoint_from_sockaddr(const struct sockaddr *address, struct endpoint *ret)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
	sa_family_t family;

	*ret = (struct endpoint){ 0 };
	memcpy(&family, address, sizeof(family));
	if (family == AF_INET) {
		memcpy(&ipv4, address, sizeof(ipv4));
		from_ipv4(&ipv4, ret);
	} else if (family == AF_INET6) {
		memcpy(&ipv6, address, sizeof(ipv6));
		from_ipv6(&ipv6, ret);
	}
}

static socklen_t to_ipv4(const struct endpoint *endpoint, struct sockaddr_in *ret)
{
	*ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(endpoint->port) };
	memcpy(&ret->sin_addr, endpoint->address, sizeof(ret->sin_addr));
	return sizeof(*ret);
}

static socklen_t to_ipv6(const struct endpoint *endpoint, struct sockaddr_in6 *ret)
{
	*ret = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons(endpoint->port),
		.sin6_scope_id = endpoint->scope,
	};
	memcpy(&ret->sin6_addr, endpoint->address, sizeof(ret->sin6_addr));
	return sizeof(*ret);
}

socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *ret)
{
	if (endpoint->family == AF_INET)
		return to_ipv4(endpoint, (struct sockaddr_in *)(void *)ret);
	if (endpoint->family == AF_INET6)
		return to_ipv6(endpoint, (struct sockaddr_in6 *)(void *)ret);
	ret->ss_family = AF_UNSPEC;
	return 0;
}

bool endpoint_is_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->family == b->family && a->port == b->port && a->scope == b->scope &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

bool endpoint_is_any(const struct endpoint *endpoint)
{
	static const uint8_t zero[sizeof(endpoint->address)];

	return endpoint->family != 0 && memcmp(endpoint->address, zero, sizeof(zero)) == 0;
}

bool endpoint_is_loopback(const struct endpoint *endpoint)
{
	if (endpoint->family == AF_INET)
		return endpoint->address[0] == IN_LOOPBACKNET;
	return endpoint->family == AF_INET6 &&
	       memcmp(endpoint->address, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

bool endpoint_is_link_local(const struct endpoint *endpoint)
{
	return endpoint->family == AF_INET6 && endpoint->address[0] == 0xfe &&
	       (endpoint->address[1] & 0xc0) == 0x80;
}
