/* What failed, and what answers said, as rows that are counted: small tables of a fixed size, so
 * that a recorder stays flat. */
#pragma once

#include <stdint.h>

#include "base/outcome.h"

/* In which step an attempt or a connection failed. */
enum phase {
	PHASE_RESOLVE,
	PHASE_CONNECT,
	PHASE_TLS,
	PHASE_UPGRADE, /* the opening of a protocol on a connection: a WebSocket's */
	PHASE_SEND,
	PHASE_RECEIVE,
	PHASE_REPLY,
	PHASE_WAIT, /* of a probe, as the next one: metric/probe_result.h */
	PHASE_TRANSFER,
	PHASE_COUNT,
};
const char *phase_name(enum phase phase);

#define ERROR_WHY_BYTES 192 /* a certificate's complaint with its way out */
struct error_row {
	uint32_t phase;
	uint32_t outcome;
	uint32_t code; /* errno; PHASE_REPLY: HTTP status; CLOSED: WebSocket close code; else 0 */
	uint32_t reserved;
	uint64_t count; /* 0: the row is free */
	uint64_t first_ns;
	uint64_t last_ns;
	/* What the peer did wrong in the first of them, behind "broke the protocol: "; "": nothing
	 * that the outcome does not say. */
	char why[ERROR_WHY_BYTES];
};
#define ERROR_ROWS_MAX 32 /* rows beyond are added to the last one, which becomes OTHER */

/* Answers by HTTP status. */
struct status_row {
	uint32_t code; /* 0: of all codes that found no row */
	uint32_t reserved;
	uint64_t count; /* 0: the row is free */
};
#define STATUS_ROWS_MAX 24

/* Counts one more, or those of another table's row; what finds no row is added to the last one. */
void error_rows_add(struct error_row rows[ERROR_ROWS_MAX], const struct error_row *from);
void status_rows_add(struct status_row rows[STATUS_ROWS_MAX], uint32_t code, uint64_t count);
