/* The rounds over TCP of a mesh: each probe a connection of its own. Between prober_echo.c (the
 * schedule of each link) and prober_echo_call.c (the course of one probe). */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/slab.h"
#include "mesh/caps.h"
#include "mesh/prober.h"

#define ECHO_SHORT_BYTES 10
#define ECHO_LONG_BYTES  10000
/* All of an answer, and room for what should not be there. */
#define ECHO_SCRATCH_BYTES 16384
/* Rounds of many links leave so many together, about, at the beginning of a step: a sleep and three
 * looks of the kernel cost more than a probe. Where steps would be longer than the longest there
 * are none, nor is there a gain. */
#define ECHO_STEP_ROUNDS 4
#define ECHO_STEP_MAX_NS (4 * MESH_GRID_NS)
/* More of a kind than this many in flight to one peer are skipped. */
#define ECHO_CALLS_MAX 16

/* What is said over a connection, and what is to come back: constant. */
struct echo_speech {
	const uint8_t *request;
	const uint8_t *answer;
	uint32_t request_bytes;
	uint32_t answer_bytes;
	uint32_t name_bytes;       /* of the answer: the peer may put its name over them */
	const char *goodbye;       /* behind the answer; NULL: nothing */
	enum mesh_reason if_other; /* why it fails where something else comes back */
	uint32_t packets;          /* that we send, about */
};

struct echo_prober {
	const struct mesh_host *host;
	struct echo_speech speeches[MESH_TCP_LONG + 1]; /* by probe, of a peer of ours */
	struct echo_speech line;                        /* the older conntest's */
	struct slab calls;
	uint64_t in_flight;
	uint32_t link_count;
	uint16_t port_low; /* of those that the kernel chooses; 0: not known */
	uint16_t port_high;
	bool is_stopped;
	struct echo_link **links; /* by place */
	char line_text[MESH_NAME_MAX + 1];
	uint8_t short_payload[ECHO_SHORT_BYTES];
	uint8_t long_payload[ECHO_LONG_BYTES];
	uint8_t scratch[ECHO_SCRATCH_BYTES];
};

struct echo_link {
	struct echo_prober *prober;
	struct mesh_link *link;
	struct timer timer;
	uint64_t due_ns;
	struct list calls; /* in flight */
};

struct echo_call {
	struct stream stream;
	struct timer timer; /* its time is over */
	struct list node;   /* own->calls */
	struct echo_link *own;
	const struct echo_speech *speech;
	uint64_t started_ns;
	uint64_t connected_ns; /* 0: not yet */
	uint64_t written_ns;   /* the whole request; 0: not yet */
	uint32_t written_bytes;
	uint32_t heard_bytes;
	uint8_t probe; /* enum mesh_probe */
	bool is_extended;
};
static_assert(sizeof(struct echo_call) <= 256, "memory of a probe in flight");

static inline const struct echo_speech *echo_speech_of(const struct echo_link *own,
						       enum mesh_probe probe)
{
	const struct echo_prober *prober = own->prober;

	return own->link->target.speech == MESH_SPEECH_ACK ? &prober->line
							   : &prober->speeches[probe];
}

/* Bytes that we send, about. */
static inline uint64_t echo_speech_cost(const struct echo_speech *speech)
{
	return speech->request_bytes + UINT64_C(52) * speech->packets;
}

/* -ENOMEM: nothing was sent. Any other failure is the probe's, and counted. */
nodiscard int echo_call_start(struct echo_link *own, enum mesh_probe probe);
/* As if it had never been sent. */
void echo_call_forget(struct echo_call *call);

/* Of prober_echo.c: a probe of the link is decided, and what was its is given back. */
void echo_link_go_on(struct echo_link *own, enum mesh_probe probe);
