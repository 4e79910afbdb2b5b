#include "net/preflight.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/units.h"
#include "sys/limits.h"

#define PROC_IPV4      "/proc/sys/net/ipv4/"
#define PROC_NETFILTER "/proc/sys/net/netfilter/"

#define TIME_WAIT_S           60
#define TIME_WAIT_REUSED_S    1   /* tcp_tw_reuse_delay */
#define CONNTRACK_TIME_WAIT_S 120 /* nf_conntrack_tcp_timeout_time_wait */
#define WIDEST_PORT_RANGE     (65535 - 1024 + 1)

static uint64_t multiply(uint64_t a, uint64_t b)
{
	uint64_t product;
	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t at_least_one(uint64_t count)
{
	return count > 0 ? count : 1;
}

/* ---- what there is */

/* Of "8080,9148-9150", how many lie in the range. */
static unsigned count_reserved(const char *text, unsigned low, unsigned high)
{
	unsigned count = 0;

	while (*text >= '0' && *text <= '9') {
		char *rest = NULL;
		unsigned long first = strtoul(text, &rest, 10);
		unsigned long last = *rest == '-' ? strtoul(rest + 1, &rest, 10) : first;
		for (unsigned long port = first; port <= last && port <= high; port++)
			count += port >= low;
		text = *rest == ',' ? rest + 1 : rest;
	}
	return count;
}

static int measure_ports(uint64_t *ret)
{
	char reserved[4096] = "";
	uint16_t low = 0;
	uint16_t high = 0;
	int rc = limits_read_port_range(&low, &high);

	if (rc < 0)
		return rc;
	(void)!limits_read_text(PROC_IPV4 "ip_local_reserved_ports", reserved, sizeof(reserved));
	*ret = (uint64_t)(high - low + 1) - count_reserved(reserved, low, high);
	return 0;
}

/* The kernel takes a port of TIME-WAIT again after 1 s: for all (1), for loopback (2, its
 * default) or for none (0). */
static uint64_t measure_time_wait(const struct endpoint *remote)
{
	uint64_t reuse = 0;

	(void)!limits_read_number(PROC_IPV4 "tcp_tw_reuse", &reuse);
	if (reuse == 1 || (reuse == 2 && endpoint_is_loopback(remote)))
		return TIME_WAIT_REUSED_S;
	return TIME_WAIT_S;
}

/* A count of 0 means that no rule has it track anything. */
static void measure_conntrack(struct preflight_room *ret)
{
	uint64_t count = 0;

	ret->conntrack_free = UINT64_MAX;
	if (limits_read_number(PROC_NETFILTER "nf_conntrack_max", &ret->conntrack_max) < 0 ||
	    limits_read_number(PROC_NETFILTER "nf_conntrack_count", &count) < 0 || count == 0)
		return;
	ret->conntrack_free = ret->conntrack_max > count ? ret->conntrack_max - count : 0;
}

int preflight_measure(const struct preflight_need *need, struct preflight_room *ret)
{
	*ret = (struct preflight_room){ .descriptors = limits_raise_descriptors() };
	int rc = measure_ports(&ret->ports);
	if (rc == 0)
		rc = limits_read_number("/proc/sys/net/core/somaxconn", &ret->somaxconn);
	ret->tuples = multiply(multiply(ret->ports, at_least_one(need->source_addresses)),
			       at_least_one(need->remote_endpoints));
	ret->time_wait_s = measure_time_wait(&need->remote);
	measure_conntrack(ret);
	return rc;
}

/* ---- whether it is enough */

static uint64_t round_down(uint64_t count)
{
	return count < 1000 ? count : count / 100 * 100;
}

static uint64_t round_up(uint64_t count)
{
	return (count / 100 + 1) * 100;
}

/* What is left for -c when the rest of the descriptors stays as it is; 0 if nothing. */
static uint64_t fitting_connections(const struct preflight_need *need, uint64_t limit)
{
	uint64_t each = at_least_one(need->descriptors / at_least_one(need->connections));
	uint64_t others = need->descriptors - multiply(each, need->connections);

	return limit > others ? round_down((limit - others) / each) : 0;
}

static int check_descriptors(const struct preflight_need *need, const struct preflight_room *room,
			     struct error *error)
{
	char needed[UNITS_TEXT_MAX];
	char limit[UNITS_TEXT_MAX];
	char fitting[UNITS_TEXT_MAX];

	if (need->descriptors <= room->descriptors)
		return 0;
	units_format_grouped(fitting_connections(need, room->descriptors), fitting);
	return error_set(error, EMFILE,
			 "needs %s file descriptors, the hard limit here is %s: lower -c to %s, or "
			 "raise it with `ulimit -Hn %llu` (LimitNOFILE= in systemd)",
			 units_format_grouped(need->descriptors, needed),
			 units_format_grouped(room->descriptors, limit), fitting,
			 (unsigned long long)round_up(need->descriptors));
}

/* "lower -c to 28,200" or "lower the rate to 470 a second"; what is held comes first. */
static void advise_less(const struct preflight_need *need, const struct preflight_room *room,
			char text[128])
{
	char number[UNITS_TEXT_MAX];

	if (need->connections_per_s == 0 || need->connections >= room->tuples)
		(void)snprintf(text, 128, "lower -c to %s",
			       units_format_grouped(round_down(room->tuples), number));
	else
		(void)snprintf(text, 128, "lower the rate of new connections to %s a second",
			       units_format_grouped((room->tuples - need->connections) /
							    at_least_one(room->time_wait_s),
						    number));
}

static int check_tuples(const struct preflight_need *need, const struct preflight_room *room,
			struct error *error)
{
	char needed[UNITS_TEXT_MAX];
	char available[UNITS_TEXT_MAX];
	char sources[UNITS_TEXT_MAX];
	char remote[ENDPOINT_TEXT_MAX];
	char less[128];
	uint64_t waiting = multiply(need->connections_per_s, room->time_wait_s);
	uint64_t total = add(need->connections, waiting);
	uint64_t per_source = at_least_one(multiply(room->ports, need->remote_endpoints));
	bool is_wide = room->ports > WIDEST_PORT_RANGE * 9 / 10;

	if (total <= room->tuples)
		return 0;
	advise_less(need, room, less);
	return error_set(
		error, EADDRNOTAVAIL,
		"needs %s local ports towards %s%s, there are %s: %s, give %s addresses "
		"with --source%s",
		units_format_grouped(total, needed), endpoint_format(&need->remote, remote),
		waiting > 0 ? " (with those in TIME-WAIT)" : "",
		units_format_grouped(room->tuples, available), less,
		units_format_grouped(total / per_source + (total % per_source != 0), sources),
		is_wide ? ""
			: ", or widen the range with `sysctl -w "
			  "net.ipv4.ip_local_port_range=\"1024 65535\"`");
}

static int check_conntrack(const struct preflight_need *need, const struct preflight_room *room,
			   struct error *error)
{
	char needed[UNITS_TEXT_MAX];
	char available[UNITS_TEXT_MAX];
	uint64_t total =
		add(need->connections, multiply(need->connections_per_s, CONNTRACK_TIME_WAIT_S));

	if (total <= room->conntrack_free)
		return 0;
	uint64_t enough = add(room->conntrack_max, total - room->conntrack_free);
	return error_set(error, ENOBUFS,
			 "needs %s entries of connection tracking, %s are free: raise it with "
			 "`sysctl -w net.netfilter.nf_conntrack_max=%llu`, or exempt this traffic "
			 "(notrack)",
			 units_format_grouped(total, needed),
			 units_format_grouped(room->conntrack_free, available),
			 (unsigned long long)round_up(enough));
}

int preflight_check(const struct preflight_need *need, const struct preflight_room *room,
		    struct error *error)
{
	int rc = check_descriptors(need, room, error);
	if (rc == 0)
		rc = check_tuples(need, room, error);
	return rc == 0 ? check_conntrack(need, room, error) : rc;
}
