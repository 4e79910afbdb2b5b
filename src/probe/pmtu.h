/* How large a packet may be on a path, one direction: a search that is told what became of its
 * probes and says what to send next. Sizes are IP packets in bytes. No I/O, no clock.
 *
 * RFC 8899's constants: a size fails after MAX_PROBES (3) probes, the base size is 1,200. Every
 * large probe has a small one right behind it on the same 5-tuple, and that is what makes loss and
 * size two things: a large one is lost when `timeout_ns` is over (its PROBE_TIMER is 1 s or more
 * for want of knowing the round trip) or, sooner, when the small one that left after it was
 * answered and three of the longest round trips more, 50 ms at least, brought nothing. Where small
 * ones get lost too, a size needs as many failures as chance explains once in a thousand times;
 * and where nobody says why, the one that the verdict rests on fails as often once more.
 * An ICMP message is a hint and a name for the cause; what passes is proved by a probe alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "metric/path_result.h"

#define PMTU_PROBES     3
#define PMTU_PROBES_MAX 12
#define PMTU_BASE_BYTES 1200
#define PMTU_STEP_BYTES 20 /* it ends where it knows this well */
#define PMTU_TIMEOUT_NS UINT64_C(1000000000)
#define PMTU_HISTORY    256
#define PMTU_MAX_BYTES  65535 /* no IP packet is larger */
#define PMTU_MIN_IPV4   68
#define PMTU_MIN_IPV6   1280

struct pmtu_setup {
	uint32_t small_bytes;
	uint32_t base_bytes; /* of IPv6 its smallest, 1,280 */
	uint32_t min_bytes;  /* no message that names less is believed */
	uint32_t max_bytes;  /* the sender's interface, or what was asked for */
	uint32_t step_bytes; /* PMTU_STEP_BYTES, or 1: exact */
	uint64_t timeout_ns;
};

struct pmtu_probe {
	uint64_t number; /* from 1 */
	uint32_t bytes;
};

/* A probe under way, or none (number 0). */
struct pmtu_flight {
	struct pmtu_probe probe;
	uint64_t sent_ns;
	uint64_t answered_ns; /* 0: not yet */
};

struct pmtu {
	struct pmtu_setup setup;
	uint32_t low_bytes;       /* the largest that passed; 0: none */
	uint32_t high_bytes;      /* the smallest that failed; 0: none */
	uint32_t trying_bytes;    /* 0: it is to be chosen */
	uint32_t tries;           /* that failed */
	uint32_t confirmed_bytes; /* the size that is tried, or failed, once more; 0: none */
	uint32_t hinted_bytes;    /* by the last message, and not tried; 0: none */
	uint64_t next_number;
	struct pmtu_flight large;
	struct pmtu_flight small;
	bool is_small_next; /* the one behind the large one */
	bool is_over;
	uint32_t history[PMTU_HISTORY]; /* bytes by number, modulo */
	uint64_t rtt_min_ns;            /* of small ones; 0: none */
	uint64_t rtt_max_ns;
	uint64_t small_sent;
	uint64_t small_answered;
	uint64_t small_lost;
	uint64_t large_sent;
	uint64_t large_answered;
	/* Messages that named a size below that of a probe. */
	bool is_signalled;
	struct endpoint signal_from; /* of the last */
	uint32_t signal_bytes;       /* 0: it named none */
	bool is_refused;             /* the sender's own kernel let no more out */
	uint64_t spacing_ns;
	uint64_t large_sent_ns; /* the last */
};

enum pmtu_step {
	PMTU_SEND, /* `ret_probe` */
	PMTU_WAIT, /* nothing before `ret_wake_ns`, unless something is told */
	PMTU_OVER,
};

void pmtu_init(struct pmtu *pmtu, const struct pmtu_setup *setup);
enum pmtu_step pmtu_next(struct pmtu *pmtu, uint64_t now_ns, struct pmtu_probe *ret_probe,
			 uint64_t *ret_wake_ns);
/* The probe of this number has arrived; late and double ones do no harm. */
void pmtu_answered(struct pmtu *pmtu, uint64_t number, uint64_t now_ns);
/* ICMP says of a probe (0: which is not known) that it was too large for a link that takes
 * `mtu_bytes` (0: not told). */
void pmtu_signalled(struct pmtu *pmtu, uint64_t number, uint32_t mtu_bytes,
		    const struct endpoint *from);
/* The sender's kernel did not send it: its interface takes `mtu_bytes`, 0: not told. */
void pmtu_refused(struct pmtu *pmtu, uint64_t number, uint32_t mtu_bytes);
/* From now on a large probe leaves so long after the one before at the earliest: for who answers by
 * ICMP, of which hosts send about one a second. */
void pmtu_space(struct pmtu *pmtu, uint64_t spacing_ns);
/* Ends it as it stands. */
void pmtu_stop(struct pmtu *pmtu);
enum path_verdict pmtu_verdict(const struct pmtu *pmtu);
