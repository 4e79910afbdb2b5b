/* Questions to DNS byte by byte, answers as servers give them, and as they should not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "proto/dns.h"

static struct dns_question ask(const char *text)
{
	struct dns_question question;
	struct error error = { "" };

	if (dns_parse_question(text, &error, &question) < 0)
		fail_msg("%s: %s", text, error.text);
	question.id = 0x1234;
	return question;
}

static void a_question_has_exactly_these_bytes(void **state)
{
	static const char expected[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\1"
				       "\3web\4test\0\0\x1c\0\1"
				       "\0\0\x29\x04\xd0\0\0\0\0\0\0";
	struct dns_question question = ask("web.test./aaaa");
	uint8_t out[DNS_QUERY_MAX];

	assert_int_equal(dns_write_query(&question, out), sizeof(expected) - 1);
	assert_memory_equal(out, expected, sizeof(expected) - 1);
}

/* clang-format off */
static const struct question_row {
	const char *text;
	uint16_t type;
	const char *wire;
	size_t size;
} questions[] = {
	{ "web.test",        1,    "\3web\4test", 10 },
	{ "web.test./A",     1,    "\3web\4test", 10 },
	{ "web.test/",       1,    "\3web\4test", 10 },
	{ "./NS",            2,    "", 1 },
	{ "web/type65",      65,   "\3web", 5 },
	{ "web/HTTPS",       65,   "\3web", 5 },
	{ "web/TYPE1234",    1234, "\3web", 5 },
	{ "_e._tcp.t/SRV",   33,   "\2_e\4_tcp\1t", 11 },
	{ "a\\.b.c",         1,    "\3a.b\1c", 7 },
	{ "a\\000\\255.c",   1,    "\3a\0\377\1c", 7 },
};

