#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/units.h"
#include "engine/script.h"
#include "engine/speaker.h"
#include "engine/worker.h"
#include "sys/clock.h"

#define TEMPLATES_MAX 4

/* A speaker by hand, with one connection. */
struct rig {
	struct plan plan;
	struct worker worker;
	struct script script;
	struct reply_rule reply;
	struct template *templates[TEMPLATES_MAX];
	struct speaker speaker;
	void *speech;
	struct speech_parts parts;
	struct buffer sent;
	uint64_t now_ns;
	uint32_t begun;
	bool is_partial;
};

static uint8_t zeros[WORKER_SCRATCH_BYTES];

/* `texts`: the first messages, NULL, the messages, NULL. Then the test may set what it wants and
 * calls rig_start(). */
static void rig_init(struct rig *rig, const char *const *texts)
{
	uint32_t count = 0;
	*rig = (struct rig){ .plan.slots.count = 10 };
	rig->now_ns = clock_monotonic_ns();
	rig->worker.plan = &rig->plan;
	rig->worker.zeros = zeros;
	rig->script.kind = &speaker_raw;
	rig->script.seed = 1;
	for (int part = 0; texts && part < 2; part++, texts++) {
		const struct template *const *first =
			(const struct template *const *)&rig->templates[count];
		uint32_t before = count;
		for (; *texts; texts++) {
			struct error error = { "" };
			if (template_compile(*texts, strlen(*texts), NULL, &error,
					     &rig->templates[count++]) < 0)
				fail_msg("%s", error.text);
		}
		if (part == 0) {
			rig->script.firsts = first;
			rig->script.first_count = count - before;
		} else {
			rig->script.messages = first;
			rig->script.message_count = count - before;
		}
	}
	buffer_init(&rig->sent, (size_t)1 << 30);
}

static void rig_start(struct rig *rig, const char *reply)
{
	if (reply) {
		struct error error = { "" };
		if (reply_rule_parse(reply, &error, &rig->reply) < 0)
			fail_msg("%s", error.text);
		rig->script.reply = &rig->reply;
		rig->script.is_answered = true;
	}
	rig->speaker = (struct speaker){ .kind = &speaker_raw,
					 .script = &rig->script,
					 .worker = &rig->worker };
	assert_int_equal(speaker_raw.init(&rig->speaker), 0);
	rig->speech = calloc(1, speaker_raw.speech_bytes);
	speaker_raw.begin(&rig->speaker, rig->speech, &(struct speech_start){ .uid = 7 });
}

static void rig_end(struct rig *rig)
{
	speaker_raw.end(&rig->speaker, rig->speech);
	speaker_raw.deinit(&rig->speaker);
	free(rig->speech);
	for (size_t i = 0; i < TEMPLATES_MAX; i++)
		template_free(rig->templates[i]);
	reply_rule_deinit(&rig->reply);
	buffer_deinit(&rig->sent);
}

/* Writes `count` messages at most, of which `step` bytes at most are taken. */
static size_t rig_write(struct rig *rig, uint32_t count, size_t step)
{
	struct speech_parts *parts = &rig->parts;
	rig->now_ns += NS_PER_MS; /* no two writes have the same time */
	speaker_raw.write(&rig->speaker, rig->speech, count, rig->now_ns, parts);
	size_t sum = 0;
	size_t taken = step < parts->size ? step : parts->size;
	assert_in_range(parts->count, 0, SPEECH_PARTS_MAX);
	for (int i = 0; i < parts->count; i++) {
		size_t left = taken > sum ? taken - sum : 0;
		size_t size = parts->parts[i].iov_len;
		assert_true(size > 0);
		buffer_append(&rig->sent, parts->parts[i].iov_base, left < size ? left : size);
		sum += size;
	}
	assert_int_equal(sum, parts->size);
	if (taken > 0)
		rig->begun +=
			speaker_raw.wrote(&rig->speaker, rig->speech, taken, &rig->is_partial);
	return taken;
}

