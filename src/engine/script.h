/* What the connections of a stream say and what counts as the answer: plain, read-only data that a
 * command makes of its options, one for each target; speakers (speaker.h) speak it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/reply_rule.h"
#include "proto/template.h"

struct speaker_kind;
struct http_script;
struct ws_script;

struct script {
	const struct speaker_kind *kind;

	/* echo: bytes of each message, at least 64; zeros behind a head. */
	uint32_t message_bytes;

	/* raw, ws, and the bodies of http: first what a connection says once, then the messages in
	 * turn, again and again. No messages: `bulk_bytes` zeros are one (discard), or nothing is
	 * ever said (source). */
	const struct template *const *firsts;
	uint32_t first_count;
	const struct template *const *messages;
	uint32_t message_count;
	uint32_t bulk_bytes;

	bool is_answered;               /* each message has an answer; else what comes is bytes */
	const struct reply_rule *reply; /* raw: how the answers are told apart */
	bool tells_count;        /* the peer answers our end with the bytes it got (discard) */
	const char *stop_on;     /* ends the run when it comes; NULL: nothing does */
	const char *expect_text; /* an answer without it is rejected; NULL: none is */
	uint64_t seed;

	const struct http_script *http;
	const struct ws_script *ws;
};
