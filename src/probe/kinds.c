/* Which kind of prober looks at which scheme: the one table. */
#include <stddef.h>

#include "probe/probe.h"

/* SERVICE_NONE: the transport alone, tcp:// or tls://. */
struct kind_row {
	const struct prober_kind *kind;
	enum service service;
	enum transport transport;
};

static const struct kind_row rows[] = {
	{ .kind = NULL },
};

const struct prober_kind *prober_kind_of(const struct uri *uri)
{
	for (const struct kind_row *row = rows; row->kind; row++)
		if (row->service == uri->service && row->transport == uri->transport)
			return row->kind;
	return NULL;
}
