#include "net/source_pool.h"

#include <assert.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/fd.h"
#include "sys/ip_socket.h"

#define RANGE_BITS_MAX 20      /* 1 M addresses */
#define LISTED_MAX     1000000 /* of a file */
#define LINES_MAX      4000000 /* of a file, with comments and empty ones */
#define CHECKED_MAX    256     /* addresses of a range that are tried before the run */

struct source_pool {
	struct endpoint *listed; /* NULL: a range from `base` on */
	struct endpoint base;
	uint64_t count;
	uint64_t next;
	uint64_t fixed_port_count;
	bool is_auto;
};

/* `base` plus `number`, in network byte order over the last four bytes. */
static struct endpoint number_address(const struct endpoint *base, uint64_t number)
{
	struct endpoint endpoint = *base;
	uint8_t *end = endpoint.address + (base->family == AF_INET ? 4 : 16);

	for (uint8_t *byte = end - 1; number > 0 && byte >= endpoint.address; byte--) {
		number += *byte;
		*byte = (uint8_t)number;
		number >>= 8;
	}
	return endpoint;
}

static struct endpoint nth_address(const struct source_pool *pool, uint64_t n)
{
	return pool->listed != NULL ? pool->listed[n] : number_address(&pool->base, n);
}

struct endpoint source_pool_next(struct source_pool *pool)
{
	struct endpoint endpoint = nth_address(pool, pool->next);
	if (++pool->next == pool->count)
		pool->next = 0;
	return endpoint;
}

uint64_t source_pool_count(const struct source_pool *pool)
{
	return pool->count;
}

uint64_t source_pool_fixed_port_count(const struct source_pool *pool)
{
	return pool->fixed_port_count;
}

void source_pool_free(struct source_pool *pool)
{
	if (pool == NULL)
		return;
	free(pool->listed);
	free(pool);
}

/* ---- whether addresses are ours */

