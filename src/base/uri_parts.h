/* What the files of uri.h share: a target cut into its pieces. */
#pragma once

#include "base/uri.h"

/* The pieces of a target, pointing into it. Absent is { NULL, 0 }. */
struct uri_piece {
	const char *text;
	size_t length;
};
struct uri_pieces {
	struct uri_piece scheme;
	struct uri_piece place; /* all behind "://" */
	struct uri_piece host;  /* without brackets */
	struct uri_piece port;
	struct uri_piece rest; /* path and query */
	bool has_brackets;
};

/* For "%.*s". */
#define PIECE(piece) (int)(piece).length, (piece).text

/* Service and transport, and whether it is srv://; whether the command can use them. -EINVAL. */
nodiscard int uri_read_scheme(const struct uri_pieces *pieces, const struct uri_defaults *defaults,
			      struct error *error, struct uri *ret);
/* The same of a name that srv:// is followed by, once `ret` has it as its host. */
nodiscard int uri_read_srv(const struct uri_pieces *pieces, const struct uri_defaults *defaults,
			   struct error *error, struct uri *ret);
