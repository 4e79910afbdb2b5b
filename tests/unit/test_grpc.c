/* gRPC's frames, fields and health messages, byte by byte. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/units.h"
#include "proto/grpc.h"

static void health_has_exactly_these_bytes(void **state)
{
	uint8_t out[GRPC_HEALTH_REQUEST_MAX];
	uint8_t response[GRPC_HEALTH_RESPONSE_BYTES];
	char long_name[GRPC_SERVICE_NAME_MAX];

	assert_int_equal(grpc_write_health_request("", out), 5);
	assert_memory_equal(out, "\0\0\0\0\0", 5);
	assert_int_equal(grpc_write_health_request("db", out), 9);
	assert_memory_equal(out,
			    "\0\0\0\0\x04\x0a\x02"
			    "db",
			    9);
	memset(long_name, 'n', sizeof(long_name));
	long_name[200] = '\0';
	assert_int_equal(grpc_write_health_request(long_name, out), 208);
	assert_memory_equal(out, "\0\0\0\0\xcb\x0a\xc8\x01n", 9);
	grpc_write_health_response(GRPC_HEALTH_SERVING, response);
	assert_memory_equal(response, "\0\0\0\0\x02\x08\x01", 7);
}

static void a_name_that_would_be_cut_is_refused(void **state)
{
	struct error error = { "" };
	char path[GRPC_SERVICE_NAME_MAX + 2];

	memset(path, 'n', sizeof(path));
	path[0] = '/';
	path[GRPC_SERVICE_NAME_MAX] = '\0';
	assert_int_equal(grpc_check_service(path, &error), 0);
	assert_int_equal(grpc_check_service("", &error), 0);
	path[GRPC_SERVICE_NAME_MAX] = 'n';
	path[GRPC_SERVICE_NAME_MAX + 1] = '\0';
	assert_int_equal(grpc_check_service(path, &error), -EINVAL);
	assert_non_null(strstr(error.text, "nnn...\" is longer than the name of a service may be"));
}

static void health_is_read_with_what_a_later_version_adds(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool is_read;
		const char *service;
	} rows[] = {
		{ "", 0, true, "" },
		{ "\x0a\x02"
		  "db",
		  4, true, "db" },
		{ "\x10\x05\x0a\x01x\x1a\x02yz", 9, true, "x" },
		{ "\x25"
		  "1234\x0a\x01x",
		  8, true, "x" },
		{ "\x0a\x05"
		  "db",
		  4, false, "" },
		{ "\x0a", 1, false, "" },
		{ "\x0b\x01", 2, false, "" },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, false, "" },
	};
	char service[GRPC_SERVICE_NAME_MAX];
	uint32_t health;

	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(grpc_read_health_request((const uint8_t *)rows[i].text,
							  rows[i].size, service),
				 rows[i].is_read);
		assert_string_equal(service, rows[i].service);
	}
	assert_true(grpc_read_health_response((const uint8_t *)"\x08\x02", 2, &health));
	assert_int_equal(health, GRPC_HEALTH_NOT_SERVING);
	assert_true(grpc_read_health_response(NULL, 0, &health));
	assert_int_equal(health, GRPC_HEALTH_UNKNOWN);
	assert_false(grpc_read_health_response((const uint8_t *)"\x08", 1, &health));
	assert_string_equal(grpc_health_name(1), "SERVING");
	assert_string_equal(grpc_health_name(9), "a status of its own");
}

static void deadlines_and_statuses_are_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{ "100m", 100 * NS_PER_MS },
		{ "1S", NS_PER_S },
		{ "2M", 120 * NS_PER_S },
		{ "99999999H", UINT64_C(99999999) * 3600 * NS_PER_S },
		{ "0n", 0 },
		{ "7u", 7000 },
	};
	static const char *const wrong[] = { "", "1", "S", "-1S", "999999999S", "1x", "1 S" };
	uint64_t ns;
	uint32_t status;

	for (size_t i = 0; i < array_size(rows); i++) {
		assert_true(grpc_parse_timeout(rows[i].text, strlen(rows[i].text), &ns));
		assert_int_equal(ns, rows[i].ns);
	}
	for (size_t i = 0; i < array_size(wrong); i++)
		assert_false(grpc_parse_timeout(wrong[i], strlen(wrong[i]), &ns));
	assert_true(grpc_parse_status("14", 2, &status));
	assert_int_equal(status, GRPC_UNAVAILABLE);
	assert_false(grpc_parse_status("", 0, &status));
	assert_false(grpc_parse_status("1x", 2, &status));
}

static void messages_of_a_status_are_readable(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{ "", "" },
		{ "not found", "not found" },
		{ "unknown%20service", "unknown service" },
		{ "100%", "100%" },
		{ "%2", "%2" },
		{ "%zz%4G%41%6a", "%zz%4GAj" },
		{ "%E2%82%ac%00%1b[2J%ff", "\xe2\x82\xac??[2J?" },
		{ "a text of more than twenty-three", "a text of more than twe" },
	};
	char text[24];

	for (size_t i = 0; i < array_size(rows); i++) {
		grpc_decode_message(rows[i].text, strlen(rows[i].text), text, sizeof(text));
		assert_string_equal(text, rows[i].wanted);
	}
}

/* Three messages, of 0, 3 and 5 bytes; the last one compressed. */
static void messages_are_told_apart_however_they_are_cut(void **state)
{
	static const uint8_t wire[] = "\0\0\0\0\0\0\0\0\0\x03"
				      "abc\x01\0\0\0\x05"
				      "defgh";
	const uint8_t *message;
	size_t size;

	for (size_t piece = 1; piece < sizeof(wire); piece++) {
		struct grpc_frames frames = { 0 };
		char got[16] = "";
		for (size_t at = 0, used; at < sizeof(wire) - 1; at += used) {
			size_t left = sizeof(wire) - 1 - at;
			used = grpc_frames_read(&frames, wire + at, left < piece ? left : piece,
						&message, &size);
			assert_true(used > 0 && used <= piece);
			memcpy(got + strlen(got), message, size);
			assert_int_equal(grpc_frames_are_whole(&frames),
					 at + used == 5 || at + used == 13 || at + used == 23);
		}
		assert_string_equal(got, "abcdefgh");
		assert_int_equal(frames.messages, 3);
		assert_true(frames.is_compressed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_has_exactly_these_bytes),
		cmocka_unit_test(a_name_that_would_be_cut_is_refused),
		cmocka_unit_test(health_is_read_with_what_a_later_version_adds),
		cmocka_unit_test(deadlines_and_statuses_are_read),
		cmocka_unit_test(messages_of_a_status_are_readable),
		cmocka_unit_test(messages_are_told_apart_however_they_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