static const char *family_name(uint16_t family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

static int check_family(const struct endpoint *local, const struct endpoint *remote,
			struct error *error)
{
	char local_text[ENDPOINT_TEXT_MAX];
	char remote_text[ENDPOINT_TEXT_MAX];

	if (local->family == remote->family)
		return 0;
	return error_set(error, EINVAL, "%s is an %s address, but the target %s is %s",
			 endpoint_format_address(local, local_text), family_name(local->family),
			 endpoint_format_address(remote, remote_text), family_name(remote->family));
}

int source_check_ours(const struct endpoint *local, struct error *error)
{
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint probe = *local;
	owned_fd int fd = ip_socket_open(local->family, SOCK_DGRAM);

	if (fd < 0)
		return error_set(error, -fd, "no %s here: %s", family_name(local->family),
				 strerror(-fd));
	probe.port = 0;
	int rc = ip_socket_bind(fd, &probe);
	if (rc == 0)
		return 0;
	return error_set(error, -rc,
			 "%s is not an address of this host (one: `ip address add`; a whole range: "
			 "`ip route add local RANGE dev lo`)",
			 endpoint_format_address(local, text));
}

/* All of them, or CHECKED_MAX spread over a large pool and the last one. */
static int check_addresses(const struct source_pool *pool, const struct endpoint *remote,
			   struct error *error)
{
	uint64_t step = pool->count / CHECKED_MAX + 1;

	for (uint64_t n = 0; n < pool->count; n += step) {
		struct endpoint local = nth_address(pool, n);
		int rc = check_family(&local, remote, error);
		if (rc == 0)
			rc = source_check_ours(&local, error);
		if (rc < 0)
			return rc;
	}
	struct endpoint last = nth_address(pool, pool->count - 1);
	return source_check_ours(&last, error);
}

/* ---- a range */

static void mask_address(struct endpoint *endpoint, unsigned prefix_bits)
{
	unsigned size = endpoint->family == AF_INET ? 4 : 16;

	for (unsigned i = 0; i < size; i++) {
		unsigned kept = prefix_bits < 8 * i ? 0 : prefix_bits - 8 * i;
		if (kept < 8)
			endpoint->address[i] &= (uint8_t)(0xff00U >> kept);
	}
}

/* The address of "192.0.2.0/24", and where its prefix begins; NULL if it is no such text. */
static const char *split_range(const char *text, struct endpoint *ret)
{
	char address[ENDPOINT_TEXT_MAX];
	const char *slash = strchr(text, '/');

	if (slash == NULL || (size_t)(slash - text) >= sizeof(address))
		return NULL;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	return endpoint_parse(address, 0, ret) == 0 ? slash + 1 : NULL;
}

/* The network's address and the broadcast address of IPv4 are nobody's. */
static int fill_range(struct source_pool *pool, const char *prefix, struct error *error)
{
	unsigned address_bits = pool->base.family == AF_INET ? 32 : 128;
	char *end = NULL;
	unsigned long bits = strtoul(prefix, &end, 10);

	if (*prefix < '0' || *prefix > '9' || *end != '\0' || bits > address_bits ||
	    address_bits - bits > RANGE_BITS_MAX)
		return error_set(error, EINVAL, "/%s: %s ranges have a prefix from /%u to /%u",
				 prefix, family_name(pool->base.family),
				 address_bits - RANGE_BITS_MAX, address_bits);
	mask_address(&pool->base, (unsigned)bits);
	pool->count = UINT64_C(1) << (address_bits - bits);
	if (pool->base.family == AF_INET && pool->count > 2) {
		pool->base = number_address(&pool->base, 1);
		pool->count -= 2;
	}
	return 0;
}

/* ---- listed addresses */

static int append(struct source_pool *pool, const struct endpoint *endpoint)
{
	/* Room for a power of two: full exactly when the count is one. */
	if ((pool->count & (pool->count - 1)) == 0) {
		size_t room = pool->count == 0 ? 1 : 2 * pool->count;
		void *grown = reallocarray(pool->listed, room, sizeof(*pool->listed));
		if (grown == NULL)
			return -ENOMEM;
		pool->listed = grown;
	}
	pool->listed[pool->count++] = *endpoint;
	pool->fixed_port_count += endpoint->port != 0;
	return 0;
}

static void file_cleanup(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

/* Without the comment and the blanks around. */
static char *strip(char *line)
{
	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	line[strcspn(line, " \t")] = '\0';
	return line;
}

/* A device has no lines: its zeros end none. */
static int check_line(const char *line, size_t size, FILE *file, struct error *error)
{
	size_t length = strlen(line);
	bool is_ended = (length > 0 && line[length - 1] == '\n') || feof(file);

	if (!is_ended && length + 1 == size)
		return error_set(error, EINVAL, "a line has %zu bytes at most", size - 2);
	if (!is_ended)
		return error_set(error, EINVAL, "this is not a text");
	return 0;
}

static int parse_line(const char *text, struct source_pool *pool, struct error *error)
{
	struct endpoint endpoint;

	if (*text == '\0')
		return 0;
	if (endpoint_parse(text, 0, &endpoint) < 0)
		return error_set(error, EINVAL, "\"%s\" is not an address", text);
	if (pool->count == LISTED_MAX)
		return error_set(error, EINVAL, "more than %d addresses", LISTED_MAX);
	return append(pool, &endpoint);
}

static int parse_lines(FILE *file, const char *path, struct source_pool *pool, struct error *error)
{
	char line[256];

	for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
		int rc = number > LINES_MAX
				 ? error_set(error, EINVAL, "more than %d lines", LINES_MAX)
				 : check_line(line, sizeof(line), file, error);
		if (rc == 0)
			rc = parse_line(strip(line), pool, error);
		if (rc < 0) {
			error_prefix(error, "%s:%u", path, number);
			return rc;
		}
	}
	return 0;
}

static int read_file(const char *path, struct source_pool *pool, struct error *error)
{
	cleanup(file_cleanup) FILE *file = fopen(path, "re");

	if (file == NULL && errno == ENOENT)
		return error_set(error, EINVAL,
				 "\"%s\" is no address, no range such as 192.0.2.0/24, not auto, "
				 "and there is no such file",
				 path);
	if (file == NULL)
		return error_set(error, errno, "%s: %s", path, strerror(errno));
	int rc = parse_lines(file, path, pool, error);
	if (rc == 0 && pool->count == 0)
		return error_set(error, EINVAL, "%s: no address in it", path);
	return rc;
}

/* ---- those of the interface that the route takes */

static int find_route(const struct endpoint *remote, struct endpoint *ret)
{
	owned_fd int fd = ip_socket_open(remote->family, SOCK_DGRAM);
	struct endpoint probe = *remote;

	if (fd < 0)
		return fd;
	if (probe.port == 0)
		probe.port = 9; /* connecting sends nothing */
	int rc = ip_socket_connect(fd, &probe);
	return rc < 0 ? rc : ip_socket_local(fd, ret);
}

static bool read_interface_address(const struct ifaddrs *interface, uint16_t family,
				   struct endpoint *ret)
{
	if (interface->ifa_addr == NULL || interface->ifa_addr->sa_family != family)
		return false;
	endpoint_from_sockaddr(interface->ifa_addr, ret);
	ret->port = 0;
	return true;
}

static const char *find_interface(const struct ifaddrs *interfaces, const struct endpoint *local)
{
	struct endpoint address;

	for (; interfaces != NULL; interfaces = interfaces->ifa_next) {
		if (read_interface_address(interfaces, local->family, &address) &&
		    memcmp(address.address, local->address, sizeof(address.address)) == 0)
			return interfaces->ifa_name;
	}
	return NULL;
}

/* Link-local addresses only where the route's is one. */
static int append_interface(const struct ifaddrs *interfaces, const struct endpoint *local,
			    struct source_pool *pool)
{
	const char *name = find_interface(interfaces, local);
	struct endpoint address;
	int rc = 0;

	/* The route may take an address that no interface has, as 127.0.0.2. */
	if (name == NULL)
		return append(pool, local);
	for (; interfaces != NULL && rc == 0; interfaces = interfaces->ifa_next) {
		if (strcmp(interfaces->ifa_name, name) == 0 &&
		    read_interface_address(interfaces, local->family, &address) &&
		    endpoint_is_link_local(&address) == endpoint_is_link_local(local))
			rc = append(pool, &address);
	}
	return rc;
}

static int find_auto(const struct endpoint *remote, struct source_pool *pool, struct error *error)
{
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint local;
	struct ifaddrs *interfaces = NULL;

	int rc = find_route(remote, &local);
	if (rc < 0)
		return error_set(error, -rc, "no route to %s: %s",
				 endpoint_format_address(remote, text), strerror(-rc));
	if (getifaddrs(&interfaces) != 0)
		return error_set(error, errno, "cannot list the interfaces: %s", strerror(errno));
	local.port = 0;
	rc = append_interface(interfaces, &local, pool);
	freeifaddrs(interfaces);
	return rc;
}

/* ---- all together */

static int fill(const char *text, struct source_pool *pool, struct error *error)
{
	struct endpoint one;

	pool->is_auto = strcmp(text, "auto") == 0;
	if (pool->is_auto)
		return 0;
	if (endpoint_parse(text, 0, &one) == 0)
		return append(pool, &one);
	const char *prefix = split_range(text, &pool->base);
	return prefix != NULL ? fill_range(pool, prefix, error) : read_file(text, pool, error);
}

int source_pool_parse(const char *text, struct error *error, struct source_pool **ret)
{
	struct source_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return error_set(error, ENOMEM, "out of memory");
	int rc = fill(text, pool, error);
	if (rc < 0)
		source_pool_free(pool);
	else
		*ret = pool;
	return rc;
}

int source_pool_check(struct source_pool *pool, const struct endpoint *remote, struct error *error)
{
	int rc = pool->is_auto && pool->count == 0 ? find_auto(remote, pool, error) : 0;

	return rc < 0 ? rc : check_addresses(pool, remote, error);
}

int source_pool_split(const struct source_pool *pool, unsigned index, unsigned count,
		      struct source_pool **ret)
{
	assert(pool->count > 0 && index < count);
	bool is_shared = pool->count < count;
	uint64_t step = is_shared ? 1 : count;
	struct source_pool *part = calloc(1, sizeof(*part));
	int rc = part != NULL ? 0 : -ENOMEM;

	for (uint64_t n = is_shared ? 0 : index; n < pool->count && rc == 0; n += step) {
		struct endpoint endpoint = nth_address(pool, n);
		rc = append(part, &endpoint);
	}
	if (rc < 0) {
		source_pool_free(part);
		return rc;
	}
	/* Who shares starts elsewhere. */
	part->next = is_shared ? index % pool->count : 0;
	*ret = part;
	return 0;
}
