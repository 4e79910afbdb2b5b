/* Where an answer ends in a stream of bytes: --reply. Pure; incremental; state a connection. */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

enum reply_kind {
	REPLY_NONE,       /* nothing is answered */
	REPLY_ECHO,       /* as many bytes as were sent, and the same */
	REPLY_BYTES,      /* N of them */
	REPLY_UNTIL,      /* up to and with STR */
	REPLY_REGEX,      /* the shortest beginning that RE matches */
	REPLY_MARKER,     /* up to and with a \{message.marker} */
	REPLY_LENGTH_U16, /* a big-endian length, then so many bytes */
	REPLY_LENGTH_U32,
};

struct reply_rule {
	enum reply_kind kind;
	uint64_t bytes;
	const char *text; /* UNTIL */
	size_t text_size;
	regex_t regex;
};
