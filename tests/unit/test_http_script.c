#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "engine/http_script.h"

static void statuses_are_expected(void **state)
{
	static const struct {
		const char *text;
		uint16_t in[4];
		uint16_t out[4];
	} rows[] = {
		{ "200", { 200 }, { 199, 201, 500 } },
		{ "2xx", { 200, 299 }, { 199, 300 } },
		{ "2XX,404", { 204, 404 }, { 403, 405, 301 } },
		{ "200-204,5xx", { 200, 204, 500, 599 }, { 205, 499 } },
		{ "1xx-3xx", { 100, 399 }, { 400 } },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct status_set set;
		struct error error;
		assert_int_equal(status_set_parse(rows[i].text, &error, &set), 0);
		for (size_t k = 0; k < 4; k++) {
			assert_true(rows[i].in[k] == 0 || status_set_has(&set, rows[i].in[k]));
			assert_true(rows[i].out[k] == 0 || !status_set_has(&set, rows[i].out[k]));
		}
	}
	assert_true(status_set_has(&(struct status_set){ 0 }, 499));
	assert_false(status_set_has(&(struct status_set){ 0 }, 500));
}

static void what_is_no_status_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} rows[] = {
		{ "", "\"\" is not a status (200, 2xx or 200-299)" },
		{ "20", "\"20\" is not a status (200, 2xx or 200-299)" },
		{ "200,", "\"\" is not a status (200, 2xx or 200-299)" },
		{ "200,0xx", "\"0xx\" is not a status (200, 2xx or 200-299)" },
		{ "2000", "\"2000\" is not a status (200, 2xx or 200-299)" },
		{ "2x4", "\"2x4\" is not a status (200, 2xx or 200-299)" },
		{ "300-200", "\"300-200\" is not a status (200, 2xx or 200-299)" },
		{ "200-", "\"200-\" is not a status (200, 2xx or 200-299)" },
		{ "ok", "\"ok\" is not a status (200, 2xx or 200-299)" },
		{ "200,201,202,203,204,205,206,207,208,209,210,211,212,213,214,215,216",
		  "at most 16 statuses and ranges" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct status_set set;
		struct error error = { "" };
		assert_true(status_set_parse(rows[i].text, &error, &set) < 0);
		assert_string_equal(error.text, rows[i].sentence);
	}
}

static void backends_have_a_place(void **state)
{
	static const struct {
		const char *text;
		enum backend_place place;
		const char *name;
	} rows[] = {
		{ "header:X-Pod-Name", BACKEND_IN_HEADER, "X-Pod-Name" },
		{ "cookie:SERVERID", BACKEND_IN_COOKIE, "SERVERID" },
		{ "body:host=([a-z]+)", BACKEND_IN_BODY, "" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct backend_rule rule;
		struct error error;
		assert_int_equal(backend_rule_parse(rows[i].text, &error, &rule), 0);
		assert_int_equal(rule.place, rows[i].place);
		assert_string_equal(rule.name, rows[i].name);
		backend_rule_deinit(&rule);
		backend_rule_deinit(&rule);
	}
}

static void what_is_no_place_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} rows[] = {
		{ "X-Pod-Name",
		  "\"X-Pod-Name\" is not a place (header:NAME, cookie:NAME or body:REGEX)" },
		{ "", "\"\" is not a place (header:NAME, cookie:NAME or body:REGEX)" },
		{ "header:", "\"\" is not a name of a header or cookie" },
		{ "header:X Pod", "\"X Pod\" is not a name of a header or cookie" },
		{ "body:", "\"\" is not a regular expression: Invalid regular expression" },
		{ "body:(", "\"(\" is not a regular expression: Unmatched ( or \\(" },
	};
	for (size_t i = 0; i < array_size(rows); i++) {
		struct backend_rule rule;
		struct error error = { "" };
		assert_true(backend_rule_parse(rows[i].text, &error, &rule) < 0);
		assert_string_equal(error.text, rows[i].sentence);
		backend_rule_deinit(&rule);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_are_expected),
		cmocka_unit_test(what_is_no_status_is_refused),
		cmocka_unit_test(backends_have_a_place),
		cmocka_unit_test(what_is_no_place_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
