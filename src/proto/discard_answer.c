#include "proto/discard_answer.h"

static bool add_digit(struct discard_answer *answer, uint8_t byte)
{
	uint64_t digit = (uint64_t)byte - '0';

	if (byte < '0' || byte > '9' || answer->bytes > (UINT64_MAX - digit) / 10)
		return false;
	/* It has no zeros in front. */
	if (answer->digits > 0 && answer->bytes == 0)
		return false;
	answer->bytes = answer->bytes * 10 + digit;
	answer->digits++;
	return true;
}

static enum discard_answer_state read_byte(struct discard_answer *answer, uint8_t byte)
{
	if (answer->state != DISCARD_ANSWER_PART)
		return DISCARD_ANSWER_NONE;
	if (byte == '\n' && answer->digits > 0)
		return DISCARD_ANSWER_DONE;
	return add_digit(answer, byte) ? DISCARD_ANSWER_PART : DISCARD_ANSWER_NONE;
}

enum discard_answer_state discard_answer_read(struct discard_answer *answer, const uint8_t *data,
					      size_t size)
{
	for (size_t i = 0; i < size && answer->state != DISCARD_ANSWER_NONE; i++)
		answer->state = (uint8_t)read_byte(answer, data[i]);
	return answer->state;
}
