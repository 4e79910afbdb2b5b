#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "proto/template.h"

#define PARTS_MAX 4096

/* What the tests render by, where nothing else is said. */
static const struct template_context usual = {
	.uid = 37,
	.sequence = 5,
	.number = 1001,
	.unix_ns = UINT64_C(1763622681000125999),
	.seed = 1,
};

static struct template *compile(const char *text, const struct template_options *options)
{
	struct template *template = NULL;
	struct error error = { "" };
	int rc = template_compile(text, strlen(text), options, &error, &template);

	if (rc < 0)
		fail_msg("%s: %s", text, error.text);
	return template;
}

/* All segments, one behind the other; the bounds hold. */
static void render(const struct template *template, const struct template_context *context,
		   struct buffer *ret)
{
	size_t parts_max = template_parts_max(template);
	size_t scratch_max = template_scratch_max(template);
	struct iovec *parts = malloc((parts_max + 1) * sizeof(*parts));
	uint8_t *scratch = malloc(scratch_max + 1);
	struct template_output out = { .parts = parts, .scratch = scratch };

	template_render_all(template, context, &out);
	assert_in_range(out.count, 0, parts_max);
	assert_in_range((uint64_t)(out.scratch - scratch), 0, scratch_max);
	assert_in_range(out.size, template_size_min(template), template_size_max(template));
	buffer_init(ret, SIZE_MAX / 2);
	for (size_t i = 0; i < out.count; i++)
		buffer_append(ret, parts[i].iov_base, parts[i].iov_len);
	assert_int_equal(ret->size, out.size);
	free(parts);
	free(scratch);
}

static void assert_renders(const char *text, const struct template_options *options,
			   const struct template_context *context, const void *bytes, size_t size)
{
	struct template *template = compile(text, options);
	struct buffer out;

	render(template, context, &out);
	if (out.size != size || memcmp(buffer_text(&out), bytes, size) != 0)
		fail_msg("%s: gives \"%s\"", text, buffer_text(&out));
	buffer_deinit(&out);
	template_free(template);
}

/* A text, and its bytes for the usual context. */
static const char *const expansions[][2] = {
	{ "plain", "plain" },
	{ "{}", "{}" },
	{ "a\\nb\\", "a\\nb\\" },
	{ "\\{connection.uid}", "37" },
	{ "\\{ connection.uid }", "37" },
	{ "\\{connection.uid%10}", "7" },
	{ "\\{connection.uid % 10}", "7" },
	{ "\\{connection.uid % 20 % 9}", "8" },
	{ "\\{message.seq % 5}", "0" },
	{ "\\{connection.ptr}", "0xde0497cf6690" },
	{ "\\{connection.ptr % 16}", "0" },
	{ "\\{message.marker}", "TCPKaliMsgTS-00064401676b38bd." },
	{ "\\{message.marker % 1000}", "125" },
	{ "\\{time}", "1763622681.000125" },
	{ "\\{time % 60}", "21" },
	{ "\\{raw \"a\\\"b\"}c", "a\"bc" },
	{ "\\{raw {connection.uid % 10} \"-\" {message.seq}}", "7-5" },
	{ "\\{ws.text}x", "x" },
	{ "\\{ws.text \"hello\"}\\{ws.ping \"x\" \"y\" rsv1 ...}", "helloxy" },
	{ "\\{ws.text...}\\{ws.cont {message.seq} rsv3 rsv2}", "5" },
	{ "\\{re abc}", "abc" },
	{ "\\{re a.c^$-\\}\\.\\x41}", "a.c^$-}.A" },
	{ "\\{re (a)(b|b)c{3}[d]{0,0}[e]}", "abccce" },
	{ "\\{re \303\251{2}}", "\303\251\303\251" },
	{ "\\{global.re x{3}}\\{connection.re y{2}}", "xxxyy" },
	{ "a\\{global.re b}c\\{raw \"d\"}", "abcd" },
};

/* The same with -e. */
static const char *const expansions_with_escapes[][2] = {
	{ "a\\nb\\x41\\101\\\\{", "a\nbAA\\{" },
	{ "\\r\\n\\t\\a\\e\\?", "\r\n\t\a\x1b?" },
	{ "GET /\\{connection.uid}/\\{message.seq}\\r\\n", "GET /37/5\r\n" },
};

static void assert_expansions(const char *const rows[][2], size_t count,
			      const struct template_options *options)
{
	for (size_t i = 0; i < count; i++)
		assert_renders(rows[i][0], options, &usual, rows[i][1], strlen(rows[i][1]));
}

