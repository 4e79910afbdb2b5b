/* Finds where answers end, piece by piece. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/reply_regex.h"
#include "proto/reply_rule.h"

#define KEPT_FIRST_BYTES 512
#define MARKER_DIGITS    16

/* What lies in memory that nobody uses. */
struct reply_spare {
	struct reply_spare *next;
	uint32_t capacity;
};

static const char marker_head[] = "TCPKaliMsgTS-";

int reply_matcher_init(struct reply_matcher *matcher, const struct reply_rule *rule)
{
	*matcher = (struct reply_matcher){ .rule = rule };
	if (rule->kind == REPLY_UNTIL)
		return needle_init(&matcher->needle, rule->text, rule->text_size);
	if (rule->kind == REPLY_MARKER)
		return needle_init(&matcher->needle, marker_head, sizeof(marker_head) - 1);
	if (rule->kind == REPLY_REGEX && reply_regex_compile(rule->text, &matcher->regex) != 0) {
		matcher->rule = NULL;
		return -ENOMEM; /* the parser compiled it before */
	}
	return 0;
}

void reply_matcher_deinit(struct reply_matcher *matcher)
{
	needle_deinit(&matcher->needle);
	while (matcher->spares) {
		struct reply_spare *next = matcher->spares->next;
		free(matcher->spares);
		matcher->spares = next;
	}
	if (matcher->rule && matcher->rule->kind == REPLY_REGEX)
		regfree(&matcher->regex);
	*matcher = (struct reply_matcher){ 0 };
}

bool reply_state_is_clear(const struct reply_state *state)
{
	return state->count == 0 && state->matched == 0 && state->digits == 0 &&
	       state->kept_size == 0;
}

void reply_state_clear(struct reply_matcher *matcher, struct reply_state *state)
{
	struct reply_spare *spare = (struct reply_spare *)(void *)state->kept;

	if (spare) {
		*spare = (struct reply_spare){ matcher->spares, state->kept_capacity };
		matcher->spares = spare;
	}
	*state = (struct reply_state){ 0 };
}

/* So many bytes, of which `count` have come. */
static enum outcome match_bytes(struct reply_state *state, uint64_t bytes, size_t size,
				size_t *ret_used)
{
	uint64_t left = bytes - state->count;
	bool is_whole = left <= size;

	*ret_used = is_whole ? (size_t)left : size;
	state->count += *ret_used;
	return is_whole ? OUTCOME_DONE : OUTCOME_OPEN;
}

static enum outcome match_until(const struct reply_matcher *matcher, struct reply_state *state,
				const uint8_t *data, size_t size, size_t *ret_used)
{
	size_t end = needle_find(&matcher->needle, &state->matched, data, size);

	*ret_used = end > 0 ? end : size;
	return end > 0 ? OUTCOME_DONE : OUTCOME_OPEN;
}

static enum outcome match_length(struct reply_state *state, unsigned prefix_bytes,
				 const uint8_t *data, size_t size, size_t *ret_used)
{
	size_t at = 0;

	while (at < size && state->count < prefix_bytes) {
		state->value = state->value << 8 | data[at++];
		state->count++;
	}
	if (state->count < prefix_bytes) {
		*ret_used = at;
		return OUTCOME_OPEN;
	}
	enum outcome outcome = match_bytes(state, prefix_bytes + state->value, size - at, ret_used);
	*ret_used += at;
	return outcome;
}