/* Sends `count` messages to their ends, `batch` at once, `step` bytes a time. */
static void rig_send(struct rig *rig, uint32_t count, uint32_t batch, size_t step)
{
	uint32_t end = rig->begun + count;
	while (rig->begun < end || rig->is_partial) {
		uint32_t wanted = end - rig->begun + rig->is_partial;
		assert_true(rig_write(rig, wanted < batch ? wanted : batch, step) > 0);
	}
	assert_int_equal(rig->begun, end);
}

static struct heard hear(struct rig *rig, const void *data, size_t size)
{
	struct heard heard;
	/* A copy of its own: what lies behind it may not be read. */
	uint8_t *copy = malloc(size);
	memcpy(copy, data, size);
	speaker_raw.hear(&rig->speaker, rig->speech, copy, size, &heard);
	free(copy);
	assert_in_range(heard.used, 0, size);
	assert_true(heard.what != HEARD_ALL || heard.used == size);
	return heard;
}

/* Gives `data` in pieces of `step` bytes; one letter for what is heard each time: R a reply, r one
 * that is rejected, m one that is mismatched, S stop, C corrupted, P protocol, which end it. */
static void hear_all(struct rig *rig, const void *data, size_t size, size_t step, char log[64])
{
	size_t at = 0;
	while (at < size && strlen(log) < 60) {
		size_t left = step - at % step;
		struct heard heard =
			hear(rig, (const uint8_t *)data + at, left < size - at ? left : size - at);
		const char *letter = "";
		at += heard.used;
		if (heard.what == HEARD_REPLY)
			letter = heard.is_mismatched                 ? "m"
				 : heard.outcome == OUTCOME_REJECTED ? "r"
								     : "R";
		else if (heard.what == HEARD_STOP)
			letter = "S";
		else if (heard.what == HEARD_WRONG)
			letter = heard.outcome == OUTCOME_CORRUPTED ? "C" : "P";
		(void)snprintf(log + strlen(log), 64 - strlen(log), "%s", letter);
		if (heard.what == HEARD_WRONG)
			return;
	}
}

static void assert_hears(struct rig *rig, const char *data, size_t step, const char *expected)
{
	char log[64] = "";
	hear_all(rig, data, strlen(data), step, log);
	if (strcmp(log, expected) != 0)
		fail_msg("%s in steps of %zu: heard %s, not %s", data, step, log, expected);
}

/* ---- sending ---- */

/* However little is taken at a time, the same bytes come out. */
static void assert_sends(const char *const *texts, const char *expected, uint32_t count)
{
	static const uint32_t batches[] = { 1, 2, 5, SPEECH_BATCH_MAX, 1000 };
	static const size_t steps[] = { 1, 2, 3, 7, 64, 1 << 20 };
	for (size_t b = 0; b < array_size(batches); b++) {
		for (size_t s = 0; s < array_size(steps); s++) {
			struct rig rig;
			rig_init(&rig, texts);
			rig_start(&rig, NULL);
			rig_send(&rig, count, batches[b], steps[s]);
			assert_string_equal(buffer_text(&rig.sent), expected);
			rig_end(&rig);
		}
	}
}

static void messages_come_out_whole_however_they_are_taken(void **state)
{
	assert_sends((const char *[]){ NULL, "one\n", NULL }, "one\none\none\n", 3);
	assert_sends((const char *[]){ NULL, "x", NULL },
		     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 40);
	assert_sends((const char *[]){ "hello ", "again ", NULL, "a", "bb", NULL },
		     "hello again abbabba", 7);
	assert_sends((const char *[]){ "\\{connection.uid}:", NULL, "<\\{message.seq}>", NULL },
		     "7:<1><2><3><4><5><6><7><8><9><10>", 11);
	assert_sends(
		(const char *[]){ NULL, "a\\{message.seq}", "b\\{connection.uid % 4}c", "-", NULL },
		"a0b3c-a3b3c-a6b3c", 8);
	assert_sends((const char *[]){ "only once", NULL, NULL }, "only once", 1);
}

