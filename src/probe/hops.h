/* Traces the hops to a target with packets of the same ports as real traffic has, on the owner's
 * loop: datagrams, first packets of TCP connections, or writes inside established ones; see
 * doc/hops.md for what each finds out and what takes privileges. Nothing waits or is printed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "base/service.h"
#include "metric/hops.h"
#include "net/loop.h"

struct socket_options;
struct hops_trace;

struct hops_setup {
	struct loop *loop;
	struct endpoint target;
	struct endpoint source; /* family 0: the kernel chooses; port 0: the same, one a flow */
	const struct socket_options *options; /* may be NULL; outlives the trace */
	enum hops_way way;
	/* What is spoken there: it gets only what it takes without harm. */
	enum service service;
	bool is_tls;
	const char *host; /* for HTTP's header */
	uint32_t flows; /* source ports: with a port in `source`, this and, where free, those behind
			 */
	uint32_t rounds;
	uint32_t ttl_max;
	uint32_t full_bytes; /* of a full-size packet with its IP header; 0: small ones only */
	uint64_t timeout_ns;
	uint64_t gap_ns;
	uint64_t token; /* of this run: random, so that answers to another one are none of ours */
	/* Once, never from within a call of the owner. */
	void (*finished)(void *context);
	void *context;
};

/* 0, or -errno with the sentence: no socket, a target that can't be asked in this way. */
nodiscard int hops_trace_new(const struct hops_setup *setup, struct error *error,
			     struct hops_trace **ret);
void hops_trace_start(struct hops_trace *trace);
/* `finished` follows; what was counted stays. */
void hops_trace_stop(struct hops_trace *trace);
/* From 0 to 1. */
double hops_trace_progress(const struct hops_trace *trace);
/* The result, from now on the caller's: hops_free(). After `finished`, once. */
struct hops *hops_trace_take(struct hops_trace *trace);
void hops_trace_free(struct hops_trace *trace); /* takes NULL */
