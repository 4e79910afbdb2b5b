/* What the ways of asking (hops_udp.c, hops_syn.c, hops_tcp.c) and the trace share. */
#pragma once

#include "probe/hops.h"
#include "probe/hops_course.h"
#include "proto/hop_speech.h"
#include "sys/error_queue.h"

/* One source port. */
struct trace_flow {
	struct hops_trace *trace;
	uint32_t index;
	struct endpoint local; /* with the port, once it is known */
	struct watch watch;    /* fd -1: none is open */
	bool is_opened;        /* its port stays as it is */
	int port_fd;           /* SYN: keeps the port while no connection has it; else -1 */
	/* SYN, TCP: the packet that is asked about. */
	uint32_t number;
	uint8_t ttl;
	struct timer
		patience; /* for an answer to a SYN; to be connected, to have all acknowledged */
	/* TCP. */
	bool is_up;
	bool is_asked;        /* `number` is valid and has no answer yet */
	uint64_t retransmits; /* when it was asked */
	uint32_t filler_bytes;
};

struct hops_trace {
	struct hops_setup setup;
	const struct hops_way_kind *kind;
	struct hops_course *course;
	struct timer due;
	struct deferred turn;
	struct watch raw; /* TCP: ICMP of the whole host; fd -1: not allowed */
	struct hop_speech speech;
	uint8_t *payload; /* room for the largest packet */
	size_t payload_sizes[HOPS_SIZES];
	bool is_started;
	bool is_over;
	struct trace_flow flows[HOPS_FLOWS_MAX];
};

struct hops_way_kind {
	/* Fills in the sizes, opens what all flows share. */
	int (*open)(struct hops_trace *trace, struct error *error);
	int (*open_flow)(struct trace_flow *flow);
	/* Sends it now. -errno: it was not sent. */
	int (*ask)(struct trace_flow *flow, const struct hops_question *question);
	void (*close_flow)(struct trace_flow *flow);
};
extern const struct hops_way_kind hops_way_udp;
extern const struct hops_way_kind hops_way_syn;
extern const struct hops_way_kind hops_way_tcp;

/* Something was told to the course: it is asked what to do next at the end of this turn. */
void trace_told(struct hops_trace *trace);
/* The flow is given up; `failure` a positive errno. */
void trace_end_flow(struct trace_flow *flow, int failure);
/* A socket of this type with the options, bound to the flow's source, TTL as ever. */
nodiscard int trace_open_socket(struct trace_flow *flow, int type);
/* Keeps the port that the kernel has given. 0 or -errno. */
nodiscard int trace_note_local(struct trace_flow *flow, int fd);

/* What ICMP says of a packet to the target. */
void trace_read_icmp(const struct hops_trace *trace, uint8_t type, uint8_t code, uint32_t info,
		     const struct endpoint *from, struct hop_answer *ret);
/* The same of an error queue; the extensions are read out of `data`. */
void trace_read_queued(const struct hops_trace *trace, const struct queued_error *queued,
		       const uint8_t *data, struct hop_answer *ret);
/* The answer of the target itself. */
struct hop_answer trace_target_answer(const struct hops_trace *trace);
/* The packet of this number, if it is in flight, is answered now. */
void trace_answered(struct trace_flow *flow, uint32_t number, const struct hop_answer *answer);