static const struct {
	const char *text;
	const char *error;
} bad_questions[] = {
	{ "",             "no name to ask for" },
	{ "/AAAA",        "no name to ask for" },
	{ "web/B",        "\"B\" is no type of DNS record (A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT, ..., or TYPE123)" },
	{ "web/OPT",      "\"OPT\" is no type of DNS record (A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT, ..., or TYPE123)" },
	{ "web/TYPE0",    "\"TYPE0\" is no type of DNS record (A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT, ..., or TYPE123)" },
	{ "web/TYPE65536", "\"TYPE65536\" is no type of DNS record (A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT, ..., or TYPE123)" },
	{ "a..b",         "a name has no empty label" },
	{ ".a",           "a name has no empty label" },
	{ "a\\25.b",      "\"\\25.b\" is no byte: \\. or \\065" },
	{ "a\\256",       "\"\\256\" is no byte: \\. or \\065" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a name has labels of 63 bytes at most, and 255 together" },
};
/* clang-format on */

static void questions_are_read(void **state)
{
	for (size_t i = 0; i < array_size(questions); i++) {
		struct dns_question question = ask(questions[i].text);
		assert_int_equal(question.type, questions[i].type);
		assert_int_equal(question.name_bytes, questions[i].size);
		assert_memory_equal(question.name, questions[i].wire, questions[i].size);
	}
	for (size_t i = 0; i < array_size(bad_questions); i++) {
		struct dns_question question;
		struct error error = { "" };
		assert_int_equal(dns_parse_question(bad_questions[i].text, &error, &question),
				 -EINVAL);
		assert_string_equal(error.text, bad_questions[i].error);
	}
}

static void a_name_has_255_bytes_at_most(void **state)
{
	for (size_t length = 240; length < 300; length++) {
		char text[300] = "";
		struct dns_question question;
		for (size_t i = 0; i < length; i++)
			text[i] = i % 50 == 49 ? '.' : 'n';
		if (text[length - 1] == '.')
			continue;
		assert_int_equal(dns_parse_question(text, NULL, &question),
				 length <= 253 ? 0 : -EINVAL);
		if (length <= 253)
			assert_int_equal(question.name_bytes, length + 2);
	}
}

/* ---- answers */

#define HEAD(flags, answers, others) "\x12\x34" flags "\0\1\0" answers "\0\0\0" others
#define WEB                          "\3web\4test\0\0\1\0\1"
#define ADDRESS                      "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\x09\0\1"
#define ALIAS                        "\xc0\x0c\0\5\0\1\0\0\0\x0a\0\4\1a\xc0\x10"
#define OPT(top)                     "\0\0\x29\x04\xd0" top "\0\0\0\0\0"

/* clang-format off */
static const struct answer_row {
	const char *name;
	const char *message;
	size_t size;
	enum dns_verdict verdict;
	uint32_t rcode;
	uint16_t answers, matching;
	uint32_t ttl_s;
	bool is_truncated;
} answers[] = {
#define ROW(name, message, ...) { name, message, sizeof(message) - 1, __VA_ARGS__ }
	ROW("an address",     HEAD("\x81\x80", "\1", "\0") WEB ADDRESS, DNS_IS_ANSWER, 0, 1, 1, 60, false),
	ROW("by another name", HEAD("\x81\x80", "\2", "\1") WEB ALIAS ADDRESS OPT("\0"), DNS_IS_ANSWER, 0, 2, 1, 10, false),
	ROW("in capitals",    HEAD("\x81\x80", "\1", "\0") "\3WEB\4TesT\0\0\1\0\1" ADDRESS, DNS_IS_ANSWER, 0, 1, 1, 60, false),
	ROW("nothing",        HEAD("\x81\x80", "\0", "\0") WEB, DNS_IS_ANSWER, 0, 0, 0, 0, false),
	ROW("no such name",   HEAD("\x81\x83", "\0", "\0") WEB, DNS_IS_ANSWER, 3, 0, 0, 0, false),
	ROW("bad version",    HEAD("\x81\x80", "\0", "\1") WEB OPT("\1"), DNS_IS_ANSWER, 16, 0, 0, 0, false),
	ROW("not understood", "\x12\x34\x81\x81\0\0\0\0\0\0\0\0", DNS_IS_ANSWER, 1, 0, 0, 0, false),
	ROW("no question",    "\x12\x34\x81\x80\0\0\0\0\0\0\0\0", DNS_IS_OF_OTHER_QUESTION, 0, 0, 0, 0, false),
	ROW("truncated",      HEAD("\x83\x80", "\0", "\0") WEB, DNS_IS_ANSWER, 0, 0, 0, 0, true),
	ROW("cut, says so",   HEAD("\x83\x80", "\2", "\0") WEB ADDRESS "\xc0\x0c\0\1", DNS_IS_ANSWER, 0, 1, 1, 60, true),
	ROW("cut",            HEAD("\x81\x80", "\2", "\0") WEB ADDRESS "\xc0\x0c\0\1", DNS_IS_BROKEN, 0, 1, 1, 60, false),
	ROW("counts lie",     HEAD("\x81\x80", "\xff", "\0") WEB ADDRESS, DNS_IS_BROKEN, 0, 1, 1, 60, false),
	ROW("data too long",  HEAD("\x81\x80", "\1", "\0") WEB "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\5\x0a\x09\0\1", DNS_IS_BROKEN, 0, 0, 0, 0, false),
	ROW("name of itself", HEAD("\x81\x80", "\1", "\0") WEB "\xc0\x1a\0\1\0\1\0\0\0\x3c\0\4\x0a\x09\0\1", DNS_IS_BROKEN, 0, 0, 0, 0, false),
	ROW("name ahead",     HEAD("\x81\x80", "\1", "\0") WEB "\xc0\x1f\0\1\0\1\0\0\0\x3c\0\4\x0a\x09\0\1", DNS_IS_BROKEN, 0, 0, 0, 0, false),
	ROW("two in a ring",  HEAD("\x81\x80", "\1", "\0") WEB "\1a\xc0\x1a\0\1\0\1\0\0\0\x3c\0\4\x0a\x09\0\1", DNS_IS_BROKEN, 0, 0, 0, 0, false),
	ROW("label type",     HEAD("\x81\x80", "\1", "\0") WEB "\x80\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\x09\0\1", DNS_IS_BROKEN, 0, 0, 0, 0, false),
	ROW("other id",       "\x12\x35\x81\x80\0\1\0\0\0\0\0\0" WEB, DNS_IS_OF_OTHER_ID, 0, 0, 0, 0, false),
	ROW("other name",     HEAD("\x81\x80", "\0", "\0") "\3wob\4test\0\0\1\0\1", DNS_IS_OF_OTHER_QUESTION, 0, 0, 0, 0, false),
	ROW("other type",     HEAD("\x81\x80", "\0", "\0") "\3web\4test\0\0\2\0\1", DNS_IS_OF_OTHER_QUESTION, 0, 0, 0, 0, false),
	ROW("a query",        HEAD("\1\0", "\0", "\0") WEB, DNS_IS_QUERY, 0, 0, 0, 0, false),
	ROW("cut question",   HEAD("\x81\x80", "\0", "\0") "\3web\4te", DNS_IS_BROKEN, 0, 0, 0, 0, false),
	ROW("cut head",       "\x12\x34\x81\x80\0\1", DNS_IS_SHORT, 0, 0, 0, 0, false),
#undef ROW
};
/* clang-format on */

static void answers_are_read_or_refused(void **state)
{
	struct dns_question question = ask("web.test");

	for (size_t i = 0; i < array_size(answers); i++) {
		const struct answer_row *row = &answers[i];
		struct dns_answer answer;
		enum dns_verdict verdict = dns_read_answer(&question, (const uint8_t *)row->message,
							   row->size, &answer);

		if (verdict != row->verdict)
			fail_msg("%s: %s", row->name, dns_verdict_text(verdict));
		assert_int_equal(answer.rcode, row->rcode);
		assert_int_equal(answer.answers, row->answers);
		assert_int_equal(answer.matching, row->matching);
		assert_int_equal(answer.ttl_s, row->ttl_s);
		assert_int_equal(answer.is_truncated, row->is_truncated);
	}
}

/* clang-format off */
static const struct record_row {
	const char *message;
	size_t size;
	const char *text;
} records[] = {
#define RECORD(type, length, data) "\xc0\x0c\0" type "\0\1\0\0\0\1\0" length data
#define ROW(record, text) { HEAD("\x81\x80", "\1", "\0") WEB record, sizeof(HEAD("\x81\x80", "\1", "\0") WEB record) - 1, text }
	ROW(RECORD("\1", "\4", "\x0a\x09\0\1"), "10.9.0.1"),
	ROW(RECORD("\x1c", "\x10", "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), "fd00::1"),
	ROW(RECORD("\5", "\4", "\1a\xc0\x10"), "a.test."),
	ROW(RECORD("\x0c", "\1", "\0"), "."),
	ROW(RECORD("\x0f", "\7", "\0\x0a\2mx\xc0\x10"), "10 mx.test."),
	ROW(RECORD("\x21", "\x0a", "\0\x0a\0\x3c\x1b\x59\1a\xc0\x10"), "10 60 7001 a.test."),
	ROW(RECORD("\x10", "\x0a", "\5v=x 1\3;\"\x07"), "v=x 1;\"\\007"),
	ROW(RECORD("\1", "\3", "\x0a\x09\0"), "\\# 3 0a0900"),
	ROW(RECORD("\5", "\3", "\2ab"), "\\# 3 026162"),
	ROW(RECORD("\x10", "\2", "\5a"), "\\# 2 0561"),
	ROW(RECORD("\x63", "\2", "\1a"), "\\# 2 0161"),
#undef ROW
};
/* clang-format on */

static void records_say_what_zone_files_say(void **state)
{
	struct dns_question question = ask("web.test");

	for (size_t i = 0; i < array_size(records); i++) {
		struct dns_answer answer;
		struct dns_record record;
		char text[DNS_RECORD_TEXT_MAX];

		assert_int_equal(dns_read_answer(&question, (const uint8_t *)records[i].message,
						 records[i].size, &answer),
				 DNS_IS_ANSWER);
		assert_true(dns_next_record(&answer, &record));
		assert_string_equal(dns_record_text(&answer, &record, text), records[i].text);
		assert_false(dns_next_record(&answer, &record));
	}
}

static void numbers_have_words(void **state)
{
	char text[DNS_TYPE_TEXT_MAX];
	uint32_t rcode = 0;
	uint16_t id = 0;

	assert_string_equal(dns_type_text(28, text), "AAAA");
	assert_string_equal(dns_type_text(1234, text), "TYPE1234");
	assert_string_equal(dns_rcode_text(3, text), "NXDOMAIN");
	assert_string_equal(dns_rcode_text(4095, text), "RCODE 4095");
	assert_true(dns_find_rcode("nxDomain,", 8, &rcode));
	assert_int_equal(rcode, 3);
	assert_false(dns_find_rcode("NXDOM", 5, &rcode));
	assert_true(dns_read_id((const uint8_t *)answers[0].message, answers[0].size, &id));
	assert_int_equal(id, 0x1234);
	assert_false(dns_read_id((const uint8_t *)answers[0].message, 11, &id));
	assert_false(dns_read_id((const uint8_t *)"\x12\x34\1\0\0\0\0\0\0\0\0\0", 12, &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_has_exactly_these_bytes),
		cmocka_unit_test(questions_are_read),
		cmocka_unit_test(a_name_has_255_bytes_at_most),
		cmocka_unit_test(answers_are_read_or_refused),
		cmocka_unit_test(records_say_what_zone_files_say),
		cmocka_unit_test(numbers_have_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