static void expansions_are_as_documented(void **state)
{
	static const struct template_options escapes = { .has_escapes = true };
	assert_expansions(expansions, array_size(expansions), NULL);
	assert_expansions(expansions_with_escapes, array_size(expansions_with_escapes), &escapes);
	assert_renders("\\{raw \"a\\x00\"}c", NULL, &usual, "a\0c", 3);
}

/* A text, and the sentence that refuses it. */
static const char *const mistakes[][2] = {
	{ "GET \\{connection.uidd}",
	  "\"GET \\{connection.uidd}\": column 7: no such expression; did you mean "
	  "connection.uid?" },
	{ "\\{zzzzzz}",
	  "\"\\{zzzzzz}\": column 3: no such expression (conntest help templates lists "
	  "them)" },
	{ "\\{}", "\"\\{}\": column 3: no such expression (conntest help templates lists "
		  "them)" },
	{ "ab\\{time", "\"ab\\{time\": column 3: no } ends the expression that begins here" },
	{ "\303\251\303\251\\{time x}",
	  "\"\303\251\303\251\\{time x}\": column 10: } is expected here, the end of the "
	  "expression" },
	{ "\\{connection.uid % 0}",
	  "\"\\{connection.uid % 0}\": column 20: % takes a whole number from 1" },
	{ "\\{connection.uid %}",
	  "\"\\{connection.uid %}\": column 19: % takes a whole number from 1" },
	{ "\\{time % 18446744073709551616}",
	  "\"\\{time % 18446744073709551616}\": column 10: % takes a whole number from 1" },
	{ "\\{raw \"a\\q\"}",
	  "\"\\{raw \"a\\q\"}\": column 9: no such escape; \\\\ is a backslash" },
	{ "\\{raw \"a}", "\"\\{raw \"a}\": column 7: no \" ends the text that begins here" },
	{ "\\{raw}", "\"\\{raw}\": column 6: raw takes \"text\", <file> or {expression}" },
	{ "\\{raw {ws.text}}",
	  "\"\\{raw {ws.text}}\": column 8: ws.text can't stand inside another one" },
	{ "\\{raw {time]}", "\"\\{raw {time]}\": column 12: } is expected here" },
	{ "\\{ws.text bold}",
	  "\"\\{ws.text bold}\": column 11: a frame takes \"text\", <file>, {expression}, "
	  "then rsv1, rsv2, rsv3, ..." },
	{ "\\{ws.tetx}", "\"\\{ws.tetx}\": column 3: no such expression; did you mean ws.text?" },
	{ "\\{re }", "\"\\{re }\": column 6: a regular expression belongs here" },
	{ "\\{re a", "\"\\{re a\": column 1: no } ends the expression that begins here" },
	{ "\\{re *}", "\"\\{re *}\": column 6: there is nothing before this to repeat" },
	{ "\\{re (a}", "\"\\{re (a}\": column 6: no ) ends this group" },
	{ "\\{re a)}", "\"\\{re a)}\": column 7: this ) belongs to no (" },
	{ "\\{re [a}", "\"\\{re [a}\": column 6: no ] ends this class" },
	{ "\\{re []}", "\"\\{re []}\": column 6: an empty class" },
	{ "\\{re [z-a]}", "\"\\{re [z-a]}\": column 7: this range ends before it begins" },
	{ "\\{re [^ -~]}", "\"\\{re [^ -~]}\": column 6: nothing is left in this class" },
	{ "\\{re [[:alpha:]]}", "\"\\{re [[:alpha:]]}\": column 7: named classes are not "
				"known here; write a-z" },
	{ "\\{re [\303\251]}", "\"\\{re [\303\251]}\": column 7: only ASCII letters can "
			       "stand in a class; write (\303\251|\303\274)" },
	{ "\\{re a{2,1}}", "\"\\{re a{2,1}}\": column 7: this count ends before it begins" },
	{ "\\{re a{x}}", "\"\\{re a{x}}\": column 7: a count is {n} or {n,m}, of 65536 at most" },
	{ "\\{re a{65537}}",
	  "\"\\{re a{65537}}\": column 7: a count is {n} or {n,m}, of 65536 at most" },
	{ "\\{re (a{65536}){65536}}",
	  "\"\\{re (a{65536}){65536}}\": column 6: what this matches can become too long" },
	{ "\\{re ((|){65536}){65536}}",
	  "\"\\{re ((|){65536}){65536}}\": column 6: what this matches can become too "
	  "long" },
	{ "\\{re \\q}", "\"\\{re \\q}\": column 6: no such escape; \\\\ is a backslash" },
	{ "\\{<>}", "\"\\{<>}\": column 4: the name of a file belongs here" },
	{ "\\{<a}", "\"\\{<a}\": column 4: no > ends the file name" },
	{ "\\{<\"a\"}", "\"\\{<\"a\"}\": column 7: no > ends the file name" },
	{ "\\{lines }", "\"\\{lines }\": column 9: the name of a file belongs here" },
	{ "", "a message needs a byte at least" },
	{ "one line\nand \\{another",
	  "\"one line and \\{another\": column 16: no such expression (conntest help "
	  "templates lists them)" },
	{ "0123456789012345678901234567890123456789012345678901234567890123456789\\{times}",
	  "\"...23456789012345678901234567890123456789\\{times}\": column 73: no such "
	  "expression; did you mean time?" },
};

