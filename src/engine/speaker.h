/* What is said on a connection and how answers are told apart, behind one interface: the slots, the
 * new connections and the probe of a run know messages, and a speaker knows their bytes. Rows: echo
 * (what `traffic` says to traffic:// and echo://), raw (templates and a reply rule), http, h2, ws.
 * A speaker belongs to one worker and speaks for one target on many connections; what differs
 * between these is their `speech`, flat memory of `speech_bytes` that the owner keeps. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/attributes.h"
#include "base/outcome.h"

struct script;
struct worker;

/* The most messages that one send carries: where all are the same they are counted, else each is
 * looked at. 64 B, one-way, on one connection: 145 M a second. */
#define SPEECH_SAME_MAX  32768
#define SPEECH_BATCH_MAX 32
/* And the most bytes of what is the same, and parts. */
#define SPEECH_SAME_BYTES ((size_t)2 * 1024 * 1024)
#define SPEECH_PARTS_MAX  (2 * SPEECH_BATCH_MAX + 2)

/* What is to be sent next: parts into the script's constant memory, the worker's zeros and the
 * speaker's scratch; valid until the speaker's next call. */
struct speech_parts {
	struct iovec parts[SPEECH_PARTS_MAX];
	int count;
	size_t size; /* bytes in all */
};

/* What a speech begins with: a new connection, or one that goes on behind its rest. */
struct speech_start {
	uint32_t uid;      /* of the connection, unique in the run: \{connection.uid} */
	bool is_open;      /* the opening is over */
	uint64_t sequence; /* of the message that comes next */
};

enum heard_what {
	HEARD_ALL,     /* nothing is complete: more has to come */
	HEARD_OPENED,  /* the opening is over: messages may be sent */
	HEARD_REPLY,   /* the message that was to be answered next is answered, or `number` is */
	HEARD_GOODBYE, /* the peer says that it ends here: `code` */
	HEARD_WRONG, /* what nobody asked for: `outcome` CORRUPTED, PROTOCOL, REJECTED..., `code` */
	HEARD_STOP,  /* what ends the run (--stop-on) */
};

struct heard {
	enum heard_what what;
	/* REPLY: DONE, or REJECTED where the answer is an error (status 500 or more) or not what
	 * was expected: it counts as received, and its service as not given. */
	enum outcome outcome;
	/* Of the bytes given these are done with; the rest is to be given again. HEARD_ALL: all. */
	size_t used;
	uint32_t code; /* status (base/status.h), WebSocket close code; 0: there is none */
	/* REPLY of a protocol that answers in any order: which message of this connection is
	 * answered, from 0, and how many that were begun before it are not. */
	uint32_t number;
	uint16_t ahead;
	bool is_numbered;
	bool is_mismatched; /* REPLY: it names another message than the one to be answered next */
	bool is_last;       /* REPLY: the peer closes behind it (Connection: close) */
	bool is_urgent;     /* the speaker has something to send besides messages (a pong) */
	/* WRONG: "sent ...", behind "broke the protocol: "; REPLY, REJECTED: what it was rejected
	 * with; constant; or NULL. */
	const char *why;
	const char *backend; /* REPLY: who it says it is; NULL: it does not. Until the next call */
};

struct speaker;

struct speaker_kind {
	const char *name;
	size_t speech_bytes; /* multiple of 8 */
	bool speaks_first;   /* it has something to say as soon as the connection is there */
	bool has_opening;    /* something is said before messages; HEARD_OPENED ends it */
	/* -ENOMEM, -errno. The owner's `speaker` is zeroed but for its script and worker. */
	int (*init)(struct speaker *speaker);
	void (*deinit)(struct speaker *speaker);
	/* What `speech` holds means nothing. */
	void (*begin)(struct speaker *speaker, void *speech, const struct speech_start *start);
	/* Once behind each begin(): frees what the speech holds. NULL: it holds nothing. */
	void (*end)(struct speaker *speaker, void *speech);
	/* Of a connection that is open and owes nothing: all that the speech holds is what begin()
	 * would be given, so that the owner may end it here and begin it anew. */
	bool (*is_at_rest)(const struct speaker *speaker, const void *speech);
	/* Parts of what is to be sent: what is urgent or opens the protocol, the rest of a message
	 * that is partly sent, then whole messages, `count` of them at most with that rest; cut
	 * where the parts end. `now_ns` is for time stamps in messages. Nothing to send: size 0. */
	void (*write)(struct speaker *speaker, void *speech, uint32_t count, uint64_t now_ns,
		      struct speech_parts *ret);
	/* `size` bytes of what write() gave have been taken. Returns of how many messages the first
	 * byte was among them; `ret_is_partial`: a message is partly sent. */
	uint32_t (*wrote)(struct speaker *speaker, void *speech, size_t size, bool *ret_is_partial);
	/* Looks at bytes that have arrived up to the next thing heard. `size` 0: the peer's end has
	 * come: REPLY if that completes the answer, else ALL. */
	void (*hear)(struct speaker *speaker, void *speech, const uint8_t *data, size_t size,
		     struct heard *ret);
	/* We are going to end the connection: makes its goodbye urgent and returns true; the peer's
	 * answer is a GOODBYE. NULL: the protocol has none. */
	bool (*leave)(struct speaker *speaker, void *speech);
};

struct speaker {
	const struct speaker_kind *kind;
	const struct script *script;
	struct worker *worker;
	void *state; /* the kind's: scratch, compiled things */
};

/* The speakers of a worker for the targets of a stream. */
struct plan_target;
struct speakers {
	struct speaker *items;
	uint32_t count;
	size_t speech_bytes; /* of the largest kind */
};
/* -ENOMEM, -errno. */
nodiscard int speakers_init(struct speakers *speakers, struct worker *worker,
			    const struct plan_target *targets, uint32_t count);
void speakers_deinit(struct speakers *speakers);

/* What the kind does, for owners: `ret` need not be set. */
void speaker_write(struct speaker *speaker, void *speech, uint32_t count, uint64_t now_ns,
		   struct speech_parts *ret);
void speaker_hear(struct speaker *speaker, void *speech, const uint8_t *data, size_t size,
		  struct heard *ret);
/* False also where the protocol has no goodbye. */
bool speaker_leave(struct speaker *speaker, void *speech);
bool speaker_is_at_rest(const struct speaker *speaker, const void *speech);
void speaker_end(struct speaker *speaker, void *speech);

extern const struct speaker_kind speaker_echo;
extern const struct speaker_kind speaker_raw;
extern const struct speaker_kind speaker_http;
extern const struct speaker_kind speaker_h2; /* HTTP/2, and gRPC */
extern const struct speaker_kind speaker_ws;
