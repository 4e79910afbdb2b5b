/* What a mesh exposes: the text of a sample, that its sums hold, how many series there are, and how
 * long ten thousand take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/units.h"
#include "support/golden.h"
#include "support/sample_mesh.h"
#include "view/mesh_families.h"
#include "view/mesh_metrics.h"

#define OUT_MAX ((size_t)32 << 20)

static void write_to(struct buffer *out, const struct mesh_metrics_style *style,
		     const struct sample_mesh *sample)
{
	buffer_init(out, OUT_MAX);
	mesh_metrics_write(out, style, &sample->state);
	assert_int_equal(out->error, 0);
}

static void check(const char *name, const struct mesh_metrics_style *style)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct buffer out;

	write_to(&out, style, sample);
	golden_check(name, &out);
	buffer_deinit(&out);
	sample_mesh_free(sample);
}

static void both_formats_are_as_they_were(void **state)
{
	check("mesh.prometheus.txt", &(struct mesh_metrics_style){ .worst = 2 });
	check("mesh.openmetrics.txt",
	      &(struct mesh_metrics_style){ .format = PROMETHEUS_OPENMETRICS, .worst = 2 });
}

/* What comes besides. */
static void check_legacy(const char *name, enum prometheus_format format)
{
	const struct mesh_metrics_style style = { .format = format, .has_legacy = true };
	struct sample_mesh *sample = sample_mesh_new(
		&(struct sample_mesh_setup){ .trouble = SAMPLE_MESH_A4, .peers = 5, .places = 2 });
	struct buffer out, part;

	sample->sources[0].failures = 3;
	write_to(&out, &style, sample);
	const char *begin = strstr(out.data, "# HELP conntest_tcp_round_trip_time_seconds_gauge");
	assert_non_null(begin);
	buffer_init(&part, OUT_MAX);
	buffer_append_text(&part, begin);
	golden_check(name, &part);
	buffer_deinit(&part);
	buffer_deinit(&out);
	sample_mesh_free(sample);
}

static void the_older_names_are_as_they_were(void **state)
{
	check_legacy("mesh_legacy.prometheus.txt", PROMETHEUS_TEXT);
	check_legacy("mesh_legacy.openmetrics.txt", PROMETHEUS_OPENMETRICS);
}

/* ---- what Prometheus would make of it */

static uint64_t count_samples(const struct buffer *out)
{
	uint64_t count = 0;

	for (const char *line = out->data; *line != '\0'; line = strchr(line, '\n') + 1)
		count += *line != '#';
	return count;
}

/* The value of the sample whose line begins so. */
static double value_of(const struct buffer *out, const char *series)
{
	char begin[256];

	(void)snprintf(begin, sizeof(begin), "\n%s ", series);
	const char *found = strstr(out->data, begin);
	if (!found)
		fail_msg("no %s", series);
	return strtod(found + strlen(begin), NULL);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The name of a family, of which that of each of its samples is the longer one. */
static void note_family(const char *line, char name[128])
{
	const char *begin = line + strlen("# TYPE ");

	(void)snprintf(name, 128, "%.*s", (int)strcspn(begin, " "), begin);
}

/* Each series once, and a family's samples behind its head. */
static void nothing_is_there_twice(void **state)
{
	struct sample_mesh *sample = sample_mesh_new(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_MANY, .peers = 29, .places = 3 });
	struct buffer out;
	char family[128] = "";
	size_t count = 0;
	write_to(&out, &(struct mesh_metrics_style){ .has_pairs = true, .has_legacy = true },
		 sample);
	char **lines = calloc(out.size, sizeof(*lines));
	assert_non_null(lines);
	for (char *line = out.data, *end; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		lines[count++] = line;
		if (strncmp(line, "# TYPE ", 7) == 0)
			note_family(line, family);
		if (line[0] == '#')
			continue;
		if (strncmp(line, family, strlen(family)) != 0)
			fail_msg("%s in the family %s", line, family);
		*strrchr(line, ' ') = '\0';
	}
	qsort(lines, count, sizeof(*lines), compare_lines);
	for (size_t i = 1; i < count; i++)
		if (strcmp(lines[i - 1], lines[i]) == 0)
			fail_msg("twice: %s", lines[i]);
	assert_true(count > 1000);
	free(lines);
	buffer_deinit(&out);
	sample_mesh_free(sample);
}

