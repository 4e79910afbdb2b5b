/* The page of a mesh: what is on it, how large it gets, and that names can't do harm. With a folder
 * as its argument it writes pages there, for a browser. */
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "support/golden.h"
#include "support/sample_mesh.h"
#include "view/mesh_page.h"

static struct buffer write(const struct mesh_page_style *style, const struct sample_mesh *sample)
{
	struct buffer out;

	buffer_init(&out, MESH_PAGE_MAX);
	mesh_page_write(&out, style, &sample->state);
	assert_int_equal(out.error, 0);
	return out;
}

/* ---- pages for a browser */

static void save(const char *folder, const char *name, const struct mesh_page_style *style,
		 const struct sample_mesh_setup *setup)
{
	char path[512];
	struct sample_mesh *sample = setup ? sample_mesh_new(setup) : sample_mesh_a4();
	cleanup(buffer_deinit) struct buffer out = write(style, sample);

	(void)snprintf(path, sizeof(path), "%s/%s.html", folder, name);
	FILE *file = fopen(path, "w");
	if (file == NULL)
		exit(1);
	(void)fwrite(out.data, 1, out.size, file);
	(void)fclose(file);
	(void)printf("%s %zu\n", path, out.size);
	sample_mesh_free(sample);
}

static int save_all(const char *folder)
{
	static const struct sample_mesh_setup thirty = {
		.trouble = SAMPLE_MESH_MANY, .peers = 29, .places = 3, .rows = 26
	};
	static const struct sample_mesh_setup large = {
		.trouble = SAMPLE_MESH_MANY, .peers = 199, .places = 6, .rows = 190, .windows = 120
	};
	static const struct sample_mesh_setup starved = { .trouble = SAMPLE_MESH_STARVED,
							  .peers = 11,
							  .places = 2 };
	static const struct mesh_page_style matrix = { .is_matrix = true };

	save(folder, "a4", &(struct mesh_page_style){ 0 }, NULL);
	save(folder, "live", &(struct mesh_page_style){ .refresh_s = 1 }, NULL);
	save(folder, "a4_matrix", &matrix, NULL);
	save(folder, "a4_pair", &(struct mesh_page_style){ .peer = "node-09" }, NULL);
	save(folder, "starved", &(struct mesh_page_style){ 0 }, &starved);
	save(folder, "thirty", &(struct mesh_page_style){ 0 }, &thirty);
	save(folder, "thirty_matrix", &matrix, &thirty);
	save(folder, "thirty_rtt",
	     &(struct mesh_page_style){ .is_matrix = true, .colour = MESH_PAGE_RTT }, &thirty);
	save(folder, "thirty_loss",
	     &(struct mesh_page_style){ .is_matrix = true, .colour = MESH_PAGE_LOSS }, &thirty);
	save(folder, "thirty_mtu",
	     &(struct mesh_page_style){ .is_matrix = true, .colour = MESH_PAGE_MTU }, &thirty);
	save(folder, "large_matrix",
	     &(struct mesh_page_style){ .is_matrix = true, .peer = "node-0007" }, &large);
	save(folder, "large", &(struct mesh_page_style){ 0 }, &large);
	return 0;
}

/* ---- what is on it */

static void contains(const struct buffer *out, const char *part)
{
	if (!strstr(buffer_text(out), part))
		fail_msg("\"%s\" is not in it", part);
}

static void lacks(const struct buffer *out, const char *part)
{
	if (strstr(buffer_text(out), part))
		fail_msg("\"%s\" is in it", part);
}

static void check_body(const struct mesh_page_style *style, const char *golden)
{
	cleanup(buffer_deinit) struct buffer out;
	struct sample_mesh *sample = sample_mesh_a4();

	buffer_init(&out, MESH_PAGE_MAX);
	mesh_page_write_body(&out, style, &sample->state);
	golden_check(golden, &out);
	sample_mesh_free(sample);
}

static void it_is_as_it_was(void **state)
{
	check_body(&(struct mesh_page_style){ 0 }, "mesh_page.html");
	check_body(&(struct mesh_page_style){ .peer = "node-09" }, "mesh_page_pair.html");
	check_body(&(struct mesh_page_style){ .is_matrix = true, .peer = "node-12" },
		   "mesh_page_matrix.html");
}

static void the_worst_is_first_and_says_why(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	cleanup(buffer_deinit) struct buffer out =
		write(&(struct mesh_page_style){ .refresh_s = 5 }, sample);

	contains(&out, "<title>2 bad - node-04</title>");
	contains(&out, "2 of 13 peers bad");
	contains(&out, "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>");
	contains(&out, "3 of 3 of 1500 B lost");
	const char *list = strstr(buffer_text(&out), "<table class=\"list\">");
	assert_non_null(list);
	const char *hole = strstr(list, "?peer=node-12"), *loss = strstr(list, "?peer=node-09");
	const char *well = strstr(list, "?peer=node-01");
	assert_true(hole && loss && well);
	assert_true(hole < loss && loss < well);
	contains(&out, "fails: HTTP status 503; the list of before is kept (18 times)");
	contains(&out, "switch b-2 gets new firmware");
	sample_mesh_free(sample);
}

