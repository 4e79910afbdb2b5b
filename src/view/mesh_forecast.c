#include "view/mesh_forecast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "metric/mesh_judge.h"
#include "view/phrase.h"

/* Equal paths between two racks, as data centres have them. */
#define ECMP_PATHS   16
#define IP_UDP_BYTES 28

/* What one probe has both ends send: packets and bytes with IPv4 and TCP (with time stamps) or UDP.
 * A connection is SYN, ACK and FIN of 60, 52 and 52 bytes one way; 10,000 bytes are seven segments
 * of 1,448, and an ACK for every other one comes the other way. http and grpc: with heads as ours
 * are, and a short page; mtu: three of full size and four small ones each way. */
struct cost {
	double out_packets, out_bytes;
	double back_packets, back_bytes;
};
static const struct cost costs[MESH_PROBES] = {
	[MESH_TCP] = { 5, 280, 4, 230 },
	[MESH_TCP_LONG] = { 14, 10800, 13, 10700 },
	[MESH_UDP] = { 1, IP_UDP_BYTES, 1, IP_UDP_BYTES },
	[MESH_HTTP] = { 5, 470, 4, 900 },
	[MESH_GRPC] = { 7, 700, 6, 600 },
};
static const struct cost mtu_cost = { 7, 5000, 7, 5000 };

/* ---- figures */

static bool is_probed(const struct mesh_forecast *forecast, enum mesh_probe probe)
{
	return (forecast->settings->probes & 1u << probe) != 0;
}

static uint64_t interval_ns(const struct mesh_settings *settings, enum mesh_probe probe)
{
	return probe == MESH_UDP ? settings->udp_interval_ns
				 : settings->wait_ns + settings->rand_ns / 2;
}

static double out_mean(const struct mesh_forecast *forecast)
{
	return forecast->members > 0 ? (double)forecast->pairs / (double)forecast->members : 0;
}

static void add_cost(const struct mesh_forecast *forecast, const struct cost *cost,
		     double more_bytes, uint64_t every_ns, struct mesh_forecast_traffic *traffic)
{
	double asked = every_ns > 0 ? out_mean(forecast) * (double)NS_PER_S / (double)every_ns : 0;
	double answered =
		every_ns > 0 ? forecast->in_mean * (double)NS_PER_S / (double)every_ns : 0;

	traffic->packets_per_second += asked * cost->out_packets + answered * cost->back_packets;
	traffic->bytes_per_second +=
		asked * (cost->out_bytes + more_bytes) + answered * (cost->back_bytes + more_bytes);
}

void mesh_forecast_traffic(const struct mesh_forecast *forecast, struct mesh_forecast_traffic *ret)
{
	const struct mesh_settings *settings = forecast->settings;

	*ret = (struct mesh_forecast_traffic){ 0 };
	for (unsigned i = 0; i < MESH_PROBES; i++) {
		enum mesh_probe probe = (enum mesh_probe)i;
		if (is_probed(forecast, probe))
			add_cost(forecast, &costs[i], probe == MESH_UDP ? settings->udp_bytes : 0,
				 interval_ns(settings, probe), ret);
	}
	if (settings->has_mtu)
		add_cost(forecast, &mtu_cost, 0, settings->mtu_interval_ns, ret);
}

double mesh_forecast_missed_paths(uint32_t paths, uint32_t flows)
{
	return paths * pow(1 - 1.0 / paths, flows);
}

/* ---- text */

static void append_count(struct buffer *out, uint64_t count)
{
	char text[UNITS_TEXT_MAX];

	buffer_append_text(out, units_format_grouped(count, text));
}

/* "1 location", "3 locations" */
static void append_counted(struct buffer *out, uint64_t count, const char *noun)
{
	append_count(out, count);
	buffer_append_format(out, " %s%s", noun, count == 1 ? "" : "s");
}

static void write_head(struct buffer *out, const struct mesh_forecast *forecast)
{
	buffer_append_text(out, "mesh plan  ");
	append_counted(out, forecast->members, "member");
	buffer_append_text(out, " in ");
	append_counted(out, forecast->locations, "location");
	if (forecast->racks > 0) {
		buffer_append_text(out, " and ");
		append_counted(out, forecast->racks, "rack");
	}
	if (forecast->k == 0)
		buffer_append_text(out, "; everybody probes everybody\n");
	else
		buffer_append_format(out, "; k %u, everybody up to %u members\n", forecast->k,
				     forecast->all);
}

static void append_range(struct buffer *out, uint32_t least, uint32_t most)
{
	append_count(out, least);
	if (least == most)
		return;
	buffer_append_text(out, " to ");
	append_count(out, most);
}

static void write_pairs(struct buffer *out, const struct mesh_forecast *forecast)
{
	uint64_t possible = forecast->members > 0 ? forecast->members * (forecast->members - 1) : 0;

	buffer_append_text(out, "PAIRS      ");
	append_count(out, forecast->pairs);
	buffer_append_text(out, " of ");
	append_count(out, possible);
	buffer_append_text(out, ": each probes ");
	append_range(out, forecast->out_min, forecast->out_max);
	buffer_append_format(out, " (mean %.1f) and is probed by ", out_mean(forecast));
	append_range(out, forecast->in_min, forecast->in_max);
	buffer_append_format(out, " (mean %.1f)\n", forecast->in_mean);
	if (forecast->unseen > 0) {
		buffer_append_text(out, "           NOBODY probes ");
		append_counted(out, forecast->unseen, "member");
		buffer_append_text(out, "\n");
	}
}

