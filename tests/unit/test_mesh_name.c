/* What a node calls itself in its answers: "NODE@LOCATION!", in at most 63 bytes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "mesh/name.h"

#define TEN   "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void a_name_is_written_and_read_back(void **state)
{
	static const struct {
		struct mesh_name name;
		const char *text;
	} rows[] = {
		{ { "web-1", "", false }, "web-1" },
		{ { "web-1", "", true }, "web-1!" },
		{ { "web-1", "zone-a", false }, "web-1@zone-a" },
		{ { "web-1", "zone-a", true }, "web-1@zone-a!" },
		{ { "web-1", "rack 7", false }, "web-1@rack 7" },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		char text[WIRE_NAME_BYTES];
		struct mesh_name read;
		mesh_name_write(&rows[i].name, text);
		assert_string_equal(text, rows[i].text);
		mesh_name_read(text, &read);
		assert_string_equal(read.node, rows[i].name.node);
		assert_string_equal(read.location, rows[i].name.location);
		assert_int_equal(read.is_leaving, rows[i].name.is_leaving);
	}
}

/* A peer would take it for a mark of ours, or, on the wire, the whole for no name at all. */
static void a_location_brings_no_marks_of_its_own(void **state)
{
	struct mesh_name name = { "web-1", "z\xc3\xbcri@1!", false };
	char text[WIRE_NAME_BYTES], wire[WIRE_NAME_BYTES];

	mesh_name_write(&name, text);
	assert_string_equal(text, "web-1@z__ri_1_");
	assert_int_equal(wire_read_name((const uint8_t *)text, sizeof(text), wire), strlen(text));
}

static void a_location_is_cut_and_the_mark_of_leaving_is_not(void **state)
{
	struct mesh_name name = { SIXTY, "zone-a", true };
	char text[WIRE_NAME_BYTES];
	struct mesh_name read;

	mesh_name_write(&name, text);
	assert_string_equal(text, SIXTY "@z!");
	name.is_leaving = false;
	mesh_name_write(&name, text);
	assert_string_equal(text, SIXTY "@z");
	name = (struct mesh_name){ SIXTY "12", "zone-a", true };
	mesh_name_write(&name, text);
	assert_string_equal(text, SIXTY "12!");
	mesh_name_read("web-1@" TEN TEN TEN TEN, &read);
	assert_int_equal(strlen(read.location), MESH_PLACE_MAX - 1);
}

/* Other servers have names, too; and what comes from the network may be anything. */
static void any_text_is_read(void **state)
{
	static const struct {
		const char *text, *node, *location;
		bool is_leaving;
	} rows[] = {
		{ "", "", "", false },
		{ "!", "", "", true },
		{ "@", "", "", false },
		{ "@a", "", "a", false },
		{ "a@", "a", "", false },
		{ "a@b@c!", "a", "b@c", true },
		{ "a!@b", "a!", "b", false },
		{ "www.example.com", "www.example.com", "", false },
		{ SIXTY TEN, SIXTY "012", "", false },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		struct mesh_name read;
		mesh_name_read(rows[i].text, &read);
		assert_string_equal(read.node, rows[i].node);
		assert_string_equal(read.location, rows[i].location);
		assert_int_equal(read.is_leaving, rows[i].is_leaving);
	}
}

static void what_can_not_be_a_name_is_refused(void **state)
{
	static const char *const bad[] = { "",   "web 1",     "web@1",    "web!", "w\xc3\xa4rm",
					   "\t", SIXTY "123", "web-1\x7f" };
	static const char *const good[] = { "w", "web-1.example.com", SIXTY "12", "[::1]:80" };

	for (size_t i = 0; i < array_size(bad); i++) {
		struct error error = { "" };
		assert_int_equal(mesh_name_check(bad[i], &error), -EINVAL);
		assert_true(error.text[0] != '\0');
	}
	for (size_t i = 0; i < array_size(good); i++)
		assert_int_equal(mesh_name_check(good[i], NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_written_and_read_back),
		cmocka_unit_test(a_location_brings_no_marks_of_its_own),
		cmocka_unit_test(a_location_is_cut_and_the_mark_of_leaving_is_not),
		cmocka_unit_test(any_text_is_read),
		cmocka_unit_test(what_can_not_be_a_name_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