static void what_was_sent_is_somewhere(void **state)
{
	static const char *const probes[] = { "tcp", "tcp_long", "udp", "http", "grpc" };
	struct sample_mesh *sample = sample_mesh_new(&(struct sample_mesh_setup){
		.trouble = SAMPLE_MESH_MANY, .peers = 29, .places = 2 });
	struct buffer out;
	write_to(&out, &(struct mesh_metrics_style){ .format = PROMETHEUS_TEXT }, sample);
	for (size_t i = 0; i < array_size(probes); i++) {
		char series[128];
		double parts = 0;
		double reasons = 0;
		static const char *const names[] = { "received_total", "lost_total", "in_flight" };
		for (size_t k = 0; k < array_size(names); k++) {
			(void)snprintf(series, sizeof(series),
				       "conntest_probes_%s{group=\"a\",probe=\"%s\"}", names[k],
				       probes[i]);
			parts += value_of(&out, series);
		}
		(void)snprintf(series, sizeof(series),
			       "conntest_probes_sent_total{group=\"a\",probe=\"%s\"}", probes[i]);
		assert_true(value_of(&out, series) == parts && parts > 0);
		for (unsigned k = 0; k < MESH_REASONS; k++) {
			(void)snprintf(series, sizeof(series),
				       "conntest_probe_failures_total{group=\"a\",probe=\"%s\","
				       "reason=\"%s\"}",
				       probes[i], mesh_reason_name((enum mesh_reason)k));
			reasons += value_of(&out, series);
		}
		(void)snprintf(series, sizeof(series),
			       "conntest_probes_lost_total{group=\"a\",probe=\"%s\"}", probes[i]);
		assert_true(value_of(&out, series) == reasons);
		(void)snprintf(series, sizeof(series),
			       "conntest_probe_rtt_seconds_count{group=\"a\",probe=\"%s\"}",
			       probes[i]);
		double with_time = value_of(&out, series);
		(void)snprintf(series, sizeof(series),
			       "conntest_probes_received_total{group=\"a\",probe=\"%s\"}",
			       probes[i]);
		/* A failure never has a duration. */
		assert_true(value_of(&out, series) == with_time);
	}
	buffer_deinit(&out);
	sample_mesh_free(sample);
}

static void bad_figures_have_a_black_hole(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct buffer out;
	write_to(&out, &(struct mesh_metrics_style){ .has_pairs = true }, sample);
	assert_true(value_of(&out, "conntest_pair_path_mtu_blackhole{peer=\"node-12\","
				   "direction=\"forward\"}") == 1);
	assert_true(value_of(&out, "conntest_pair_path_mtu_blackhole{peer=\"node-12\","
				   "direction=\"reverse\"}") == 0);
	assert_true(value_of(&out, "conntest_pair_path_mtu_bytes{peer=\"node-12\","
				   "direction=\"forward\"}") == 1400);
	buffer_deinit(&out);
	sample_mesh_free(sample);
}

static void only_what_is_bad_has_a_verdict_of_its_own(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct buffer out;
	double pairs = 0;
	write_to(&out, &(struct mesh_metrics_style){ .worst = 1 }, sample);
	assert_non_null(strstr(out.data, "\nconntest_pair_verdict{peer=\"node-12\",verdict=\"mtu "
					 "black hole\",blame=\""));
	assert_null(strstr(out.data, "conntest_pair_verdict{peer=\"node-01\""));
	assert_non_null(strstr(out.data, "\nconntest_findings{verdict=\"mtu black hole\","));
	for (unsigned i = 0; i < MESH_VERDICTS; i++) {
		char series[128];
		(void)snprintf(series, sizeof(series), "conntest_pairs{group=\"b\",verdict=\"%s\"}",
			       mesh_verdict_name((enum mesh_verdict)i));
		pairs += value_of(&out, series);
	}
	assert_true(pairs == 5);
	/* It is the worst, and the only one on its own. */
	assert_non_null(strstr(out.data, "\nconntest_pair_tcp_timeouts_total{peer=\"node-12\"}"));
	assert_null(strstr(out.data, "\nconntest_pair_tcp_timeouts_total{peer=\"node-09\"}"));
	buffer_deinit(&out);
	sample_mesh_free(sample);
}

static void labels_are_escaped(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct buffer out;
	(void)snprintf(sample->peers[0].name, sizeof(sample->peers[0].name), "a\"b\\c\nd\xff");
	(void)snprintf(sample->peers[0].location, sizeof(sample->peers[0].location), "z\xc3\xbc");
	write_to(&out, &(struct mesh_metrics_style){ .has_pairs = true }, sample);
	assert_non_null(strstr(out.data, "{peer=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\",address="));
	assert_non_null(strstr(out.data, "{group=\"z\xc3\xbc\",probe="));
	buffer_deinit(&out);
	sample_mesh_free(sample);
}

/* Two peers may claim one name for a moment. */
static void a_name_is_told_once(void **state)
{
	struct sample_mesh *sample = sample_mesh_a4();
	struct buffer out;
	memcpy(sample->peers[1].name, sample->peers[0].name, sizeof(sample->peers[0].name));
	write_to(&out, &(struct mesh_metrics_style){ .has_pairs = true }, sample);
	const char *first = strstr(out.data, "conntest_peer_info{peer=\"node-01\"");
	assert_non_null(first);
	assert_null(strstr(first + 1, "conntest_peer_info{peer=\"node-01\""));
	buffer_deinit(&out);
	sample_mesh_free(sample);
}

