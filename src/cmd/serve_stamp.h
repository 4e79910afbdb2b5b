/* Whom a reflector of `serve` answers: the options --stamp-..., and the line about it. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "cli/option.h"
#include "engine/plan.h"

struct serve_stamp_options {
	struct option_list allow;
	const char *key;
	bool is_stateful;
};

/* The rows: `field` is the member of type struct serve_stamp_options in `structure`. */
/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is a member's name */
#define SERVE_STAMP_OPTIONS(structure, field)                                                       \
	OPTION(structure, field.allow, OPTION_LIST, .name = "stamp-allow",                          \
	       .placeholder = "ADDR[/BITS]", .level = OPTION_ALL,                                   \
	       .help = "stamp answers these senders and nobody else; without it and --stamp-key "   \
		       "this host alone, with --stamp-key whoever has the key"),                    \
	OPTION(structure, field.key, OPTION_TEXT, .name = "stamp-key", .placeholder = "TEXT|@FILE", \
	       .is_secret = true, .level = OPTION_ALL,                                              \
	       .help = "stamp answers packets with an HMAC by this key, 8 to 64 bytes, and no "     \
		       "others"),                                                                   \
	OPTION(structure, field.is_stateful, OPTION_FLAG, .name = "stamp-stateful",                 \
	       .level = OPTION_ALL,                                                                 \
	       .help = "stamp numbers the answers of each session by itself, so that its sender "   \
		       "can tell the loss of each direction")
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* Into the plan, out of the arena. -EINVAL with the sentence. */
nodiscard int serve_stamp_plan(const struct serve_stamp_options *options, struct arena *arena,
			       struct plan_serve *serve, struct error *error);
/* "" where nobody listens for it. */
void serve_stamp_write(struct buffer *out, const struct plan_serve *serve);