static void a_message_of_many_parts_is_cut_and_goes_on(void **state)
{
	char text[4096] = "";
	char expected[4096] = "";
	for (int i = 0; i < 100; i++) {
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       "\\{message.seq}.");
		(void)snprintf(expected + i * 2, sizeof(expected) - (size_t)i * 2, "0.");
	}
	for (size_t step = 1; step <= 400; step += 57) {
		struct rig rig;
		rig_init(&rig, (const char *[]){ NULL, text, NULL });
		rig_start(&rig, NULL);
		rig_send(&rig, 1, 1, step);
		assert_string_equal(buffer_text(&rig.sent), expected);
		assert_true(rig.parts.count < SPEECH_PARTS_MAX);
		rig_end(&rig);
	}
}

static void random_messages_are_the_same_when_they_go_on(void **state)
{
	static const char *const texts[] = { NULL, "\\{re [a-z]{1,20}}\\{connection.re [0-9]{5}}\n",
					     NULL };
	struct rig whole;
	rig_init(&whole, texts);
	rig_start(&whole, NULL);
	rig_send(&whole, 50, SPEECH_BATCH_MAX, SIZE_MAX);
	for (size_t step = 1; step < 60; step += 6) {
		struct rig rig;
		rig_init(&rig, texts);
		rig_start(&rig, NULL);
		rig_send(&rig, 50, 3, step);
		assert_string_equal(buffer_text(&rig.sent), buffer_text(&whole.sent));
		rig_end(&rig);
	}
	rig_end(&whole);
}

/* A time belongs to the first byte of its message, whenever the others go. */
static void times_are_those_of_the_first_byte(void **state)
{
	struct rig rig;
	static const char *const texts[] = { NULL, "\\{message.marker}\\{message.marker}", NULL };
	rig_init(&rig, texts);
	rig_start(&rig, NULL);
	rig_send(&rig, 40, 2, 7);
	assert_int_equal(rig.sent.size, 40 * 60);
	for (size_t at = 0; at < rig.sent.size; at += 60) {
		assert_memory_equal(rig.sent.data + at, "TCPKaliMsgTS-0006", 17);
		assert_memory_equal(rig.sent.data + at, rig.sent.data + at + 30, 30);
		assert_true(at == 0 || memcmp(rig.sent.data + at - 60, rig.sent.data + at, 30) < 0);
	}
	rig_end(&rig);
}

static void bulk_is_zeros(void **state)
{
	static const uint32_t sizes[] = { 1, 1000, 65536, WORKER_SCRATCH_BYTES, 300000, 40000000 };
	for (size_t i = 0; i < array_size(sizes); i++) {
		struct rig rig;
		rig_init(&rig, NULL);
		rig.script.bulk_bytes = sizes[i];
		rig_start(&rig, NULL);
		rig_send(&rig, 3, SPEECH_BATCH_MAX, sizes[i] / 3 + 1);
		assert_int_equal(rig.sent.size, 3 * (size_t)sizes[i]);
		for (size_t at = 0; at < rig.sent.size; at += 4093)
			assert_int_equal(rig.sent.data[at], 0);
		rig_end(&rig);
	}
}

static void a_batch_of_small_constants_is_one_part(void **state)
{
	struct rig rig;
	rig_init(&rig, (const char *[]){ NULL, "0123456789", NULL });
	rig_start(&rig, NULL);
	assert_int_equal(rig_write(&rig, SPEECH_BATCH_MAX, 15), 15);
	assert_int_equal(rig.begun, 2);
	assert_int_equal(rig_write(&rig, SPEECH_BATCH_MAX, SIZE_MAX), 315);
	assert_int_equal(rig.parts.count, 1);
	assert_int_equal(rig.begun, 33);
	assert_false(rig.is_partial);
	rig_end(&rig);
}

static void nothing_is_said_where_there_is_nothing_to_say(void **state)
{
	struct rig rig;
	rig_init(&rig, NULL); /* source */
	rig_start(&rig, NULL);
	assert_int_equal(rig_write(&rig, SPEECH_BATCH_MAX, SIZE_MAX), 0);
	assert_hears(&rig, "any bytes", 3, "");
	rig_end(&rig);
	rig_init(&rig, (const char *[]){ NULL, "a", NULL });
	rig_start(&rig, NULL);
	assert_int_equal(rig_write(&rig, 0, SIZE_MAX), 0);
	rig_end(&rig);
}

