#include "net/preflight.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"
#include "sys/limits.h"

#define PROC_IPV4      "/proc/sys/net/ipv4/"
#define PROC_NETFILTER "/proc/sys/net/netfilter/"

#define TIME_WAIT_S           60
#define TIME_WAIT_REUSED_S    2   /* tcp_tw_reuse_delay is 1; 1.2 were enough, see exhausted.sh */
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

/* The kernel takes a port of TIME-WAIT again after a second: for all (1), for loopback (2, its
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
	uint64_t free_sources = at_least_one(need->source_addresses) - need->source_ports;
	ret->flows = add(multiply(ret->ports, free_sources), need->source_ports);
	ret->tuples = add(
		multiply(multiply(ret->ports, free_sources), at_least_one(need->remote_endpoints)),
		need->source_ports);
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

/* What to do: "lower -c to 40 or --new-connections to 3/s". */
struct advice {
	char text[256];
	size_t size;
};

static void advise(struct advice *advice, const char *between, const char *format, ...)
	printf_like(3, 4);

static void advise(struct advice *advice, const char *between, const char *format, ...)
{
	va_list values;
	const char *before = advice->size > 0 ? between : "";

	advice->size += (size_t)snprintf(advice->text + advice->size,
					 sizeof(advice->text) - advice->size, "%s", before);
	va_start(values, format);
	advice->size += (size_t)vsnprintf(advice->text + advice->size,
					  sizeof(advice->text) - advice->size, format, values);
	va_end(values);
	assert(advice->size < sizeof(advice->text));
}

/* Each that is enough by itself; nothing where that would leave none. */
static void advise_fewer_connections(struct advice *advice, uint64_t connections)
{
	char number[UNITS_TEXT_MAX];

	if (connections > 0)
		advise(advice, " or ", "lower -c to %s",
		       units_format_grouped(round_down(connections), number));
}

static void advise_lower_rate(struct advice *advice, uint64_t per_s)
{
	char number[UNITS_TEXT_MAX];

	if (per_s > 0)
		advise(advice, " or ", "%s--new-connections to %s/s", advice->size ? "" : "lower ",
		       units_format_grouped(per_s, number));
}

