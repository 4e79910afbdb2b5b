#include "run/exporter.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/units.h"
#include "base/xml.h"
#include "cli/message.h"
#include "net/http_server.h"
#include "run/build.h"
#include "sys/clock.h"
#include "sys/cpu.h"
#include "view/prometheus.h"

/* Workers publish no more often: what is asked for sooner is what was told before. */
#define FRESH_NS WORKER_TICK_NS

#define TEXT_MAX 4096

struct rendering {
	struct buffer text;
	uint64_t at_ns;
};

struct exporter {
	struct exporter_setup setup;
	struct http_server *server;
	int64_t started_unix_ns;
	struct recorder *scratch;
	enum plan_stream which[PLAN_STREAMS]; /* of streams[i] */
	struct prometheus_stream streams[PLAN_STREAMS];
	struct prometheus_series series[PLAN_STREAMS];
	uint32_t stream_count;
	struct rendering renderings[2]; /* by enum prometheus_format */
};
static_assert(PLAN_STREAMS <= PROMETHEUS_STREAMS_MAX, "all streams are exposed");

/* ---- where */

/* An address alone takes whatever port is the default. */
static bool has_port(const char *text)
{
	struct endpoint one, other;
	return endpoint_parse(text, 1, &one) == 0 && endpoint_parse(text, 2, &other) == 0 &&
	       one.port == other.port;
}

static bool is_decimal(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

int exporter_parse(const char *text, const char *option, struct error *error, struct endpoint *ret)
{
	char everywhere[ENDPOINT_TEXT_MAX];
	*ret = (struct endpoint){ .family = 0 };
	if (is_decimal(text))
		return error_set(error, EINVAL,
				 "%s: \"%s\" has no address (try 127.0.0.1:%s, or :%s for all "
				 "addresses)",
				 option, text, text, text);
	if (text[0] == ':' && is_decimal(text + 1)) {
		(void)snprintf(everywhere, sizeof(everywhere), "0.0.0.0%s", text);
		if (endpoint_parse(everywhere, 0, ret) == 0) {
			*ret = (struct endpoint){ .port = ret->port };
			return 0;
		}
	}
	struct endpoint found;
	if (endpoint_parse(text, 0, &found) < 0)
		return error_set(error, EINVAL,
				 "%s: \"%s\" is no ADDR:PORT of this host (try 127.0.0.1:9090, "
				 "or :9090 for all addresses)",
				 option, text);
	if (!has_port(text))
		return error_set(error, EINVAL, "%s: \"%s\" has no port (try %s%s%s:9090)", option,
				 text, found.family == AF_INET6 && text[0] != '[' ? "[" : "", text,
				 found.family == AF_INET6 && text[0] != '[' ? "]" : "");
	*ret = found;
	return 0;
}

static const char *advice_of(int code)
{
	switch (code) {
	case EADDRINUSE:
		return "address in use (try another port; 0 takes any free one)";
	case EACCES:
		return "permission denied (ports below 1024 are root's: choose a higher one)";
	case EADDRNOTAVAIL:
		return "no such address on this host (see ip addr)";
	default:
		return strerrordesc_np(code);
	}
}

/* ---- what */

static void take(struct exporter *exporter, struct prometheus_snapshot *ret)
{
	const struct engine *engine = exporter->setup.engine;
	struct engine_lag lag;
	for (uint32_t i = 0; i < exporter->stream_count; i++) {
		recorder_clear(exporter->scratch);
		(void)engine_read(engine, exporter->which[i], exporter->scratch);
		prometheus_series_take(&exporter->series[i], exporter->scratch);
	}
	engine_lag(engine, &lag);
	*ret = (struct prometheus_snapshot){
		.version = CONNTEST_VERSION,
		.command = exporter->setup.command,
		.started_unix_ns = exporter->started_unix_ns,
		.streams = exporter->streams,
		.stream_count = exporter->stream_count,
		.cpu_ns = cpu_used_ns() + engine_cpu_ns(engine),
		.events_dropped = engine_events_dropped(engine),
		.lag_count = lag.count,
		.lag_sum_ns = lag.sum_ns,
		.lag_max_ns = lag.max_ns,
	};
}

static const struct buffer *render(struct exporter *exporter, enum prometheus_format format)
{
	struct rendering *rendering = &exporter->renderings[format];
	uint64_t now_ns = loop_now(exporter->setup.loop);
	struct prometheus_snapshot snapshot;
	if (rendering->at_ns && now_ns - rendering->at_ns < FRESH_NS)
		return &rendering->text;
	take(exporter, &snapshot);
	buffer_deinit(&rendering->text);
	buffer_init(&rendering->text, HTTP_SERVER_RESPONSE_BYTES_MAX);
	prometheus_write(&rendering->text, format, &snapshot);
	rendering->at_ns = now_ns;
	return &rendering->text;
}

static void answer_metrics(void *context, const struct http_server_request *request,
			   struct http_server_response *response)
{
	enum prometheus_format format = prometheus_choose(http_server_field(request, "Accept"));
	const struct buffer *text = render(context, format);
	response->content_type = prometheus_content_type(format);
	response->fields = "Vary: Accept\r\n";
	if (text->error)
		response->status = 500;
	else
		buffer_append(&response->body, text->data, text->size);
}

static void answer_page(void *context, const struct http_server_request *request,
			struct http_server_response *response)
{
	const struct exporter *exporter = context;
	struct buffer *body = &response->body;
	(void)request;
	response->content_type = "text/html; charset=utf-8";
	buffer_append_format(body,
			     "<!doctype html>\n<html lang=\"en\"><head><title>conntest %s</title>"
			     "</head>\n<body><h1>conntest %s</h1>\n<p>",
			     exporter->setup.command, exporter->setup.command);
	xml_append(body, exporter->setup.target);
	buffer_append_text(body, "</p>\n<p><a href=\"/metrics\">Metrics</a>, as Prometheus text or "
				 "OpenMetrics</p>\n</body></html>\n");
}

/* ---- life */

static void add_streams(struct exporter *exporter)
{
	const struct exporter_setup *setup = &exporter->setup;
	for (enum plan_stream i = 0; i < PLAN_STREAMS; i++) {
		struct report_stream described;
		if (!plan_has_stream(setup->plan, i))
			continue;
		uint32_t index = exporter->stream_count++;
		struct prometheus_stream *stream = &exporter->streams[index];
		build_describe(setup->plan, i, setup->target, &described);
		*stream = (struct prometheus_stream){
			.name = described.name,
			.target = described.target,
			.series = &exporter->series[index],
		};
		for (enum latency k = 0; k < LATENCY_RECORDED; k++)
			if (described.latency[k].is_measured)
				stream->latencies |= 1u << k;
		exporter->which[index] = i;
	}
}

static int listen_at(struct exporter *exporter, struct error *error)
{
	static const struct http_server_route routes[] = {
		{ "GET", "/metrics", answer_metrics },
		{ "GET", "/", answer_page },
	};
	struct http_server_options options = {
		.transport = &stream_tcp,
		.listen.local = exporter->setup.local,
		.routes = routes,
		.route_count = array_size(routes),
		.context = exporter,
	};
	char place[ENDPOINT_TEXT_MAX];
	int result = http_server_open(exporter->setup.loop, &options, &exporter->server);
	if (result >= 0)
		return 0;
	if (exporter->setup.local.family == 0)
		(void)snprintf(place, sizeof(place), ":%u", exporter->setup.local.port);
	else
		(void)endpoint_format(&exporter->setup.local, place);
	/* EADDRINUSE would say in the report that the run's own connections lacked a port. */
	return error_set(error, EIO, "--metrics: cannot listen on %s: %s", place,
			 advice_of(-result));
}

int exporter_open(const struct exporter_setup *setup, struct error *error, struct exporter **ret)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));
	if (!exporter)
		return error_set(error, ENOMEM, "out of memory");
	exporter->setup = *setup;
	exporter->started_unix_ns = clock_wall().unix_ns;
	add_streams(exporter);
	int result = recorder_new(&exporter->scratch);
	if (result < 0)
		result = error_set(error, -result, "out of memory");
	else
		result = listen_at(exporter, error);
	if (result < 0) {
		exporter_close(exporter);
		return result;
	}
	*ret = exporter;
	return 0;
}

