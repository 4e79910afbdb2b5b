/* The inside of the prober of all that runs over TCP or TLS: what a prober keeps, and one call of
 * it, which is a connection and what is said there. Only for probe/stream_*.c. */
#pragma once

#include <stdalign.h>

#include "base/needle.h"
#include "base/slab.h"
#include "net/resolver.h"
#include "net/socket_options.h"
#include "net/stream.h"
#include "probe/probe.h"
#include "probe/talk.h"

/* Where a redirect leads. */
struct stream_detour {
	struct uri uri;
	char authority[URI_AUTHORITY_MAX];
};

struct stream_prober {
	struct prober *prober;
	struct resolver *resolver; /* NULL until a name is asked for */
	struct needle text;
	struct socket_options options;
	uint16_t port_low; /* of those that the kernel chooses; 0: not known */
	uint16_t port_high;
	struct talk_request request;
	char authority[URI_AUTHORITY_MAX];
	struct slab calls;
	struct slab questions;
	struct list spare; /* calls that are over, with their memory */
	struct list kept;  /* calls at rest, their connection up */
};

/* To DNS; outlives the call that gave it up. */
struct stream_question {
	struct stream_prober *owner;
	struct stream_call *call; /* NULL: nobody wants to know any more */
};

struct stream_call {
	struct list node; /* of spare or kept */
	struct stream_prober *owner;
	struct probe *probe; /* NULL: at rest */
	struct stream_question *question;
	struct stream stream;
	struct deferred hearing_on; /* there may be more to receive */
	struct talk_request request;
	struct stream_detour *detour; /* NULL: none yet */
	uint32_t addresses;
	struct endpoint local; /* family 0: not asked yet */
	struct endpoint remote;
	bool has_talk;
	bool has_sent; /* the whole request */
	bool is_mute;  /* sending has failed; what came before that is still heard */
	struct buffer out;
	size_t sent; /* of it */
	alignas(max_align_t) unsigned char talk[];
};

static inline struct talk *stream_call_talk(struct stream_call *call)
{
	return (struct talk *)(void *)call->talk;
}

/* ---- names (stream_prober.c) */

/* Goes where the call's request is: resolves and connects. The call may be over afterwards. */
void stream_call_seek(struct stream_call *call);

/* ---- on a connection (stream_call.c); the call may be over after each of these */

/* Ends the connection and what is said on it. */
void stream_call_hang_up(struct stream_call *call, void (*end)(struct stream *stream));
/* The same, and keeps its memory for another one. */
void stream_call_drop(struct stream_call *call, void (*end)(struct stream *stream));
void stream_call_connect(struct stream_call *call, const struct endpoint *remote);
/* On one that is up. */
void stream_call_ask(struct stream_call *call);
/* The probe failed in the phase that it is in. */
void stream_call_fail(struct stream_call *call, enum outcome outcome, const char *why);
void stream_call_hear_on(struct deferred *deferred);

/* ---- facts (stream_facts.c) */

/* That of an answer that a redirect leads away from. */
void stream_forget_answer(struct probe_result *result);
/* What the kernel and TLS know of a connection at this moment, into the result. */
void stream_note_connection(struct stream_call *call);
void stream_note_tcp(struct stream_call *call);
/* Where the peer ended it; `why`: what the talk says of that, may be NULL. */
const char *stream_explain_end(const struct probe *probe, const char *why);
/* Why it failed with this positive errno; NULL: that says it all. Valid until the next call. */
const char *stream_explain_failure(const struct stream_call *call, int code);
/* Why it ran out of time, to a result that says nothing yet. */
void stream_explain_timeout(struct stream_call *call);

/* ---- redirects (stream_redirect.c) */

/* Makes the call's request what its answer asks for: 0, or -errno with the clause. */
nodiscard int stream_redirect_take(struct stream_call *call, struct error *error);