/* The same with -e. */
static const char *const mistakes_with_escapes[][2] = {
	{ "a\\qb", "\"a\\qb\": column 2: no such escape; \\\\ is a backslash" },
	{ "a\\400", "\"a\\400\": column 2: no such escape; \\\\ is a backslash" },
	{ "a\\", "\"a\\\": column 2: no such escape; \\\\ is a backslash" },
};

static void assert_mistakes(const char *const rows[][2], size_t count,
			    const struct template_options *options)
{
	for (size_t i = 0; i < count; i++) {
		struct template *template = NULL;
		struct error error = { "" };
		int rc = template_compile(rows[i][0], strlen(rows[i][0]), options, &error,
					  &template);
		assert_int_equal(rc, -EINVAL);
		assert_string_equal(error.text, rows[i][1]);
		assert_null(template);
	}
}

static void mistakes_have_a_column(void **state)
{
	static const struct template_options escapes = { .has_escapes = true };
	assert_mistakes(mistakes, array_size(mistakes), NULL);
	assert_mistakes(mistakes_with_escapes, array_size(mistakes_with_escapes), &escapes);
}

static void too_large_is_refused(void **state)
{
	static const char *const texts[] = { "12345678901", "\\{raw \"12345678901\"}",
					     "123456\\{connection.uid}", "\\{re [a-z]{11}}",
					     "\\{raw \"12345678\"}123\\{message.seq}" };
	static const struct template_options options = { .size_max = 10 };
	for (size_t i = 0; i < array_size(texts); i++) {
		struct template *template = NULL;
		struct error error = { "" };
		assert_true(template_compile(texts[i], strlen(texts[i]), &options, &error,
					     &template) < 0);
		assert_true(strstr(error.text, "10B") || strstr(error.text, "too long"));
	}
	assert_renders("1234567890", &options, &usual, "1234567890", 10);
}

static void may_be_empty_is_refused_where_bytes_are_needed(void **state)
{
	static const struct template_options options = { .has_bytes = true };
	struct template *template = NULL;
	struct error error = { "" };
	assert_int_equal(template_compile("\\{re a?}", 8, &options, &error, &template), -EINVAL);
	assert_string_equal(error.text, "\"\\{re a?}\": column 1: this may come out empty; a "
					"message needs a byte at least");
	template_free(compile("\\{re a?}", NULL));
	template_free(compile("\\{re a?}b", &options));
}

static void segments_know_their_frames(void **state)
{
	static const struct template_segment expected[] = {
		{ TEMPLATE_DATA, 0, 0, true },  { TEMPLATE_FRAME, 1, 4, false },
		{ TEMPLATE_FRAME, 0, 3, true }, { TEMPLATE_RAW, 0, 0, true },
		{ TEMPLATE_DATA, 0, 0, true },  { TEMPLATE_FRAME, 8, 0, true },
		{ TEMPLATE_FRAME, 9, 0, true }, { TEMPLATE_FRAME, 10, 0, true },
		{ TEMPLATE_FRAME, 2, 0, true },
	};
	struct template *template = compile(
		"a\\{connection.uid}b\\{ws.text \"c\" rsv1 ...}\\{ws.continuation rsv2 rsv3}"
		"\\{raw \"d\"}\\{raw {time}}e\\{ws.close \"\\x03\\xe8\"}\\{ws.ping}\\{ws.pong}"
		"\\{ws.binary}",
		NULL);
	assert_int_equal(template_segment_count(template), array_size(expected));
	for (size_t i = 0; i < array_size(expected); i++) {
		const struct template_segment *segment = template_segment(template, i);
		assert_int_equal(segment->framing, expected[i].framing);
		assert_int_equal(segment->opcode, expected[i].opcode);
		assert_int_equal(segment->reserved, expected[i].reserved);
		assert_int_equal(segment->is_final, expected[i].is_final);
	}
	template_free(template);
}