/* `connections` is what is left for -c when all that can be left out is. */
static void advise_all_off(struct advice *advice, const struct preflight_need *need, uint64_t flows,
			   uint64_t connections)
{
	char number[UNITS_TEXT_MAX];

	if (advice->size > 0 || connections == 0)
		return;
	if (need->connections_per_s > 0)
		advise(advice, " and ", "say --new-connections off");
	if (flows > 0)
		advise(advice, " and ", "%s--path-probe off", advice->size ? "" : "say ");
	if (need->connections > connections)
		advise(advice, " and ", "lower -c to %s",
		       units_format_grouped(round_down(connections), number));
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What the first process needs beside connections: it has all of these. */
static uint64_t descriptors_beside(const struct preflight_need *need)
{
	return add(need->descriptors,
		   add(multiply(need->connections_per_s, need->open_s), need->flows));
}

static uint64_t quotient_up(uint64_t count, uint64_t divisor)
{
	return count / divisor + (count % divisor != 0);
}

static void advise_descriptors(struct advice *advice, const struct preflight_need *need,
			       uint64_t excess, uint64_t limit)
{
	char number[UNITS_TEXT_MAX];
	uint64_t open_s = at_least_one(need->open_s);
	uint64_t processes = at_least_one(need->processes);

	advise_fewer_connections(advice,
				 multiply(less(limit, descriptors_beside(need)), processes));
	advise_lower_rate(advice, less(multiply(need->connections_per_s, open_s), excess) / open_s);
	if (need->flows > excess)
		advise(advice, " or ", "%s--path-flows to %s", advice->size ? "" : "lower ",
		       units_format_grouped(need->flows - excess, number));
	advise_all_off(advice, need, need->flows,
		       multiply(less(limit, need->descriptors), processes));
}

/* "say --processes 3, ", where that many are enough. */
static const char *advise_processes(const struct preflight_need *need, uint64_t limit,
				    char text[64])
{
	uint64_t room = less(limit, descriptors_beside(need));
	uint64_t enough = room > 0 ? quotient_up(need->connections, room) : UINT64_MAX;

	text[0] = '\0';
	if (enough <= PREFLIGHT_PROCESSES_MAX)
		(void)snprintf(text, 64, "say --processes %llu, ", (unsigned long long)enough);
	return text;
}

static int check_descriptors(const struct preflight_need *need, uint64_t limit, struct error *error)
{
	char needed[UNITS_TEXT_MAX];
	char available[UNITS_TEXT_MAX];
	char each[64] = "";
	char processes[64];
	struct advice advice = { "", 0 };
	uint64_t total = add(descriptors_beside(need),
			     quotient_up(need->connections, at_least_one(need->processes)));

	if (total <= limit)
		return 0;
	advise_descriptors(&advice, need, total - limit, limit);
	if (need->processes > 1)
		(void)snprintf(each, sizeof(each), " in each of %llu processes",
			       (unsigned long long)need->processes);
	return error_set(error, EMFILE,
			 "needs %s file descriptors%s, the hard limit here is %s: %s%s%sraise it "
			 "with `ulimit -Hn %llu` (LimitNOFILE= in systemd)",
			 units_format_grouped(total, needed), each,
			 units_format_grouped(limit, available),
			 advise_processes(need, limit, processes), advice.text,
			 advice.size > 0 ? ", or " : "", (unsigned long long)round_up(total));
}

int preflight_check_descriptors(const struct preflight_need *need, struct error *error)
{
	return check_descriptors(need, limits_raise_descriptors(), error);
}

/* Sources are taken in turn, so one with a port comes back while its port is in use. */
static int check_source_ports(const struct preflight_need *need, struct error *error)
{
	char number[UNITS_TEXT_MAX];
	struct advice advice = { "", 0 };
	const char *most = units_format_grouped(need->source_addresses, number);

	if (need->source_ports == 0)
		return 0;
	if (need->connections > need->source_addresses)
		advise(&advice, ", ", "-c %s", most);
	if (need->connections_per_s > 0)
		advise(&advice, ", ", "--new-connections off");
	if (need->flows > need->source_addresses)
		advise(&advice, ", ", "--path-flows %s", most);
	if (advice.size == 0)
		return 0;
	return error_set(error, EADDRNOTAVAIL,
			 "--source: an address with a port of its own is for one connection, and "
			 "there are %s addresses: say %s, or leave out the ports",
			 most, advice.text);
}

static const char *widen(const struct preflight_room *room)
{
	if (room->ports > WIDEST_PORT_RANGE * 9 / 10)
		return "";
	return ", or widen the range with `sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"`";
}

static int check_tuples(const struct preflight_need *need, const struct preflight_room *room,
			struct error *error)
{
	char needed[UNITS_TEXT_MAX];
	char available[UNITS_TEXT_MAX];
	char sources[UNITS_TEXT_MAX];
	char remote[ENDPOINT_TEXT_MAX];
	struct advice advice = { "", 0 };
	uint64_t waiting = multiply(need->connections_per_s, room->time_wait_s);
	uint64_t total = add(need->connections, waiting);
	uint64_t per_source = at_least_one(multiply(room->ports, need->remote_endpoints));

	if (need->is_datagram || total <= room->tuples)
		return 0;
	advise_fewer_connections(&advice, less(room->tuples, waiting));
	advise_lower_rate(&advice,
			  less(room->tuples, need->connections) / at_least_one(room->time_wait_s));
	advise_all_off(&advice, need, 0, room->tuples);
	return error_set(
		error, EADDRNOTAVAIL,
		"needs %s local ports towards %s%s, there are %s: %s, give %s addresses "
		"with --source%s",
		units_format_grouped(total, needed), endpoint_format(&need->remote, remote),
		waiting > 0 ? " (with those in TIME-WAIT)" : "",
		units_format_grouped(room->tuples, available), advice.text,
		units_format_grouped(total / per_source + (total % per_source != 0), sources),
		widen(room));
}

/* A UDP socket has its port to itself, wherever it is connected to. */
static int check_flows(const struct preflight_need *need, const struct preflight_room *room,
		       struct error *error)
{
	char needed[UNITS_TEXT_MAX];
	char available[UNITS_TEXT_MAX];
	char fitting[UNITS_TEXT_MAX];
	uint64_t flows = need->is_datagram ? need->connections : need->flows;

	if (flows <= room->flows)
		return 0;
	return error_set(
		error, EADDRNOTAVAIL,
		"needs %s local UDP ports, there are %s: lower %s to %s, give more addresses "
		"with --source%s",
		units_format_grouped(flows, needed), units_format_grouped(room->flows, available),
		need->is_datagram ? "-c" : "--path-flows",
		units_format_grouped(round_down(room->flows), fitting), widen(room));
}

static int check_conntrack(const struct preflight_need *need, const struct preflight_room *room,
			   struct error *error)
{
	char needed[UNITS_TEXT_MAX];
	char available[UNITS_TEXT_MAX];
	uint64_t total = add(add(need->connections, need->flows),
			     multiply(need->connections_per_s, CONNTRACK_TIME_WAIT_S));

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
	int rc = check_descriptors(need, room->descriptors, error);
	if (rc == 0)
		rc = check_source_ports(need, error);
	if (rc == 0)
		rc = check_tuples(need, room, error);
	if (rc == 0)
		rc = check_flows(need, room, error);
	return rc == 0 ? check_conntrack(need, room, error) : rc;
}
