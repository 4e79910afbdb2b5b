/* A line with a reply rule, then what arrives: answers end at the same bytes whether it comes at
 * once or in small pieces. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/reply_rule.h"

#define TEXT_MAX 64
#define ENDS_MAX 256

struct ends {
	size_t at[ENDS_MAX];
	uint64_t values[ENDS_MAX];
	size_t count;
	enum outcome outcome;
};

static void find_ends(const struct reply_rule *rule, const uint8_t *data, size_t size, size_t step,
		      struct ends *ret)
{
	struct reply_matcher matcher;
	struct reply_state state = { 0 };

	*ret = (struct ends){ .outcome = OUTCOME_OPEN };
	int code = reply_matcher_init(&matcher, rule);
	assert(code == 0);
	for (size_t at = 0; at < size && ret->count < ENDS_MAX;) {
		size_t left = step - at % step;
		size_t used = 0;
		left = left < size - at ? left : size - at;
		ret->outcome = reply_match(&matcher, &state, data + at, left, &used);
		assert(used > 0 && used <= left);
		at += used;
		if (ret->outcome == OUTCOME_DONE) {
			ret->values[ret->count] = state.value;
			ret->at[ret->count++] = at;
			reply_state_clear(&matcher, &state);
		} else if (ret->outcome != OUTCOME_OPEN) {
			break;
		}
	}
	reply_state_clear(&matcher, &state);
	reply_matcher_deinit(&matcher);
}

/* A word's end depends on what comes behind it; counts, references and + upon + take the C library
 * all the time and memory there is: that of the user who types them. */
static bool is_tame(const char *text)
{
	size_t repeated = 0;

	if (strncmp(text, "regex", 5) != 0)
		return true;
	for (const char *at = text; *at; at++)
		repeated += *at == '+';
	return repeated <= 3 && !strpbrk(text, "\\{");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = { 1, 2, 7, 4096 };
	static struct ends whole;
	static struct ends pieces;
	char text[TEXT_MAX] = "";
	const uint8_t *end = memchr(data, '\n', size);
	size_t length = end ? (size_t)(end - data) : size;
	struct reply_rule rule;
	struct error error = { "" };

	if (length >= sizeof(text))
		return 0;
	memcpy(text, data, length);
	if (!is_tame(text))
		return 0;
	if (reply_rule_parse(text, &error, &rule) < 0) {
		assert(error.text[0] != '\0' && !rule.text);
		return 0;
	}
	if (rule.kind != REPLY_NONE && rule.kind != REPLY_ECHO && end) {
		data += length + 1;
		size -= length + 1;
		find_ends(&rule, data, size, size + 1, &whole);
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			find_ends(&rule, data, size, steps[i], &pieces);
			assert(pieces.count == whole.count && pieces.outcome == whole.outcome);
			assert(memcmp(pieces.at, whole.at, sizeof(whole.at)) == 0);
			assert(memcmp(pieces.values, whole.values, sizeof(whole.values)) == 0);
		}
	}
	reply_rule_deinit(&rule);
	return 0;
}