/* ---- how many */

static void series_are_as_many_as_foretold(void **state)
{
	static const struct {
		struct mesh_metrics_style style;
		uint32_t peers;
		uint32_t places;
		unsigned probes;
		bool has_mtu;
		bool is_tls;
	} cases[] = {
		{ { .worst = 0 }, 29, 2, (1u << MESH_PROBES) - 1, true, false },
		{ { .worst = 5 }, 29, 3, (1u << MESH_PROBES) - 1, true, true },
		{ { .worst = 100 }, 12, 3, (1u << MESH_PROBES) - 1, true, false },
		{ { .has_pairs = true }, 29, 5, (1u << MESH_PROBES) - 1, true, false },
		{ { .has_pairs = true, .has_legacy = true },
		  29,
		  5,
		  (1u << MESH_PROBES) - 1,
		  true,
		  false },
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct sample_mesh *sample = sample_mesh_new(&(struct sample_mesh_setup){
			.peers = cases[i].peers, .places = cases[i].places });
		struct buffer out;
		sample->settings.probes = cases[i].probes;
		sample->settings.http_is_tls = cases[i].is_tls;
		write_to(&out, &cases[i].style, sample);
		assert_int_equal(count_samples(&out),
				 mesh_metrics_series(&cases[i].style, &sample->settings,
						     cases[i].places, cases[i].peers));
		buffer_deinit(&out);
		sample_mesh_free(sample);
	}
}

static void what_has_no_room_is_said(void **state)
{
	struct sample_mesh *sample = sample_mesh_new(
		&(struct sample_mesh_setup){ .peers = 200, .places = 2, .windows = 2 });
	struct buffer out;
	char series[64];
	uint32_t told = 0;
	buffer_init(&out, (size_t)1 << 20);
	mesh_metrics_write(&out, &(struct mesh_metrics_style){ .has_pairs = true }, &sample->state);
	assert_int_equal(out.error, 0);
	for (uint32_t i = 1; i <= 201; i++) {
		(void)snprintf(series, sizeof(series),
			       "conntest_pair_tcp_timeouts_total{peer=\"node-%04u\"}", i);
		told += strstr(out.data, series) != NULL;
	}
	assert_true(told > 20 && told < 200);
	assert_true(value_of(&out, "conntest_pairs_omitted") == 200 - told);
	buffer_deinit(&out);
	sample_mesh_free(sample);
}

/* Backslash and line end have escapes in help, which none of the tables needs; promtool wants no
 * type in a name, and no _total in one that is no counter. */
static void the_tables_are_in_order(void **state)
{
	for (size_t i = 0; i < mesh_family_count; i++) {
		const struct prometheus_family *family = &mesh_family_table[i].family;
		assert_null(strpbrk(family->help, "\\\"\n"));
		assert_null(strstr(family->name, "_total"));
		assert_int_equal(strncmp(family->name, "conntest_", 9), 0);
		if (family->unit)
			assert_string_equal(family->name + strlen(family->name) -
						    strlen(family->unit),
					    family->unit);
	}
	for (unsigned i = 0; i < MESH_OWN_COUNT; i++) {
		assert_true(mesh_own[i].name[0] != '\0');
		assert_null(strpbrk(mesh_own[i].help, "\\\"\n"));
	}
}

/* ---- how long */

static double seconds_now(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Told, not judged: this build may be one with sanitizers. */
static void ten_thousand_series(void **state)
{
	struct sample_mesh *sample = sample_mesh_new(
		&(struct sample_mesh_setup){ .peers = 60, .places = 3, .windows = 4 });
	struct mesh_metrics_style style = { .has_pairs = true };
	struct buffer out;
	double best = 1e9;
	uint64_t count = 0;
	for (int i = 0; i < 5; i++) {
		double began = seconds_now();
		write_to(&out, &style, sample);
		double took = seconds_now() - began;
		best = took < best ? took : best;
		count = count_samples(&out);
		buffer_deinit(&out);
	}
	print_message("%lu series in %.2f ms\n", (unsigned long)count, best * 1e3);
	assert_true(count >= 10000);
	sample_mesh_free(sample);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_formats_are_as_they_were),
		cmocka_unit_test(the_older_names_are_as_they_were),
		cmocka_unit_test(nothing_is_there_twice),
		cmocka_unit_test(what_was_sent_is_somewhere),
		cmocka_unit_test(bad_figures_have_a_black_hole),
		cmocka_unit_test(only_what_is_bad_has_a_verdict_of_its_own),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(a_name_is_told_once),
		cmocka_unit_test(series_are_as_many_as_foretold),
		cmocka_unit_test(what_has_no_room_is_said),
		cmocka_unit_test(the_tables_are_in_order),
		cmocka_unit_test(ten_thousand_series),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