static void properties_are_known(void **state)
{
	static const struct {
		const char *text;
		bool is_constant;
		bool has_time;
		bool has_marker;
		double size_mean;
	} rows[] = {
		{ "abc\\{global.re d{4}}", true, false, false, 7 },
		{ "\\{connection.uid % 10}", false, false, false, 1 },
		{ "\\{connection.uid % 100}", false, false, false, 1.9 },
		{ "\\{message.seq}", false, false, false, 4.89 },
		{ "\\{time}", false, true, false, 17 },
		{ "\\{message.marker}", false, true, true, 30 },
		{ "\\{message.marker % 10}", false, true, false, 1 },
		{ "\\{re a{2,4}(b|ccc)}", false, false, false, 5 },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct template *template = compile(rows[i].text, NULL);
		assert_int_equal(template_is_constant(template), rows[i].is_constant);
		assert_int_equal(template_has_time(template), rows[i].has_time);
		assert_int_equal(template_has_marker(template), rows[i].has_marker);
		double error = template_size_mean(template) - rows[i].size_mean;
		assert_true(error > -0.01 && error < 0.01);
		template_free(template);
	}
}

static void constants_are_not_copied(void **state)
{
	struct template *template = compile("head \\{connection.uid} tail", NULL);
	const void *first = NULL;
	for (int i = 0; i < 2; i++) {
		struct iovec parts[3];
		uint8_t scratch[64];
		struct template_output out = { .parts = parts, .scratch = scratch };
		assert_in_range(template_scratch_max(template), 1, sizeof(scratch));
		template_render_all(template, &usual, &out);
		assert_int_equal(out.count, 3);
		assert_true(i == 0 || parts[0].iov_base == first);
		assert_ptr_equal(parts[1].iov_base, scratch);
		first = parts[0].iov_base;
	}
	template_free(template);
}

static void neighbours_in_scratch_are_one_part(void **state)
{
	struct template *template = compile("\\{connection.uid}\\{message.seq}\\{time}", NULL);
	struct iovec parts[3];
	uint8_t scratch[64];
	struct template_output out = { .parts = parts, .scratch = scratch };
	template_render_all(template, &usual, &out);
	assert_int_equal(out.count, 1);
	assert_int_equal(out.size, parts[0].iov_len);
	template_free(template);
}

/* Whether two renderings are the same bytes. */
static bool are_alike(const struct template *template, const struct template_context *one,
		      const struct template_context *other)
{
	struct buffer a;
	struct buffer b;
	render(template, one, &a);
	render(template, other, &b);
	bool are_equal = a.size == b.size && memcmp(buffer_text(&a), buffer_text(&b), a.size) == 0;
	buffer_deinit(&a);
	buffer_deinit(&b);
	return are_equal;
}

static void drawings_belong_to_their_scope(void **state)
{
	struct template_context next_message = usual;
	struct template_context next_connection = usual;
	struct template_context next_run = usual;
	next_message.sequence++;
	next_connection.uid++;
	next_run.seed++;

	struct template *each = compile("\\{re [a-z]{20}}", NULL);
	assert_true(are_alike(each, &usual, &usual));
	assert_false(are_alike(each, &usual, &next_message));
	assert_false(are_alike(each, &usual, &next_connection));
	assert_false(are_alike(each, &usual, &next_run));
	template_free(each);

	struct template *connection = compile("\\{connection.re [a-z]{20}}", NULL);
	assert_true(are_alike(connection, &usual, &next_message));
	assert_false(are_alike(connection, &usual, &next_connection));
	assert_false(are_alike(connection, &usual, &next_run));
	template_free(connection);

	struct template *run = compile("\\{global.re [a-z]{20}}", NULL);
	assert_true(are_alike(run, &usual, &next_connection));
	template_free(run);
}

static void global_text_follows_the_seed(void **state)
{
	struct buffer texts[3];
	for (size_t i = 0; i < 3; i++) {
		struct template_options options = { .seed = i / 2 };
		struct template *template = compile(i == 1 ? "\\{raw {global.re [a-z]{20}}}"
							   : "\\{global.re [a-z]{20}}",
						    &options);
		render(template, &usual, &texts[i]);
		template_free(template);
	}
	assert_string_equal(buffer_text(&texts[0]), buffer_text(&texts[1]));
	assert_string_not_equal(buffer_text(&texts[0]), buffer_text(&texts[2]));
	for (size_t i = 0; i < 3; i++)
		buffer_deinit(&texts[i]);
}

