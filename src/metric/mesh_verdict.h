/* The words for what is wrong between two nodes, and whose fault it is. */
#pragma once

#include <stdbool.h>

/* MESH_VERDICT(symbol, name, sentence) in the order of badness, the worst last. */
/* clang-format off */
#define MESH_VERDICT_TABLE \
	MESH_VERDICT(UNKNOWN,    "unknown",        "not enough was measured yet") \
	MESH_VERDICT(OK,         "ok",             "answers, nothing lost, no slower than usual") \
	MESH_VERDICT(LEAVING,    "leaving",        "it said that it leaves: silence is expected") \
	MESH_VERDICT(AGENT,      "agent",          "this node was held up, so that its figures say nothing of the peer") \
	MESH_VERDICT(MTU_REDUCED, "mtu reduced",   "less than the interface's size passes, and ICMP says so") \
	MESH_VERDICT(SLOW,       "slow",           "answers take far longer than usual") \
	MESH_VERDICT(LOSS,       "loss",           "part of the packets is lost") \
	MESH_VERDICT(SERVICE,    "service",        "the host answers, and a service on it fails") \
	MESH_VERDICT(BLACK_HOLE, "mtu black hole", "large packets vanish without a word while small ones pass") \
	MESH_VERDICT(REFUSED,    "refused",        "the host answers, and no service is there") \
	MESH_VERDICT(SILENT,     "silent",         "nothing at all comes back")

enum mesh_verdict {
#define MESH_VERDICT(symbol, name, sentence) MESH_VERDICT_##symbol,
	MESH_VERDICT_TABLE
#undef MESH_VERDICT
	MESH_VERDICTS,
};
/* MESH_BLAME(symbol, name) */
#define MESH_BLAME_TABLE \
	MESH_BLAME(NONE,      "") \
	MESH_BLAME(AGENT,     "agent") \
	MESH_BLAME(PEER_HOST, "peer host") \
	MESH_BLAME(NETWORK,   "network") \
	MESH_BLAME(SERVICE,   "service") \
	MESH_BLAME(UNDECIDED, "undecided")

/* What several bad pairs have in common: MESH_SCOPE(symbol, name) */
#define MESH_SCOPE_TABLE \
	MESH_SCOPE(PAIR,  "pair")  /* nothing but this pair */ \
	MESH_SCOPE(PEER,  "peer")  /* what leads to one peer, or its host: others see it too */ \
	MESH_SCOPE(PLACE, "location") /* all of one location, from here */ \
	MESH_SCOPE(NODE,  "node")  /* this node: all that it looks at */

enum mesh_scope {
#define MESH_SCOPE(symbol, name) MESH_SCOPE_##symbol,
	MESH_SCOPE_TABLE
#undef MESH_SCOPE
	MESH_SCOPES,
};
enum mesh_blame {
#define MESH_BLAME(symbol, name) MESH_BLAME_##symbol,
	MESH_BLAME_TABLE
#undef MESH_BLAME
	MESH_BLAMES,
};
/* clang-format on */
const char *mesh_verdict_name(enum mesh_verdict verdict);
const char *mesh_verdict_sentence(enum mesh_verdict verdict);
/* Is something wrong that can be the peer's, its service's or the network's: of an enum
 * mesh_verdict, however it is kept. */
static inline bool mesh_verdict_is_bad(unsigned verdict)
{
	return verdict >= MESH_VERDICT_MTU_REDUCED;
}
/* MESH_VERDICTS: there is none of this name. */
enum mesh_verdict mesh_verdict_find(const char *name);
const char *mesh_scope_name(enum mesh_scope scope);
/* MESH_SCOPES: there is none of this name. */
enum mesh_scope mesh_scope_find(const char *name);
const char *mesh_blame_name(enum mesh_blame blame);
/* MESH_BLAMES: there is none of this name. */
enum mesh_blame mesh_blame_find(const char *name);
