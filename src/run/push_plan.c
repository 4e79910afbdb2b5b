#include "run/push_plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "proto/http1_request.h"
#include "view/statsd.h"

#define WINDOW_MIN_NS (NS_PER_S / 2)
#define METRICS_PATH  "/v1/metrics"

/* ---- StatsD ---- */

static int check_name_space(const char *text, struct error *error)
{
	const char *byte = text;
	while (isalnum((unsigned char)*byte) || (*byte && strchr("._-", *byte)))
		byte++;
	if (*byte || byte == text || byte - text >= STATSD_NAME_SPACE_MAX)
		return error_set(error, EINVAL,
				 "--statsd-namespace: \"%.80s\" is not a name (letters, digits, . "
				 "_ and -, %d at most)",
				 text, STATSD_NAME_SPACE_MAX - 1);
	return 0;
}

static int parse_place(const char *text, struct error *error, struct uri *ret)
{
	static const struct uri_defaults defaults = {
		.bare_transports = URI_TRANSPORTS_RAW,
		.transports = 1u << TRANSPORT_UDP,
	};
	char uri[URI_TEXT_MAX];
	if (strstr(text, "://") || text[strcspn(text, "/?")])
		return error_set(error, EINVAL, "--statsd: \"%.80s\" is not HOST:PORT", text);
	const char *bracket = strrchr(text, ']');
	if (!strchr(bracket ? bracket : text, ':'))
		return error_set(error, EINVAL,
				 "--statsd: \"%.80s\" lacks its port, which is 8125 as a rule",
				 text);
	(void)snprintf(uri, sizeof(uri), "udp://%s", text);
	int result = uri_parse(uri, &defaults, error, ret);
	if (result >= 0 && ret->port == 0)
		result = error_set(error, EINVAL, "\"%.80s\": nobody listens on port 0", text);
	if (result < 0)
		error_prefix(error, "--statsd");
	return result;
}

static int parse_statsd(const struct push_options *options, struct error *error,
			struct push_plan *ret)
{
	uint64_t window_ns = options->statsd_window_ns;
	if (!options->statsd)
		return options->is_dogstatsd ? error_set(error, EINVAL,
							 "--dogstatsd: where to? --statsd "
							 "HOST:PORT says it")
					     : 0;
	ret->has_statsd = true;
	if (window_ns > 0 && window_ns < WINDOW_MIN_NS)
		return error_set(error, EINVAL,
				 "--statsd-latency-window is 500ms or more, or 0 for the whole "
				 "run");
	int result = check_name_space(options->statsd_namespace, error);
	return result < 0 ? result : parse_place(options->statsd, error, &ret->statsd);
}

/* ---- OTLP ---- */

static int check_headers(const struct option_list *headers, struct error *error)
{
	int result = 0;
	for (size_t i = 0; i < headers->count && result >= 0; i++)
		result = http1_check_header(headers->items[i], NULL);
	/* The sentence would show what is secret. */
	return result < 0
		       ? error_set(error, EINVAL, "--otlp-header: one of them is not NAME: VALUE")
		       : 0;
}

static int parse_otlp(const struct push_options *options, struct error *error,
		      struct push_plan *ret)
{
	static const struct uri_defaults defaults = {
		.service = SERVICE_HTTP,
		.bare_transports = URI_TRANSPORTS_RAW,
		.services = 1u << SERVICE_HTTP,
		.transports = 1u << TRANSPORT_TCP | 1u << TRANSPORT_TLS,
	};
	if (!options->otlp)
		return options->otlp_headers.count > 0
			       ? error_set(error, EINVAL,
					   "--otlp-header: where to? --otlp URL says it")
			       : 0;
	ret->has_otlp = true;
	int result = uri_parse(options->otlp, &defaults, error, &ret->otlp);
	if (result >= 0 && (ret->otlp.is_srv || ret->otlp.service != SERVICE_HTTP))
		result = error_set(error, EINVAL, "\"%.80s\" is no http:// or https://",
				   options->otlp);
	if (result >= 0 && strcmp(ret->otlp.path, "/") == 0)
		(void)snprintf(ret->otlp.path, sizeof(ret->otlp.path), METRICS_PATH);
	if (result < 0)
		error_prefix(error, "--otlp");
	return result < 0 ? result : check_headers(&options->otlp_headers, error);
}

int push_plan_parse(const struct push_options *options, struct error *error, struct push_plan *ret)
{
	*ret = (struct push_plan){ .options = options };
	int result = parse_statsd(options, error, ret);
	return result < 0 ? result : parse_otlp(options, error, ret);
}