static void messages_that_may_be_empty_are_refused(void **state)
{
	struct rig rig;
	rig_init(&rig, (const char *[]){ NULL, "\\{re a?}", NULL });
	rig.speaker = (struct speaker){ .kind = &speaker_raw,
					.script = &rig.script,
					.worker = &rig.worker };
	assert_int_equal(speaker_raw.init(&rig.speaker), -EINVAL);
	template_free(rig.templates[0]);
}

static void lines_follow_one_another_over_the_connections(void **state)
{
	char path[] = "/tmp/test_speaker_raw.XXXXXX";
	char text[64];
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	assert_non_null(file);
	for (int i = 0; i < 100; i++)
		(void)fprintf(file, "%d\n", i);
	assert_int_equal(fclose(file), 0);
	(void)snprintf(text, sizeof(text), "\\{lines %s} ", path);
	assert_sends((const char *[]){ NULL, text, NULL }, "7 17 27 37 47 57 67 77 87 97 7 17 ",
		     12);
	assert_int_equal(remove(path), 0);
}

/* ---- answers ---- */

static void answers_are_told_apart(void **state)
{
	static const struct {
		const char *reply;
		const char *data;
		const char *heard;
	} rows[] = {
		{ "bytes 3", "abcdefghi", "RRR" },
		{ "bytes 3", "abcdefghijklmnop", "RRRRP" }, /* four were asked for */
		{ "bytes 1", "abcd", "RRRR" },
		{ "until ;", "one;two;;", "RRR" },
		{ "until ;", "1;2;3;4;5;", "RRRR" },
		{ "until \\r\\n", "a\r\nb\r\r\n\r\n", "RRR" },
		{ "regex ^2[0-9][0-9] .*$", "250-a\n250 b\n220 c\n", "RR" },
		{ "length-prefix u16", NULL, NULL },
		{ "none", "anything", "" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		for (size_t step = 1; rows[i].data && step <= strlen(rows[i].data); step++) {
			struct rig rig;
			rig_init(&rig, (const char *[]){ "hi", NULL, "a", NULL });
			rig_start(&rig, rows[i].reply);
			rig_send(&rig, 4, 4, SIZE_MAX);
			assert_hears(&rig, rows[i].data, step, rows[i].heard);
			rig_end(&rig);
		}
	}
}

static void greetings_are_let_pass(void **state)
{
	static const char *const rules[] = { "bytes 5", "until \\n", "marker", "regex \\n",
					     "length-prefix u16" };
	for (size_t i = 0; i < array_size(rules); i++) {
		struct rig rig;
		rig_init(&rig, (const char *[]){ NULL, "a", NULL });
		rig_start(&rig, rules[i]);
		assert_hears(&rig, "220 welcome\n", 5, "");
		rig_end(&rig);
	}
}

static void expected_texts_are_looked_for(void **state)
{
	static const char data[] = "OK;NO;xOOK;O;K;OKOK;";
	for (size_t step = 1; step <= strlen(data); step++) {
		struct rig rig;
		rig_init(&rig, (const char *[]){ NULL, "a", NULL });
		rig.script.expect_text = "OK";
		rig_start(&rig, "until ;");
		assert_hears(&rig, "OK is a greeting;", step, "");
		rig_send(&rig, 6, 6, SIZE_MAX);
		assert_hears(&rig, data, step, "RrRrrR");
		rig_end(&rig);
	}
}

static void expected_texts_lie_within_one_answer(void **state)
{
	for (size_t step = 1; step <= 6; step++) {
		struct rig rig;
		rig_init(&rig, (const char *[]){ NULL, "a", NULL });
		rig.script.expect_text = "OK";
		rig_start(&rig, "bytes 2");
		rig_send(&rig, 3, 3, SIZE_MAX);
		assert_hears(&rig, "xOKxOK", step, "rrR");
		rig_end(&rig);
	}
}

static void stop_is_told_before_the_answer_it_is_in(void **state)
{
	static const char *const rows[][3] = {
		{ NULL, "this is the end and END it is", "S" },
		{ "until ;", "on;on;the END;on;", "RRSRR" },
		{ "until ;", "E;ND;", "RR" },
		{ "until ;", "END END;", "SSR" },
		{ "bytes 3", "onoENDono", "RSRR" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		/* Twice in one piece is told once. */
		size_t step_max = strcmp(rows[i][2], "SSR") == 0 ? 3 : strlen(rows[i][1]);
		for (size_t step = 1; step <= step_max; step++) {
			struct rig rig;
			rig_init(&rig, (const char *[]){ NULL, "a", NULL });
			rig.script.stop_on = "END";
			rig_start(&rig, rows[i][0]);
			rig_send(&rig, 8, 8, SIZE_MAX);
			assert_hears(&rig, rows[i][1], step, rows[i][2]);
			rig_end(&rig);
		}
	}
}

static void stop_is_told_before_what_is_wrong(void **state)
{
	struct rig rig;
	rig_init(&rig, (const char *[]){ NULL, "ok", NULL });
	rig.script.stop_on = "END";
	rig_start(&rig, "echo");
	rig_send(&rig, 1, 1, SIZE_MAX);
	assert_hears(&rig, "oh no, the END", 14, "SC");
	rig_end(&rig);
}

/* ---- echo ---- */

static void assert_echoes(const char *const *texts, uint32_t bulk_bytes)
{
	static const size_t steps[] = { 1, 3, 50, 1 << 20 };
	for (size_t i = 0; i < array_size(steps); i++) {
		struct rig rig;
		char log[64] = "";
		rig_init(&rig, texts);
		rig.script.bulk_bytes = bulk_bytes;
		rig_start(&rig, "echo");
		rig_send(&rig, 9, 2, steps[i] * 2);
		/* One that is sent in part is answered in part. */
		assert_int_equal(rig_write(&rig, 1, 1), 1);
		hear_all(&rig, rig.sent.data, rig.sent.size, steps[i], log);
		assert_string_equal(log, "RRRRRRRRR");
		assert_hears(&rig, "x", 1, "C");
		rig_end(&rig);
	}
}

static void echoes_are_compared(void **state)
{
	assert_echoes((const char *[]){ NULL, "constant", NULL }, 0);
	assert_echoes((const char *[]){ "first ", NULL, "one", "other \\{connection.uid}\n", NULL },
		      0);
	assert_echoes((const char *[]){ NULL, "\\{message.seq} \\{re [a-z]{9}} \\{time}\n", NULL },
		      0);
	assert_echoes(NULL, 5);
	assert_echoes(NULL, 700);
}

static void a_wrong_echo_is_corrupted(void **state)
{
	static const char *const texts[][4] = {
		{ NULL, "constant", NULL },
		{ NULL, "\\{message.seq}-\\{time}-end", NULL },
		{ "first ", NULL, "second", NULL },
	};
	for (size_t i = 0; i < array_size(texts); i++) {
		size_t size = 8;
		for (size_t at = 0; at < size; at++) {
			struct rig rig;
			char log[64] = "";
			rig_init(&rig, texts[i]);
			rig_start(&rig, "echo");
			rig_send(&rig, 2, 2, SIZE_MAX);
			size = rig.sent.size;
			rig.sent.data[at] ^= 1;
			hear_all(&rig, rig.sent.data, size, size, log);
			assert_int_equal(log[strlen(log) - 1], 'C');
			rig_end(&rig);
		}
	}
}

static void bytes_that_nobody_sent_are_no_echo(void **state)
{
	struct rig rig;
	rig_init(&rig, (const char *[]){ NULL, "ab", NULL });
	rig_start(&rig, "echo");
	struct heard heard = hear(&rig, "a", 1);
	assert_int_equal(heard.what, HEARD_WRONG);
	assert_int_equal(heard.outcome, OUTCOME_CORRUPTED);
	assert_int_equal(heard.used, 0);
	rig_end(&rig);
}

static void an_echo_that_comes_before_its_bytes_is_none(void **state)
{
	struct rig rig;
	rig_init(&rig, (const char *[]){ NULL, "ab", NULL });
	rig_start(&rig, "echo");
	assert_int_equal(rig_write(&rig, 1, 1), 1);
	assert_hears(&rig, "a", 1, "");
	assert_hears(&rig, "b", 1, "C");
	rig_end(&rig);
}

/* ---- markers ---- */

static void markers_name_their_messages(void **state)
{
	struct rig rig;
	char log[64] = "";
	rig_init(&rig, (const char *[]){ NULL, "\\{message.marker}", NULL });
	rig_start(&rig, "marker");
	rig_send(&rig, 6, 1, 10);
	char *sent = rig.sent.data;
	hear_all(&rig, sent, 30, 4, log); /* the first */
	hear_all(&rig, sent + 60, 30, 4, log);
	hear_all(&rig, sent + 30, 30, 4, log); /* in each other's places */
	hear_all(&rig, sent + 90, 45, 4, log);
	assert_string_equal(log, "RmmR");
	hear_all(&rig, sent + 135, 45, 4, log);
	assert_string_equal(log, "RmmRRR");
	/* One that answers nothing is a mismatch of the next. */
	hear_all(&rig, sent, 30, 4, log);
	assert_string_equal(log, "RmmRRR");
	rig_send(&rig, 2, 2, SIZE_MAX);
	hear_all(&rig, rig.sent.data + 180, 60, 60, log);
	assert_string_equal(log, "RmmRRRmR");
	rig_end(&rig);
}

static void remembered_times_are_bounded(void **state)
{
	struct rig rig;
	rig_init(&rig, (const char *[]){ NULL, "\\{message.marker}", NULL });
	rig_start(&rig, "marker");
	while (rig_write(&rig, SPEECH_BATCH_MAX, SIZE_MAX) > 0)
		assert_in_range(rig.begun, 1, 65536);
	assert_int_equal(rig.begun, 65536);
	assert_int_equal(hear(&rig, rig.sent.data, 30).what, HEARD_REPLY);
	assert_int_equal(rig_write(&rig, SPEECH_BATCH_MAX, SIZE_MAX), 30);
	rig_end(&rig);
}

/* ---- connections ---- */

static void a_speech_begins_anew(void **state)
{
	struct rig rig;
	rig_init(&rig, (const char *[]){ "hello\n", NULL, "\\{message.seq}\n", NULL });
	rig_start(&rig, "regex \\n");
	rig_send(&rig, 3, 1, SIZE_MAX);
	assert_int_equal(rig_write(&rig, 1, 1), 1);
	assert_hears(&rig, "half of an answ", 4, "");
	speaker_raw.end(&rig.speaker, rig.speech);
	speaker_raw.begin(&rig.speaker, rig.speech, &(struct speech_start){ .uid = 8 });
	buffer_clear(&rig.sent);
	rig.is_partial = false;
	rig_send(&rig, 2, 2, SIZE_MAX);
	assert_string_equal(buffer_text(&rig.sent), "hello\n1\n");
	assert_hears(&rig, "er\n\n", 4, "RR");
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_out_whole_however_they_are_taken),
		cmocka_unit_test(a_message_of_many_parts_is_cut_and_goes_on),
		cmocka_unit_test(random_messages_are_the_same_when_they_go_on),
		cmocka_unit_test(times_are_those_of_the_first_byte),
		cmocka_unit_test(bulk_is_zeros),
		cmocka_unit_test(a_batch_of_small_constants_is_one_part),
		cmocka_unit_test(nothing_is_said_where_there_is_nothing_to_say),
		cmocka_unit_test(messages_that_may_be_empty_are_refused),
		cmocka_unit_test(lines_follow_one_another_over_the_connections),
		cmocka_unit_test(answers_are_told_apart),
		cmocka_unit_test(greetings_are_let_pass),
		cmocka_unit_test(expected_texts_are_looked_for),
		cmocka_unit_test(expected_texts_lie_within_one_answer),
		cmocka_unit_test(stop_is_told_before_the_answer_it_is_in),
		cmocka_unit_test(stop_is_told_before_what_is_wrong),
		cmocka_unit_test(echoes_are_compared),
		cmocka_unit_test(a_wrong_echo_is_corrupted),
		cmocka_unit_test(bytes_that_nobody_sent_are_no_echo),
		cmocka_unit_test(an_echo_that_comes_before_its_bytes_is_none),
		cmocka_unit_test(markers_name_their_messages),
		cmocka_unit_test(remembered_times_are_bounded),
		cmocka_unit_test(a_speech_begins_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
