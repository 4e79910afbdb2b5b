/* What the parts of speaker_raw share: set-up (speaker_raw.c), sending (speaker_raw_write.c) and
 * answers (speaker_raw_hear.c). Where all messages are the same bytes, sending is arithmetic on one
 * block of copies; else each message is looked up, and rendered if it varies. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/needle.h"
#include "engine/script.h"
#include "engine/speaker.h"
#include "engine/stamps.h"
#include "engine/worker.h"

/* A connection has at most so many unanswered messages where their times are remembered. */
#define RAW_TIMES_MAX 65536

/* What was heard beside the text that stops the run, and is told next. */
struct raw_held {
	uint64_t used;
	uint8_t what; /* enum heard_what; HEARD_ALL: nothing is held */
	uint8_t outcome;
	bool is_mismatched;
};

struct raw_speech {
	uint64_t sequence; /* of the message that is next or partly sent */
	uint64_t offset;   /* bytes of it that were sent */
	uint64_t unix_ns;  /* when it began, while offset > 0 */
	uint64_t answered; /* sequence of the message that is to be answered next */
	uint64_t echoed;   /* bytes of it that have come back */
	struct reply_state reply;
	struct stamp_queue times; /* when the unanswered ones began; empty where nobody asks */
	struct raw_held held;
	uint32_t uid;
	uint32_t stop_matched;
	uint32_t expect_matched;
	bool has_expected;       /* the answer under way has the text that is expected */
	bool has_unasked_marker; /* one came while nothing was owed */
};

/* One message of the script. */
struct raw_message {
	const struct template *template;
	struct iovec *parts; /* of a constant; NULL: rendered each time */
	size_t part_count;
	size_t size;
};

struct raw_state {
	/* Where all messages are the same `same_size` bytes; 0: they are not. */
	size_t same_size;
	const uint8_t *block; /* whole copies of them, or zeros */
	size_t block_size;
	bool is_zeros;
	uint8_t *own_block;

	struct raw_message *messages; /* the first ones, then those that come in turn */
	uint32_t first_count;
	uint32_t turn_count;
	uint64_t stride; /* from a message to the next one of its connection, in the run's lines */
	bool has_time;   /* of some message */
	bool has_marker; /* the same */
	bool keeps_times;
	struct stamp_pool times;

	struct iovec *parts; /* of one rendering */
	uint8_t *scratch;
	size_t scratch_size;

	/* What write() gave last. */
	uint64_t unix_ns;
	size_t sizes[SPEECH_BATCH_MAX]; /* of its messages */

	bool is_answered;
	enum reply_kind reply;
	struct reply_matcher matcher;
	struct needle stop; /* size 0: nothing stops the run, or is expected */
	struct needle expect;
};

static inline const struct raw_message *raw_message_at(const struct raw_state *state,
						       uint64_t sequence)
{
	if (sequence < state->first_count)
		return &state->messages[sequence];
	uint64_t turn = sequence - state->first_count;
	return &state->messages[state->first_count +
				(state->turn_count > 1 ? turn % state->turn_count : 0)];
}

/* Whether there is a message of this sequence at all: after the first ones there may be none. */
static inline bool raw_has_message(const struct raw_state *state, uint64_t sequence)
{
	return state->turn_count > 0 || sequence < state->first_count;
}

/* Renders one that varies to state->parts, behind `scratch`. */
void raw_render(const struct speaker *speaker, const struct raw_speech *speech, uint64_t sequence,
		uint64_t unix_ns, uint8_t *scratch, struct template_output *ret);

void raw_write(struct speaker *speaker, void *memory, uint32_t count, uint64_t now_ns,
	       struct speech_parts *ret);
uint32_t raw_wrote(struct speaker *speaker, void *memory, size_t size, bool *ret_is_partial);
void raw_hear(struct speaker *speaker, void *memory, const uint8_t *data, size_t size,
	      struct heard *ret);
