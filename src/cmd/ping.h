/* `conntest ping`: its options, and the plan that they make. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/units.h"
#include "cli/option.h"
#include "cmd/socket_options.h"
#include "cmd/tls_options.h"
#include "run/outputs.h"
#include "run/ping.h"

struct ping_options {
	uint64_t count;
	uint64_t interval_ns;
	uint64_t timeout_ns;
	uint64_t duration_ns;
	uint64_t wait_ns;
	uint64_t max_failures;
	const char *connect_to;
	struct option_list headers;
	const char *method;
	const char *body;
	const char *body_file;
	const char *expect_status;
	const char *expect_text;
	uint64_t max_bytes;
	bool follows;
	bool keeps;
	bool is_fresh;
	uint64_t payload_bytes;
	const char *dns;
	const char *addresses;
	bool is_ipv4;
	bool is_ipv6;
	const char *source;
	struct socket_choice sockets;
	struct tls_options tls;
	const char *config;
	struct output_options output;
};

#define PING_TARGETS_MAX      1000
#define PING_WAIT_INTERVAL_NS (250 * NS_PER_MS)
#define PING_CLIENTS_MAX      8 /* of TLS: one for each list of protocols that is offered */

struct ping_tls {
	const char *protocols;
	struct tls_client *client;
};

/* A plan and all that it points to. */
struct ping_build {
	struct arena arena;
	const struct ping_options *options;
	struct probe_target *looks;
	struct pinger_target *targets;
	unsigned *phases;
	uint32_t count;
	struct buffer body;
	struct ping_tls tls[PING_CLIENTS_MAX];
	struct ping_plan plan;
};

void ping_build_init(struct ping_build *build);
void ping_build_deinit(struct ping_build *build);
/* Checks the options and plans what needs no network. -EINVAL: wrong usage. */
nodiscard int ping_build(struct ping_build *build, const struct ping_options *options,
			 const struct operands *operands, struct error *error);

/* What asks the network: a target for each address, where all are wanted. -EHOSTUNREACH: a name
 * does not resolve. */
nodiscard int ping_build_resolve(void *build, struct error *error);

/* What all targets have in common; later what a target needs besides. -EINVAL, or what this host
 * lacks. */
nodiscard int ping_look_read(struct ping_build *build, struct error *error,
			     struct probe_target *look);
nodiscard int ping_look_open(struct ping_build *build, struct error *error,
			     struct probe_target *look);
/* --expect-status has words, which are of DNS. */
bool ping_expects_rcodes(const struct ping_options *options);
/* What an option would be of use for, where it is of none for any of these targets: -EINVAL. */
nodiscard int ping_check(const struct ping_options *options, const struct probe_target *looks,
			 uint32_t count, struct error *error);
