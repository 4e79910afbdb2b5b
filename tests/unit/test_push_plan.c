#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "run/push_plan.h"

#define STATSD(place)                                            \
	{                                                        \
		.statsd = (place), .statsd_namespace = "tcpkali" \
	}
#define NAMED(name)                                         \
	{                                                   \
		.statsd = "h:1", .statsd_namespace = (name) \
	}
#define OTLP(url)             \
	{                     \
		.otlp = (url) \
	}
#define NAME_OF_64 "a23456789b23456789c23456789d23456789e23456789f23456789g234567890"

static void wrong_use_is_told(void **state)
{
	static const struct {
		struct push_options options;
		const char *sentence;
	} cases[] = {
		/* clang-format off */
		{ STATSD("localhost"), "--statsd: \"localhost\" lacks its port" },
		{ STATSD("udp://localhost:8125"), "--statsd: \"udp://localhost:8125\" is not HOST:PORT" },
		{ STATSD("localhost:8125/x"), "--statsd: \"localhost:8125/x\" is not HOST:PORT" },
		{ STATSD("[::1]"), "--statsd: \"[::1]\" lacks its port" },
		{ STATSD("localhost:99999"), "--statsd: " },
		{ STATSD("localhost:0"), "--statsd: " },
		{ STATSD("1.2.3:8125"), "--statsd: \"1.2.3\" is not an IPv4 address" },
		{ NAMED(""), "--statsd-namespace: \"\" is not a name" },
		{ NAMED("a b"), "--statsd-namespace: \"a b\" is not a name" },
		{ NAMED("a:b"), "--statsd-namespace: \"a:b\" is not a name" },
		{ NAMED(NAME_OF_64), "--statsd-namespace: \"a23" },
		{ { .statsd = "h:1", .statsd_namespace = "a", .statsd_window_ns = 499999999 }, "--statsd-latency-window is 500ms or more" },
		{ { .is_dogstatsd = true }, "--dogstatsd: where to?" },
		{ { .otlp_headers = { { "A: b" }, 1 } }, "--otlp-header: where to?" },
		{ OTLP("tcp://h:1"), "--otlp: \"tcp://h:1\" is no http:// or https://" },
		{ OTLP("ws://h/"), "--otlp: " },
		{ OTLP("srv://_otlp._tcp.h"), "--otlp: \"srv://_otlp._tcp.h\" is no http" },
		{ OTLP("http://user:sesame@h/"), "--otlp: " },
		{ OTLP("http://h/a b"), "--otlp: " },
		{ { .otlp = "http://h", .otlp_headers = { { "Key secret" }, 1 } }, "--otlp-header: one of them is not NAME: VALUE" },
		/* clang-format on */
	};
	for (size_t i = 0; i < array_size(cases); i++) {
		struct error error = { "" };
		struct push_plan plan;
		assert_int_equal(push_plan_parse(&cases[i].options, &error, &plan), -EINVAL);
		if (strncmp(error.text, cases[i].sentence, strlen(cases[i].sentence)) != 0)
			fail_msg("\"%s\", not \"%s\"", error.text, cases[i].sentence);
		assert_null(strstr(error.text, "secret"));
		assert_null(strstr(error.text, "sesame"));
	}
}

static void places_are_found(void **state)
{
	static const struct {
		const char *url;
		const char *host;
		const char *path;
		uint16_t port;
		enum transport transport;
	} cases[] = {
		{ "http://h", "h", "/v1/metrics", 80, TRANSPORT_TCP },
		{ "h:4318", "h", "/v1/metrics", 4318, TRANSPORT_TCP },
		{ "http://[::1]:4318/", "::1", "/v1/metrics", 4318, TRANSPORT_TCP },
		{ "https://h/otlp/v1/metrics?x=1", "h", "/otlp/v1/metrics?x=1", 443,
		  TRANSPORT_TLS },
	};
	struct error error = { "" };
	struct push_plan plan;
	for (size_t i = 0; i < array_size(cases); i++) {
		struct push_options options = OTLP(cases[i].url);
		assert_int_equal(push_plan_parse(&options, &error, &plan), 0);
		assert_true(plan.has_otlp && !plan.has_statsd);
		assert_string_equal(plan.otlp.host, cases[i].host);
		assert_string_equal(plan.otlp.path, cases[i].path);
		assert_int_equal(plan.otlp.port, cases[i].port);
		assert_int_equal(plan.otlp.transport, cases[i].transport);
	}
	struct push_options options = STATSD("[fd09::1]:8125");
	options.is_dogstatsd = true;
	options.statsd_window_ns = 500000000;
	assert_int_equal(push_plan_parse(&options, &error, &plan), 0);
	assert_true(plan.has_statsd && !plan.has_otlp);
	assert_string_equal(plan.statsd.host, "fd09::1");
	assert_int_equal(plan.statsd.port, 8125);
	assert_int_equal(push_plan_parse(&(struct push_options){ 0 }, &error, &plan), 0);
	assert_false(plan.has_statsd || plan.has_otlp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_use_is_told),
		cmocka_unit_test(places_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
