/* What follows from the counts of hops in a row: loss counts only if it stays to the end, and where
 * it begins is named; a hop that answers less often than those behind it limits its answers and
 * loses nothing. Pure. */
#pragma once

#include "metric/hops.h"

/* HOP_NOTE(symbol, name): what is to be said of a hop for packets of one size. */
/* clang-format off */
#define HOP_NOTE_TABLE \
	HOP_NOTE(FINE,    "fine") \
	HOP_NOTE(LIMITED, "rate-limited") /* answers less often than hops behind it: no loss */ \
	HOP_NOTE(SILENT,  "silent")       /* never answers, hops behind it do */ \
	HOP_NOTE(LOSES,   "loses")        /* more is lost from here to the end than before */ \
	HOP_NOTE(BEHIND,  "behind")       /* the loss began before */ \
	HOP_NOTE(DEAD,    "dead")         /* nothing answers from here on */ \
	HOP_NOTE(UNSURE,  "unsure")       /* loss or a limit: nobody behind it tells */

enum hop_note {
#define HOP_NOTE(symbol, name) HOP_##symbol,
	HOP_NOTE_TABLE
#undef HOP_NOTE
};
/* clang-format on */
const char *hop_note_name(enum hop_note note);

struct hops_verdict {
	enum hop_note notes[HOPS_TTL_MAX]; /* [TTL - 1] */
	/* At the last hop that counts: of a target that answers by ICMP alone, the one before. 0 of
	 * 0: that one is unsure. */
	uint32_t sent;
	uint32_t lost;
	/* The TTL with which the loss that stays begins; 0: there is none, or so few packets can't
	 * tell where. */
	uint32_t from;
};

/* Who tells what arrives at the end. */
enum hops_witness {
	HOPS_TOLD_BY_TARGET, /* in its protocol, or without a gap */
	/* Hosts and routers limit it, several in a row often alike. So loss counts only if two hops
	 * have it and one before them has not. */
	HOPS_TOLD_BY_ICMP,
};

/* Judges what was counted, hop by hop: `counts[i]` of TTL i + 1. `small`: the verdict of the small
 * packets where these are full-size ones, since who limits his answers limits them to both; NULL:
 * they are the small ones. */
void hops_judge(const struct hop_count *counts, uint32_t hop_count, enum hops_witness witness,
		const struct hops_verdict *small, struct hops_verdict *ret);
/* Whether the second loses more than the first, and chance does not explain it. */
bool hops_loses_more(const struct hop_count *small, const struct hop_count *large);
