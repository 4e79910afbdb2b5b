/* Between the two halves of control.h's implementation: the names on the wire. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct control_receipt;

#define CONTROL_ASKS 3
extern const char *const control_asks[];

/* A number of a receipt. */
struct control_number {
	const char *key;
	size_t offset;
};
extern const struct control_number control_numbers[];
extern const size_t control_number_count;
uint64_t *control_number_of(struct control_receipt *receipt, const struct control_number *number);