void exporter_close(struct exporter *exporter)
{
	if (!exporter)
		return;
	http_server_close(exporter->server);
	recorder_free(exporter->scratch);
	for (size_t i = 0; i < array_size(exporter->renderings); i++)
		buffer_deinit(&exporter->renderings[i].text);
	free(exporter);
}

/* ---- where it is */

static void write_event(const struct endpoint *local, struct buffer *out)
{
	char address[ENDPOINT_TEXT_MAX];
	struct json json;
	json_init(&json, out);
	json_object_open(&json);
	json_key_text(&json, "event", "listening");
	json_key_text(&json, "service", "metrics");
	json_key_text(&json, "transport", "tcp");
	json_key_text(&json, "address", endpoint_format_address(local, address));
	json_key_unsigned(&json, "port", local->port);
	json_object_close(&json);
	buffer_append_text(out, "\n");
}

/* `serve` has lines that say where it listens; of the others stdout is the report. */
void exporter_tell(const struct exporter *exporter, struct outputs *outputs,
		   const struct output_options *options)
{
	const struct endpoint *local = http_server_local(exporter->server);
	struct buffer out cleanup(buffer_deinit);
	char place[ENDPOINT_TEXT_MAX];
	buffer_init(&out, TEXT_MAX);
	write_event(local, &out);
	outputs_write(outputs, OUTPUT_NDJSON, &out);
	buffer_clear(&out);
	(void)endpoint_format(local, place);
	if (exporter->setup.plan->serve.listen_count) {
		buffer_append_format(&out, "metrics    http://%s/metrics\n", place);
		outputs_write(outputs, OUTPUT_TEXT, &out);
	} else if (!options->is_quiet) {
		buffer_append_format(&out, "Metrics: http://%s/metrics", place);
		message_print(NULL, out.data);
	}
}