static void what_was_sent_is_received_lost_or_in_flight(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();

	for (uint32_t i = 0; i < sample->snapshot->places; i++) {
		for (unsigned j = 0; j < MESH_PROBES; j++) {
			const struct mesh_series *series = &sample->snapshot->pairs[i].probes[j];
			assert_int_equal(series->sent,
					 series->received + series->lost + series->in_flight);
		}
	}
	cleanup(buffer_deinit) struct buffer out =
		write(&(struct mesh_page_style){ .peer = "node-09" }, sample);
	contains(&out, "udp</th><td>2,402</td><td>2,372</td><td>29</td><td>1</td>");
	sample_mesh_free(sample);
}

static void a_node_that_is_held_up_says_so(void **state)
{
	struct sample_mesh *sample = sample_mesh_new(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_STARVED, .peers = 11, .places = 2 });
	cleanup(buffer_deinit) struct buffer out = write(&(struct mesh_page_style){ 0 }, sample);

	contains(&out, "<title>held up - node-04</title>");
	contains(&out, "Trust: doubtful; own delay p99 92.0 ms, throttled for 24.0 of 30 s");
	lacks(&out, "peers bad");
	sample_mesh_free(sample);
}

/* ---- names from the network */

#define EVIL "\"'><script>alert(1)</script>"

static void bend(struct sample_mesh *sample)
{
	struct mesh_peer *peer = &sample->peers[0];

	(void)snprintf(peer->name, sizeof(peer->name), "%s", EVIL);
	(void)snprintf(peer->location, sizeof(peer->location), "%s", EVIL);
	(void)snprintf(sample->rows.rows[1].node, MESH_NAME_MAX, "%s", EVIL "2");
	(void)snprintf(sample->rows.rows[1].location, MESH_PLACE_MAX, "%s", EVIL);
	(void)snprintf(sample->rows.rows[0].problem, 128, "%s", EVIL);
	(void)snprintf(sample->sources[2].problem, 256, "%s", EVIL);
	(void)snprintf(sample->snapshot->node.name, MESH_NAME_MAX, "%s", EVIL "4");
	sample->sources[0].text = EVIL;
	mesh_events_note(sample->events, MESH_EVENT_RENAMED, EVIL, "%s", EVIL "\x1b[2J\xff");
}

static void names_are_text_and_nothing_else(void **state)
{
	static const struct mesh_page_style styles[] = {
		{ 0 },
		{ .is_matrix = true, .peer = EVIL },
		{ .is_matrix = true, .colour = MESH_PAGE_RTT },
		{ .peer = EVIL },
		{ .peer = "nobody" EVIL },
	};

	for (size_t i = 0; i < array_size(styles); i++) {
		struct sample_mesh *sample = sample_mesh_a4();
		bend(sample);
		cleanup(buffer_deinit) struct buffer out = write(&styles[i], sample);
		lacks(&out, "<script>alert");
		lacks(&out, "\"'>");
		lacks(&out, "\x1b");
		lacks(&out, "\xff");
		contains(&out, "&lt;script&gt;alert(1)&lt;/script&gt;");
		sample_mesh_free(sample);
	}
}

static void links_hold_any_name(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	(void)snprintf(sample->peers[0].name, MESH_NAME_MAX, "a&b c/\xc3\xa4");
	cleanup(buffer_deinit) struct buffer out = write(
		&(struct mesh_page_style){ .is_matrix = true, .colour = MESH_PAGE_MTU }, sample);

	contains(&out, "href=\"?matrix=1&amp;colour=mtu&amp;peer=a%26b%20c%2F%C3%A4\"");
	sample_mesh_free(sample);
}

/* ---- sizes */

static void two_hundred_rows_are_below_three_megabytes(void **state)
{
	struct sample_mesh *sample = sample_mesh_new(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_MANY, .peers = 199, .places = 6, .rows = 199 });

	for (enum mesh_page_colour i = 0; i < MESH_PAGE_COLOURS; i++) {
		cleanup(buffer_deinit) struct buffer out =
			write(&(struct mesh_page_style){ .is_matrix = true, .colour = i }, sample);
		assert_in_range(out.size, 100000, 3000000);
		contains(&out, "199 of 200 are known");
	}
	cleanup(buffer_deinit) struct buffer list = write(&(struct mesh_page_style){ 0 }, sample);
	assert_in_range(list.size, 100000, 1000000);
	sample_mesh_free(sample);
}

static void a_thousand_peers_are_shown_as_far_as_they_fit(void **state)
{
	struct sample_mesh *sample =
		sample_mesh_new(&(struct sample_mesh_setup){ .trouble = SAMPLE_MESH_MANY,
							     .peers = 1000,
							     .places = 5,
							     .rows = 250,
							     .windows = 30 });
	cleanup(buffer_deinit) struct buffer list = write(&(struct mesh_page_style){ 0 }, sample);
	cleanup(buffer_deinit) struct buffer matrix =
		write(&(struct mesh_page_style){ .is_matrix = true }, sample);

	contains(&list, "700 more, none of them worse than these");
	contains(&matrix, "745 more nodes are not drawn");
	assert_in_range(matrix.size, 100000, 3000000);
	sample_mesh_free(sample);
}

