/* Reports as the builder would make them, for the tests of views and of the file format. Each is
 * complete with its sentences; free with report_free(). */
#pragma once

#include "metric/report.h"

/* A balancer loses one of four backends: 50 of 200 clients are closed and come back. */
struct report *sample_failover(void);
/* Datagram flows without backend names, with a path that went out twice. */
struct report *sample_datagrams(void);
/* Nothing listens. */
struct report *sample_nothing(void);
/* The serving side, drained. */
struct report *sample_served(void);
/* Ended by a signal after 3.2 of 60 s, with a silence still open and a host that was too slow. */
struct report *sample_interrupted(void);
/* sample_failover() that was expected to be graceful, and one figure that was not measured. */
struct report *sample_expectations_failed(void);
/* The same around a rollout: a command that the run wrapped and that did well. */
struct report *sample_wrapped(void);
/* All went well, as expected. */
struct report *sample_all_well(void);
/* load: one connection as fast as it goes to discard. */
struct report *sample_bulk(void);
/* load: requests at a rate over https; the server stood still for a while. */
struct report *sample_requests(void);
/* load: datagrams to discard, of which some were lost on the way. */
struct report *sample_one_way(void);
/* load: 15,000 WebSockets, brought up slowly, a few of which ended early. */
struct report *sample_websockets(void);
/* load --find-rate: three trials, of which the first is told. */
struct report *sample_search(void);
/* Every field of every struct set to a value of its own. */
struct report *sample_every_field(void);
