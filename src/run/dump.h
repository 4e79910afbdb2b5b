/* --dump: the bytes of connections on stderr, in hexadecimal and as text. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"
#include "engine/plan.h"
#include "net/stream_dump.h"

struct dump {
	struct stream_dump stream;
	pthread_mutex_t lock; /* one piece after the other */
	bool is_unread;       /* nobody read stderr for a second: no more is written */
};

/* "one" or "all", and ",in" or ",out" behind it: of what is received or sent alone. -EINVAL. */
nodiscard int dump_parse(const char *text, struct error *error, struct dump *ret);
/* The plan's connections are dumped: above TLS, if the plan has it. Not over UDP: -EINVAL. `dump`
 * has to outlive the plan. */
nodiscard int dump_attach(struct dump *dump, struct plan *plan, struct error *error);

/* The lines of a piece from the byte `*offset` on, as many as fit, whole; moves it behind them.
 * Returns how many bytes of text that is, 0 behind the last. */
size_t dump_format(const struct dump_piece *piece, int64_t unix_ns, size_t *offset, char *text,
		   size_t size);