static int digit_value(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* One byte behind the marker's head. True: it belongs there. */
static bool take_digit(struct reply_state *state, uint8_t byte)
{
	int digit = digit_value(byte);

	if (state->digits == MARKER_DIGITS + 1 ? byte != '.' : digit < 0)
		return false;
	if (digit >= 0)
		state->value = state->value << 4 | (uint64_t)digit;
	state->digits++;
	return true;
}

static enum outcome match_marker(const struct reply_matcher *matcher, struct reply_state *state,
				 const uint8_t *data, size_t size, size_t *ret_used)
{
	size_t at = 0;

	while (at < size) {
		if (state->digits == 0) {
			size_t end = needle_find(&matcher->needle, &state->matched, data + at,
						 size - at);
			if (end == 0)
				break;
			at += end;
			state->digits = 1;
			state->value = 0;
			continue;
		}
		if (!take_digit(state, data[at])) {
			state->digits = 0; /* a head may begin right here */
			continue;
		}
		at++;
		if (state->digits == MARKER_DIGITS + 2) {
			*ret_used = at;
			return OUTCOME_DONE;
		}
	}
	*ret_used = size;
	return OUTCOME_OPEN;
}

static void take_spare(struct reply_matcher *matcher, struct reply_state *state)
{
	struct reply_spare *spare = matcher->spares;

	if (state->kept || !spare)
		return;
	matcher->spares = spare->next;
	state->kept_capacity = spare->capacity;
	state->kept = (uint8_t *)spare;
}

/* Behind what is kept. OPEN, or NO_MEMORY. */
static enum outcome keep(struct reply_matcher *matcher, struct reply_state *state,
			 const uint8_t *data, size_t size)
{
	take_spare(matcher, state);
	size_t needed = state->kept_size + size;
	size_t capacity = state->kept_capacity ? state->kept_capacity : KEPT_FIRST_BYTES;

	assert(needed <= REPLY_KEPT_MAX);
	while (capacity < needed)
		capacity *= 2;
	if (capacity > state->kept_capacity) {
		uint8_t *kept = realloc(state->kept, capacity);
		if (!kept)
			return OUTCOME_NO_MEMORY;
		state->kept = kept;
		state->kept_capacity = (uint32_t)capacity;
	}
	memcpy(state->kept + state->kept_size, data, size);
	state->kept_size = (uint32_t)needed;
	return OUTCOME_OPEN;
}

/* While nothing is kept the answer may be whole as it lies there, and nothing is copied. */
static enum outcome match_regex(struct reply_matcher *matcher, struct reply_state *state,
				const uint8_t *data, size_t size, size_t *ret_used)
{
	size_t known = state->kept_size;
	size_t taken = size < REPLY_KEPT_MAX - known ? size : REPLY_KEPT_MAX - known;
	enum outcome outcome = known > 0 ? keep(matcher, state, data, taken) : OUTCOME_OPEN;

	*ret_used = taken;
	if (outcome != OUTCOME_OPEN)
		return outcome;
	const char *text = (const char *)(known > 0 ? state->kept : data);
	size_t end = reply_regex_end(&matcher->regex, text, known + taken, known);
	if (end > 0) {
		*ret_used = end - known;
		return OUTCOME_DONE;
	}
	if (known + taken == REPLY_KEPT_MAX)
		return OUTCOME_PROTOCOL;
	return known > 0 ? OUTCOME_OPEN : keep(matcher, state, data, taken);
}

enum outcome reply_match(struct reply_matcher *matcher, struct reply_state *state,
			 const uint8_t *data, size_t size, size_t *ret_used)
{
	switch (matcher->rule->kind) {
	case REPLY_BYTES:
		return match_bytes(state, matcher->rule->bytes, size, ret_used);
	case REPLY_UNTIL:
		return match_until(matcher, state, data, size, ret_used);
	case REPLY_REGEX:
		return match_regex(matcher, state, data, size, ret_used);
	case REPLY_MARKER:
		return match_marker(matcher, state, data, size, ret_used);
	case REPLY_LENGTH_U16:
		return match_length(state, 2, data, size, ret_used);
	case REPLY_LENGTH_U32:
		return match_length(state, 4, data, size, ret_used);
	case REPLY_NONE:
	case REPLY_ECHO:
		break;
	}
	assert(false);
	return OUTCOME_OTHER;
}