static void append_covered(struct buffer *out, uint32_t covered, uint32_t pairs, const char *noun)
{
	append_count(out, covered);
	buffer_append_text(out, " of ");
	append_count(out, pairs);
	buffer_append_format(out, " ordered pairs of %s", noun);
	if (pairs > 0)
		buffer_append_format(out, " (%.3g %%)", 100.0 * covered / pairs);
}

static void write_coverage(struct buffer *out, const struct mesh_forecast *forecast)
{
	if (forecast->location_pairs == 0 && forecast->rack_pairs == 0)
		return;
	buffer_append_text(out, "COVERED    ");
	if (forecast->location_pairs > 0)
		append_covered(out, forecast->location_pairs_covered, forecast->location_pairs,
			       "locations");
	if (forecast->location_pairs > 0 && forecast->rack_pairs > 0)
		buffer_append_text(out, ", ");
	if (forecast->rack_pairs > 0)
		append_covered(out, forecast->rack_pairs_covered, forecast->rack_pairs, "racks");
	buffer_append_text(out, "\n");
}

static void write_costs(struct buffer *out, const struct mesh_forecast *forecast)
{
	struct mesh_forecast_traffic traffic;

	mesh_forecast_traffic(forecast, &traffic);
	buffer_append_text(out, "TRAFFIC    a node sends about ");
	append_count(out, (uint64_t)(traffic.packets_per_second + 0.5));
	buffer_append_text(out, " packets/s and ");
	append_count(out, (uint64_t)(traffic.bytes_per_second + 0.5));
	buffer_append_text(out, " bytes/s, probes and answers together\nSERIES     ");
	append_count(out, forecast->series);
	buffer_append_text(out, " a node, ");
	append_count(out, forecast->series * forecast->members);
	buffer_append_text(out, " in all\n");
}

static void append_loss(struct buffer *out, double probes)
{
	char count[UNITS_TEXT_MAX], loss[PHRASE_MAX];
	char cell[UNITS_TEXT_MAX + PHRASE_MAX] = "-";

	if (probes > 0)
		(void)snprintf(cell, sizeof(cell), "%s: %s %%",
			       units_format_grouped((uint64_t)(probes + 0.5), count),
			       phrase_number(100 * mesh_smallest_loss(probes), 2, loss));
	buffer_append_format(out, "  %-18s", cell);
}

static void write_loss_row(struct buffer *out, const struct mesh_forecast *forecast,
			   enum mesh_probe probe)
{
	uint64_t every_ns = interval_ns(forecast->settings, probe);
	double probes = every_ns > 0 ? (double)forecast->settings->window_ns / (double)every_ns : 0;
	double across = forecast->location_pairs_covered > 0
				? (double)forecast->pairs_across / forecast->location_pairs_covered
				: 0;

	buffer_append_format(out, "%-9s", mesh_probe_name(probe));
	append_loss(out, probes);
	append_loss(out, probes * across);
	append_loss(out, probes * out_mean(forecast));
	append_loss(out, probes * forecast->in_mean);
	/* The last column ends where its text does. */
	while (out->size > 0 && out->data[out->size - 1] == ' ')
		buffer_cut(out, out->size - 1);
	buffer_append_text(out, "\n");
}

static void write_losses(struct buffer *out, const struct mesh_forecast *forecast)
{
	char window[UNITS_TEXT_MAX];

	buffer_append_format(
		out,
		"LOSS       probes in a window of %s, and the smallest loss that shows "
		"in them 95 times in 100\n",
		units_format_time(forecast->settings->window_ns, window));
	buffer_append_format(out, "%-9s  %-18s  %-18s  %-18s  %s\n", "PROBE", "PAIR",
			     "LOCATION PAIR", "FROM A NODE", "TO A NODE");
	for (unsigned i = 0; i < MESH_PROBES; i++) {
		if (is_probed(forecast, (enum mesh_probe)i))
			write_loss_row(out, forecast, (enum mesh_probe)i);
	}
}

static void write_paths(struct buffer *out, const struct mesh_forecast *forecast)
{
	uint32_t ports = forecast->settings->udp_ports;

	if (!is_probed(forecast, MESH_UDP) || ports == 0)
		return;
	buffer_append_format(
		out,
		"ECMP       of %d equal paths a pair's %u source port%s miss%s %.1f on "
		"average; those of 10 pairs miss %.2g\n",
		ECMP_PATHS, ports, ports == 1 ? "" : "s", ports == 1 ? "es" : "",
		mesh_forecast_missed_paths(ECMP_PATHS, ports),
		mesh_forecast_missed_paths(ECMP_PATHS, 10 * ports));
}

void mesh_forecast_write(struct buffer *out, const struct mesh_forecast *forecast)
{
	write_head(out, forecast);
	write_pairs(out, forecast);
	write_coverage(out, forecast);
	write_costs(out, forecast);
	write_losses(out, forecast);
	write_paths(out, forecast);
}
