/* The hops of a way to a target, as packets of given ports met them: for each flow (one source
 * port) and each TTL who answered, how often, and how soon. Plain data that the tracer fills and
 * every view reads; what follows from it is in metric/hops_path.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"

/* HOPS_WAY(symbol, name, sentence): what the packets are. */
/* clang-format off */
#define HOPS_WAY_TABLE \
	HOPS_WAY(UDP, "udp", "datagrams to the target's port") \
	HOPS_WAY(SYN, "syn", "TCP connections begun anew: their first packet") \
	HOPS_WAY(TCP, "tcp", "small writes inside established TCP connections")

enum hops_way {
#define HOPS_WAY(symbol, name, sentence) HOPS_##symbol,
	HOPS_WAY_TABLE
#undef HOPS_WAY
	HOPS_WAYS,
};
/* clang-format on */
const char *hops_way_name(enum hops_way way);
const char *hops_way_sentence(enum hops_way way);
/* HOPS_WAYS: there is no such one. */
enum hops_way hops_way_find(const char *name);

enum hops_size { HOPS_SMALL, HOPS_FULL, HOPS_SIZES };
const char *hops_size_name(enum hops_size size);

#define HOPS_TTL_MAX    64
#define HOPS_FLOWS_MAX  64
#define HOPS_ROUNDS_MAX 100
#define HOP_ADDRESS_MAX 4
#define HOP_LABELS_MAX  4

/* How an answer says who sent it. */
enum hop_answer_kind {
	HOP_NO_ANSWER,
	HOP_EXPIRED, /* ICMP time exceeded: a router */
	HOP_TARGET,  /* the target itself, in its protocol or by ICMP */
	HOP_TOO_BIG, /* ICMP: this size does not go on from there */
	HOP_STOPPED, /* another ICMP error: it does not go on from there at all */
};

struct hop_answer {
	enum hop_answer_kind kind;
	struct endpoint from; /* family 0: it is not known who */
	uint8_t icmp_type;    /* of all but a target's own protocol: `is_icmp` */
	uint8_t icmp_code;
	bool is_icmp;
	uint32_t mtu_bytes; /* of TOO_BIG; 0: not said */
	/* MPLS labels that the packet had there (RFC 4950). */
	uint32_t labels[HOP_LABELS_MAX];
	unsigned label_count;
};

struct hop_address {
	struct endpoint address; /* port 0 */
	uint32_t answers;
};

/* Packets of one size. An answer is any but TOO_BIG; what is neither is lost. */
struct hop_count {
	uint32_t sent;
	uint32_t answered;
	uint32_t too_big;
	uint32_t timed;   /* of `answered`: those of which it is known how soon */
	uint64_t *rtt_ns; /* of these, in the order in which they came */
};

struct hop {
	struct hop_count counts[HOPS_SIZES];
	struct hop_address addresses[HOP_ADDRESS_MAX]; /* most answers first */
	unsigned address_count;
	uint32_t addresses_omitted; /* answers of others */
	uint32_t nameless;          /* answers of which it is not known who sent them */
	struct hop_answer last;     /* the last one, TOO_BIG left out */
	struct hop_answer too_big;  /* the last of those; kind HOP_NO_ANSWER: none */
};

struct hops_flow {
	struct endpoint local; /* with the source port */
	/* Those that count: up to the target, or the first of the silent ones behind the last that
	 * answered. */
	uint32_t hop_count;
	bool is_reached; /* the last of them is the target */
	int failure;     /* positive errno: it was given up (no socket, the connection broke) */
	struct hop *hops;
};

struct hops {
	enum hops_way way;
	struct endpoint target;
	uint32_t rounds;
	uint32_t ttl_max;
	uint32_t flow_count;
	uint32_t bytes[HOPS_SIZES]; /* of a packet with its IP header; 0: not sent */
	bool is_nameless;           /* no privilege to see who answers (inside TCP) */
	uint64_t late;              /* answers after the timeout */
	uint64_t unmatched;         /* answers that can't be told to belong to which packet */
	uint64_t unsent;            /* the kernel refused to send them */
	struct hops_flow *flows;
};

/* -EINVAL: beyond the limits above; -ENOMEM. */
nodiscard int hops_new(enum hops_way way, uint32_t flows, uint32_t ttl_max, uint32_t rounds,
		       struct hops **ret);
void hops_free(struct hops *hops); /* takes NULL */

void hop_note_sent(struct hop *hop, enum hops_size size);
#define HOP_NOT_TIMED UINT64_MAX
/* `rtt_ns`: or HOP_NOT_TIMED. No more answers are counted than were sent. */
void hop_note_answer(struct hop *hop, enum hops_size size, const struct hop_answer *answer,
		     uint64_t rtt_ns);

/* Who answered most; NULL: nobody that is known. */
const struct endpoint *hop_address(const struct hop *hop);
static inline uint32_t hop_lost(const struct hop_count *count)
{
	return count->sent - count->answered;
}

struct hop_rtt {
	uint64_t min_ns;
	uint64_t p50_ns;
	uint64_t max_ns;
};
/* Sorts. All 0 of no answer. */
void hop_rtt(struct hop_count *count, struct hop_rtt *ret);
