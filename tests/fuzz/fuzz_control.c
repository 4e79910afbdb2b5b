// Any line as a question and as an answer: what reads is written and read again as the same.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proto/control.h"

static void check_question(const char *line, size_t size)
{
	struct buffer written cleanup(buffer_deinit);
	struct control_question question;
	struct control_question again;
	struct error error = { "" };

	buffer_init(&written, CONTROL_QUESTION_MAX);
	if (control_read_question(line, size, &error, &question) < 0) {
		assert(error.text[0] != '\0');
		return;
	}
	control_write_question(&question, &written);
	assert(written.error == 0);
	assert(control_read_question(written.data, written.size - 1, &error, &again) == 0);
	assert(memcmp(&question, &again, sizeof(question)) == 0);
}

static void check_receipt(const char *line, size_t size)
{
	static struct control_receipt receipt;
	static struct control_receipt again;
	struct buffer written cleanup(buffer_deinit);
	struct error error = { "" };

	buffer_init(&written, (size_t)1 << 20);
	if (control_read_receipt(line, size, &error, &receipt) < 0) {
		for (const char *c = error.text; *c; c++)
			assert(*c >= ' ' && *c <= '~');
		return;
	}
	control_write_receipt(&receipt, &written);
	assert(control_read_receipt(written.data, written.size - 1, &error, &again) == 0);
	assert(memcmp(&receipt, &again, sizeof(receipt)) == 0);
}

static void check_path(const char *line, size_t size)
{
	struct buffer written cleanup(buffer_deinit);
	struct control_path path;
	struct control_path again;
	struct error error = { "" };

	buffer_init(&written, CONTROL_ANSWER_MAX);
	if (control_read_path(line, size, &error, &path) < 0) {
		assert(error.text[0] != '\0');
		return;
	}
	control_write_path(&path, &written);
	assert(written.error == 0);
	assert(control_read_path(written.data, written.size - 1, &error, &again) == 0);
	assert(memcmp(&path, &again, sizeof(path)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_question((const char *)data, size);
	check_receipt((const char *)data, size);
	check_path((const char *)data, size);
	return 0;
}
