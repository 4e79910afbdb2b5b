/* conntest mesh: its options, and what they become. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/option.h"
#include "cmd/mesh_probes.h"
#include "proto/control.h"
#include "run/mesh_plan.h"
#include "run/outputs.h"

struct mesh_options {
	struct option_list peers;
	struct option_list listen;
	const char *http;
	bool is_https;
	const char *node;
	const char *location;
	struct option_list labels;
	struct mesh_probe_options probing;
	uint64_t http_port;
	bool peers_https;
	uint64_t packets_max;
	struct bandwidth bandwidth_max;
	uint64_t peers_max;
	uint64_t pairs_max;
	uint64_t windows;
	uint64_t slow_ns;
	uint64_t forget_ns;
	uint64_t refresh_ns;
	const char *dns;
	const char *token;
	bool token_for_all;
	struct option_list allow;
	const char *control_token;
	const char *ca;
	const char *cert;
	const char *key;
	bool is_insecure;
	const char *events;
	bool has_pairs;
	uint64_t worst;
	bool has_legacy;
	uint64_t drain_ns;
	bool is_once;
	bool has_all;
	uint64_t duration_ns;
	const char *config;
	struct output_options output;
};

/* A plan and what it points to. */
struct mesh_build {
	struct mesh_plan plan;
	struct arena arena;
	char control_token[CONTROL_TOKEN_MAX];
	struct tls_client *tls;
	struct tls_server *tls_server;
};
void mesh_build_init(struct mesh_build *build);
void mesh_build_deinit(struct mesh_build *build);
/* --once has less time than a daemon: what `operands` don't give becomes what fits into it. */
void mesh_build_hurry(const struct command *command, const struct operands *operands,
		      struct mesh_options *options);
/* -EINVAL with the sentence: what was typed can't be. */
nodiscard int mesh_build_plan(const struct mesh_options *options, struct error *error,
			      struct mesh_build *build);
/* SIGHUP: may these become those while it runs? -EINVAL with the sentence, which names the first
 * option that may not. */
nodiscard int mesh_reload_check(const struct command *command, const struct mesh_options *old,
				const struct mesh_options *new, struct error *error);
/* What asks this host: certificates. -errno with the sentence. */
nodiscard int mesh_build_tls(const struct mesh_options *options, struct error *error,
			     struct mesh_build *build);
