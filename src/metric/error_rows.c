#include "metric/error_rows.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

const char *phase_name(enum phase phase)
{
	static const char *const names[] = {
		[PHASE_RESOLVE] = "resolve",   [PHASE_CONNECT] = "connect",
		[PHASE_TLS] = "tls",           [PHASE_UPGRADE] = "upgrade",
		[PHASE_SEND] = "send",         [PHASE_RECEIVE] = "receive",
		[PHASE_REPLY] = "reply",       [PHASE_WAIT] = "wait",
		[PHASE_TRANSFER] = "transfer",
	};

	assert(phase < PHASE_COUNT);
	return names[phase];
}

/* The row for errors of this kind; a new one has no count yet. */
static struct error_row *row_for(struct error_row *rows, const struct error_row *kind)
{
	for (size_t i = 0; i < ERROR_ROWS_MAX; i++) {
		struct error_row *row = &rows[i];

		if (row->count == 0)
			*row = (struct error_row){ .phase = kind->phase,
						   .outcome = kind->outcome,
						   .code = kind->code,
						   .first_ns = UINT64_MAX };
		if (row->count == 0)
			memcpy(row->why, kind->why, sizeof(row->why));
		if (row->phase == kind->phase && row->outcome == kind->outcome &&
		    row->code == kind->code)
			return row;
	}
	struct error_row *last = &rows[ERROR_ROWS_MAX - 1];

	last->outcome = OUTCOME_OTHER;
	last->code = 0;
	last->why[0] = '\0';
	return last;
}

void error_rows_add(struct error_row rows[ERROR_ROWS_MAX], const struct error_row *from)
{
	struct error_row *row = row_for(rows, from);

	row->count += from->count;
	if (from->first_ns < row->first_ns)
		row->first_ns = from->first_ns;
	if (from->last_ns > row->last_ns)
		row->last_ns = from->last_ns;
}

void status_rows_add(struct status_row rows[STATUS_ROWS_MAX], uint32_t code, uint64_t count)
{
	struct status_row *row = rows;
	const struct status_row *last = &rows[STATUS_ROWS_MAX - 1];

	while (row < last && row->count > 0 && row->code != code)
		row++;
	row->code = row->count == 0 || row->code == code ? code : 0;
	row->count += count;
}
