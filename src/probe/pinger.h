/* Looks at many targets, each at its own fixed rate: a probe starts when it is due whatever became
 * of those before, so several of a target may be in flight, and a silent target delays nobody. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "metric/probe_result.h"
#include "probe/probe.h"

struct pinger;

struct pinger_target {
	const struct probe_target *target;
	uint64_t interval_ns;
	uint64_t timeout_ns;    /* of one probe; may exceed the interval */
	uint64_t count;         /* 0: until it is stopped */
	uint64_t after_ns;      /* the first is due so long after the start */
	uint32_t in_flight_max; /* what falls due beyond is skipped, and counted */
};

/* An `after_ns` that spreads the targets of one interval over it. */
uint64_t pinger_spread(uint32_t index, uint32_t count, uint64_t interval_ns);

struct pinger_setup {
	struct loop *loop;
	const char *servers; /* of DNS; NULL: the system's */
	const struct pinger_target *targets;
	uint32_t target_count;
	/* A probe is over, in the order in which they end. Here as in the other two the pinger may
	 * be stopped, and not be freed. */
	void (*done)(void *context, const struct probe_result *result);
	/* As of struct probe_host; may be NULL. */
	void (*stray)(void *context, uint32_t target, uint64_t number, enum probe_stray kind,
		      uint64_t after_ns);
	/* Every target has had its count and nothing is in flight. */
	void (*finished)(void *context);
	void *context;
};

/* The setup is copied, the targets not. -errno with the sentence of the first target that can't be
 * looked at (no kind, EPERM, EINVAL). */
nodiscard int pinger_new(const struct pinger_setup *setup, struct error *error,
			 struct pinger **ret);
void pinger_start(struct pinger *pinger, uint64_t at_ns);
/* Nothing falls due any more; what is in flight is awaited, then `finished` is told. */
void pinger_stop(struct pinger *pinger);
/* No target of this index any more (--max-failures): what is in flight is awaited. */
void pinger_stop_target(struct pinger *pinger, uint32_t target);
void pinger_free(struct pinger *pinger); /* drops what is in flight; takes NULL */

struct pinger_counts {
	uint64_t due;
	uint64_t started;
	uint64_t skipped; /* due = started + skipped; too many in flight, or held up too long */
	uint64_t in_flight;
	uint64_t late_max_ns; /* started after it was due: this host's own delay */
};
void pinger_counts(const struct pinger *pinger, uint32_t target, struct pinger_counts *ret);
