/* One end of a connection over the memory network that notes what it is told and what arrives. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/stream.h"

struct end {
	struct stream stream;
	unsigned told; /* all events so far */
	/* The last of each. */
	uint64_t linked_ns;
	uint64_t connected_ns;
	uint64_t readable_ns;
	uint64_t writable_ns;
	uint64_t failed_ns;
	size_t receive_size; /* at most at once; 0: leaves it unread */
	size_t to_send_bytes;
	size_t part_bytes; /* of each part of a send */
	size_t sent_bytes;
	size_t got_bytes;
	unsigned checksum; /* of what was got, in its order */
	bool has_end;
	bool closes_at_end;
	ssize_t receive_error;
};

/* Notes the events and when they were told, and reads what there is. */
void end_note(struct end *end, unsigned events);
/* As the contract has it: until short, the end or an error. */
void end_receive_all(struct end *end);
