/* Where an answer ends in a stream of bytes: --reply. Pure; incremental; what is partial costs a
 * connection a little state, and a regular expression the bytes of the answer so far. */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/needle.h"
#include "base/outcome.h"

enum reply_kind {
	REPLY_NONE,       /* nothing is answered */
	REPLY_ECHO,       /* as many bytes as were sent, and the same */
	REPLY_BYTES,      /* N of them */
	REPLY_UNTIL,      /* up to and with STR */
	REPLY_REGEX,      /* the shortest beginning that RE is found in */
	REPLY_MARKER,     /* up to and with a \{message.marker} */
	REPLY_LENGTH_U16, /* a big-endian length, then so many bytes */
	REPLY_LENGTH_U32,
};

/* Plain data, shared by all workers. */
struct reply_rule {
	enum reply_kind kind;
	uint64_t bytes;   /* BYTES */
	char *text;       /* UNTIL: without escapes; REGEX: extended, of POSIX, on bytes; owned */
	size_t text_size; /* not counting the zero at its end */
};

/* "none", "echo", "bytes 64", "until \r\n", "regex ^250 .*$", "marker", "length-prefix u16". */
nodiscard int reply_rule_parse(const char *text, struct error *error, struct reply_rule *ret);
void reply_rule_deinit(struct reply_rule *rule);

struct reply_spare;

/* A rule made ready for one thread: the C library locks a regex that it works on. */
struct reply_matcher {
	const struct reply_rule *rule;
	struct needle needle; /* UNTIL and MARKER */
	regex_t regex;
	struct reply_spare *spares; /* REGEX: memory of answers that are over, for the next ones */
};
/* -ENOMEM. The rule stays the caller's. States are cleared before their matcher goes. */
nodiscard int reply_matcher_init(struct reply_matcher *matcher, const struct reply_rule *rule);
void reply_matcher_deinit(struct reply_matcher *matcher);

/* An answer that a regular expression is looked for in may have so many bytes. */
#define REPLY_KEPT_MAX 65536

/* Of a connection; all zero where an answer begins. */
struct reply_state {
	uint64_t value; /* of a length prefix: the bytes to come; of a marker */
	uint64_t count; /* bytes of the answer, or of its prefix, so far */
	uint8_t *kept;
	uint32_t kept_size;
	uint32_t kept_capacity;
	uint32_t matched;
	uint32_t digits; /* of a marker, one more than have come */
};

/* DONE: the answer ends after `ret_used` of these bytes. OPEN: it goes on behind all of them.
 * PROTOCOL: too long. NO_MEMORY. Neither for rule NONE nor for ECHO, whose bytes the sender knows.
 * With DONE the state has `value`, a marker's time in Unix us, until reply_state_clear(). */
enum outcome reply_match(struct reply_matcher *matcher, struct reply_state *state,
			 const uint8_t *data, size_t size, size_t *ret_used);
/* Nothing of an answer has come. */
bool reply_state_is_clear(const struct reply_state *state);
/* For the next answer, or the end of the connection. */
void reply_state_clear(struct reply_matcher *matcher, struct reply_state *state);
