/* What the receipts of datagram flows add up to: which were lost in what bursts, and how their
 * delays varied. */
#pragma once

#include <stdint.h>

#include "base/attributes.h"
#include "metric/bursts.h"
#include "metric/report.h"
#include "proto/control.h"

struct hist;

struct receiver_datagrams {
	uint64_t numbered; /* 0: nothing of the following is known */
	uint64_t unique;
	uint64_t duplicate;
	uint64_t reordered;
	uint64_t late; /* came when they had been counted as lost, and stay so */
	uint64_t merged;
	struct bursts bursts;
	struct hist *delays;
	bool are_delays_whole; /* every flow's are in it */
};

/* -ENOMEM. */
nodiscard int receiver_datagrams_init(struct receiver_datagrams *datagrams);
void receiver_datagrams_deinit(struct receiver_datagrams *datagrams);
/* As if nothing had been added. */
void receiver_datagrams_clear(struct receiver_datagrams *datagrams);
/* A flow of which `sent` datagrams were sent. Not known: all of them are lost. */
void receiver_datagrams_add(struct receiver_datagrams *datagrams,
			    const struct control_receipt *receipt, uint64_t sent);
/* `overflows`: what the sockets of all of them dropped. */
void receiver_datagrams_give(const struct receiver_datagrams *datagrams, uint64_t overflows,
			     struct arena *arena, struct report_stream *stream);