static void two_drawings_in_a_message_differ(void **state)
{
	struct template *template = compile("\\{re [a-z]{20}}\\{re [a-z]{20}}", NULL);
	struct buffer out;
	render(template, &usual, &out);
	assert_int_equal(out.size, 40);
	assert_memory_not_equal(out.data, out.data + 20, 20);
	buffer_deinit(&out);
	template_free(template);
}

/* Every member of a class, alternative and count comes up, and nothing else does. */
static void drawings_cover_what_is_allowed(void **state)
{
	static const struct {
		const char *text;
		size_t size_min;
		size_t size_max;
		const char *letters;
	} rows[] = {
		{ "\\{re [a-cx]{1,3}}", 1, 3, "abcx" },
		{ "\\{re a?}", 0, 1, "a" },
		{ "\\{re a+}", 1, 16, "a" },
		{ "\\{re a*}", 0, 16, "a" },
		{ "\\{re (ab|c|)}", 0, 2, "abc" },
		{ "\\{re \\d}", 1, 1, "0123456789" },
		{ "\\{re [\\d_-]}", 1, 1, "0123456789_-" },
		{ "\\{re [^\\x21-\\x7e]}", 1, 1, " " },
		{ "\\{re [\\]\\\\^-]}", 1, 1, "]\\^-" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct template *template = compile(rows[i].text, NULL);
		bool has_come[256] = { false };
		size_t size_min = SIZE_MAX;
		size_t size_max = 0;
		struct template_context context = usual;
		for (context.sequence = 0; context.sequence < 1000; context.sequence++) {
			struct buffer out;
			render(template, &context, &out);
			for (size_t at = 0; at < out.size; at++)
				has_come[(uint8_t)out.data[at]] = true;
			size_min = out.size < size_min ? out.size : size_min;
			size_max = out.size > size_max ? out.size : size_max;
			buffer_deinit(&out);
		}
		assert_int_equal(size_min, rows[i].size_min);
		assert_int_equal(size_max, rows[i].size_max);
		for (int byte = 0; byte < 256; byte++)
			assert_int_equal(has_come[byte],
					 byte > 0 && strchr(rows[i].letters, byte) != NULL);
		template_free(template);
	}
}

static void pointers_tell_connections_apart(void **state)
{
	struct template *template = compile("\\{connection.ptr}", NULL);
	struct template_context context = usual;
	char seen[1000][16];
	for (context.uid = 0; context.uid < array_size(seen); context.uid++) {
		struct buffer out;
		render(template, &context, &out);
		assert_int_equal(out.size, 14);
		memcpy(seen[context.uid], buffer_text(&out), 15);
		for (size_t i = 0; i < context.uid; i++)
			assert_string_not_equal(seen[i], seen[context.uid]);
		buffer_deinit(&out);
	}
	template_free(template);
}

/* A folder for the files of a test, which it leaves empty. */
static char folder[] = "/tmp/test_template.XXXXXX";

static int make_folder(void **state)
{
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	assert_int_equal(close(fd), 0);
}

static void files_are_read(void **state)
{
	write_file("a b", "one\0two", 7);
	assert_renders("<\\{<a b>}>", NULL, &usual, "<one\0two>", 9);
	assert_renders("\\{< \"a b\" >}", NULL, &usual, "one\0two", 7);
	assert_renders("\\{raw <a b> \"-\" {< a b >}}", NULL, &usual, "one\0two-one\0two", 15);
	assert_renders("\\{ws.binary <a b> rsv1}", NULL, &usual, "one\0two", 7);
	assert_int_equal(unlink("a b"), 0);
}

static void large_files_have_a_part_of_their_own(void **state)
{
	static char bytes[100000];
	memset(bytes, 'x', sizeof(bytes));
	write_file("large", bytes, sizeof(bytes));
	struct template *template = compile("a\\{<large>}b", NULL);
	assert_int_equal(template_parts_max(template), 3);
	assert_int_equal(template_size_max(template), sizeof(bytes) + 2);
	assert_true(template_is_constant(template));
	template_free(template);
	assert_int_equal(unlink("large"), 0);
}

static void lines_come_in_turn(void **state)
{
	static const char *const lines[] = { "one", "", "three", "four" };
	write_file("lines.txt", "one\n\nthree\r\nfour", 16);
	struct template *template = compile("\\{lines lines.txt}", NULL);
	struct template_context context = usual;
	for (context.number = 0; context.number < 12; context.number++) {
		struct buffer out;
		render(template, &context, &out);
		assert_string_equal(buffer_text(&out), lines[context.number % 4]);
		buffer_deinit(&out);
	}
	assert_int_equal(template_size_max(template), 5);
	assert_int_equal(template_size_min(template), 0);
	assert_true(template_size_mean(template) == 3);
	template_free(template);
	assert_renders("[\\{lines <lines.txt>}]\\{lines \"lines.txt\" }", NULL, &usual, "[]", 2);
	write_file("lines.txt", "\n", 1);
	assert_renders("[\\{lines lines.txt}]", NULL, &usual, "[]", 2);
	assert_int_equal(unlink("lines.txt"), 0);
}

static void a_file_is_a_template_too(void **state)
{
	struct template *template = NULL;
	struct error error = { "" };
	struct buffer out;
	write_file("message", "uid \\{connection.uid}\\r\n", 24);
	assert_int_equal(template_compile_file("message", NULL, &error, &template), 0);
	render(template, &usual, &out);
	assert_string_equal(buffer_text(&out), "uid 37\\r\n");
	buffer_deinit(&out);
	template_free(template);

	write_file("message", "one\ntwo \\{tme}\n", 15);
	assert_int_equal(template_compile_file("message", NULL, &error, &template), -EINVAL);
	assert_string_equal(error.text, "message: line 2, column 7: no such expression; did you "
					"mean time?");
	assert_int_equal(unlink("message"), 0);
}

static void assert_refused(const char *path, int code, const char *sentence)
{
	struct template *template = NULL;
	struct error error = { "" };
	char text[64];
	char in_place[256];
	assert_int_equal(template_compile_file(path, NULL, &error, &template), -code);
	assert_string_equal(error.text, sentence);

	(void)snprintf(text, sizeof(text), "\\{<%s>}", path);
	(void)snprintf(in_place, sizeof(in_place), "\"%s\": column 4: %s", text, sentence);
	assert_int_equal(template_compile(text, strlen(text), NULL, &error, &template), -code);
	assert_string_equal(error.text, in_place);
	assert_null(template);
}

static void bad_files_are_refused(void **state)
{
	assert_refused("missing", ENOENT, "missing: No such file or directory");
	assert_refused("/", EISDIR, "/: Is a directory");
	write_file("empty", "", 0);
	assert_refused("empty", EINVAL, "empty: is empty");
	assert_int_equal(truncate("empty", (off_t)4 << 30), 0);
	assert_refused("empty", EFBIG,
		       "empty: larger than 64MiB, which is the most a message may have");
	assert_int_equal(unlink("empty"), 0);
	assert_refused("/dev/zero", EFBIG,
		       "/dev/zero: larger than 64MiB, which is the most a message may have");
}

static void help_has_every_expression(void **state)
{
	static const char *const names[] = {
		"connection.uid", "connection.ptr",  "connection.re", "global.re",
		"message.seq",    "message.marker",  "time",          "lines FILE",
		"raw ",           "ws.continuation", "ws.cont",       "ws.pong"
	};
	struct buffer text;
	buffer_init(&text, 65536);
	template_help(&text);
	assert_int_equal(text.error, 0);
	for (size_t i = 0; i < array_size(names); i++)
		assert_non_null(strstr(buffer_text(&text), names[i]));
	buffer_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expansions_are_as_documented),
		cmocka_unit_test(mistakes_have_a_column),
		cmocka_unit_test(too_large_is_refused),
		cmocka_unit_test(may_be_empty_is_refused_where_bytes_are_needed),
		cmocka_unit_test(segments_know_their_frames),
		cmocka_unit_test(properties_are_known),
		cmocka_unit_test(constants_are_not_copied),
		cmocka_unit_test(neighbours_in_scratch_are_one_part),
		cmocka_unit_test(drawings_belong_to_their_scope),
		cmocka_unit_test(global_text_follows_the_seed),
		cmocka_unit_test(two_drawings_in_a_message_differ),
		cmocka_unit_test(drawings_cover_what_is_allowed),
		cmocka_unit_test(pointers_tell_connections_apart),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(large_files_have_a_part_of_their_own),
		cmocka_unit_test(lines_come_in_turn),
		cmocka_unit_test(a_file_is_a_template_too),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(help_has_every_expression),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