/* Six bytes for each character, and no two neighbours alike. */
static void make_worst(char name[MESH_NAME_MAX])
{
	char number[5];

	(void)snprintf(number, sizeof(number), "%s", name + strlen(name) - 4);
	memset(name, '"', MESH_NAME_MAX);
	(void)snprintf(name + MESH_NAME_MAX - 5, 5, "%s", number);
}

static void no_names_and_verdicts_make_it_too_large(void **state)
{
	struct sample_mesh *sample =
		sample_mesh_new(&(struct sample_mesh_setup){ .trouble = SAMPLE_MESH_MANY,
							     .peers = 255,
							     .places = 6,
							     .rows = 255,
							     .windows = 30 });

	for (uint32_t i = 0; i < sample->list.count; i++)
		make_worst(sample->peers[i].name);
	make_worst(sample->snapshot->node.name);
	for (uint32_t i = 0; i < sample->rows.count; i++) {
		struct mesh_row *row = &sample->rows.rows[i];
		make_worst(row->node);
		for (uint32_t j = 0; j < row->count; j++) {
			make_worst(row->cells[j].name);
			row->cells[j].verdict = (uint8_t)((i + j) % MESH_VERDICTS);
		}
	}
	for (int is_matrix = 0; is_matrix < 2; is_matrix++) {
		cleanup(buffer_deinit) struct buffer out =
			write(&(struct mesh_page_style){ .is_matrix = is_matrix }, sample);
		assert_in_range(out.size, 100000, MESH_PAGE_MAX - 1000000);
		contains(&out, "</html>");
	}
	sample_mesh_free(sample);
}

static void a_mesh_without_peers_has_a_page(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	static const struct mesh_page_style styles[] = {
		{ 0 }, { .is_matrix = true }, { .peer = "node-01" }, { .peer = "node-04" }
	};

	sample->list.count = sample->list.chosen = sample->list.source_count = 0;
	sample->snapshot->places = 0;
	sample->snapshot->node.closed.number = 0;
	sample->state.rows = NULL;
	for (size_t i = 0; i < array_size(styles); i++) {
		cleanup(buffer_deinit) struct buffer out = write(&styles[i], sample);
		contains(&out, "No peer is probed yet");
		contains(&out, "the first window is not over yet");
	}
	sample_mesh_free(sample);
}

/* ---- the policy */

static void check_hash(const struct buffer *out, const char *tag)
{
	char begin[16], end[16], wanted[96] = "", text[64] = "";
	unsigned char digest[SHA256_DIGEST_LENGTH];

	(void)snprintf(begin, sizeof(begin), "<%s>", tag);
	(void)snprintf(end, sizeof(end), "</%s>", tag);
	const char *from = strstr(buffer_text(out), begin);
	assert_non_null(from);
	from += strlen(begin);
	const char *to = strstr(from, end);
	assert_non_null(to);
	assert_non_null(SHA256((const unsigned char *)from, (size_t)(to - from), digest));
	(void)EVP_EncodeBlock((unsigned char *)text, digest, sizeof(digest));
	(void)snprintf(wanted, sizeof(wanted), "%s-src 'sha256-%s'", tag, text);
	if (!strstr(mesh_page_policy(), wanted))
		fail_msg("mesh_page_policy() wants %s", wanted);
}

static void only_its_own_style_and_script_are_let_in(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	cleanup(buffer_deinit) struct buffer out =
		write(&(struct mesh_page_style){ .is_matrix = true, .peer = "node-09" }, sample);

	check_hash(&out, "style");
	check_hash(&out, "script");
	lacks(&out, " style=\"");
	lacks(&out, " onclick=");
	sample_mesh_free(sample);
}

static void colours_have_names(void **state)
{
	for (enum mesh_page_colour i = 0; i < MESH_PAGE_COLOURS; i++)
		assert_int_equal(mesh_page_colour_find(mesh_page_colour_name(i)), i);
	assert_int_equal(mesh_page_colour_find("pink"), MESH_PAGE_VERDICT);
	assert_int_equal(mesh_page_colour_find(NULL), MESH_PAGE_VERDICT);
}

int main(int count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_as_it_was),
		cmocka_unit_test(the_worst_is_first_and_says_why),
		cmocka_unit_test(what_was_sent_is_received_lost_or_in_flight),
		cmocka_unit_test(a_node_that_is_held_up_says_so),
		cmocka_unit_test(names_are_text_and_nothing_else),
		cmocka_unit_test(links_hold_any_name),
		cmocka_unit_test(two_hundred_rows_are_below_three_megabytes),
		cmocka_unit_test(a_thousand_peers_are_shown_as_far_as_they_fit),
		cmocka_unit_test(no_names_and_verdicts_make_it_too_large),
		cmocka_unit_test(a_mesh_without_peers_has_a_page),
		cmocka_unit_test(only_its_own_style_and_script_are_let_in),
		cmocka_unit_test(colours_have_names),
	};

	if (count > 1)
		return save_all(arguments[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
