/* See json.h. */
#include "view/json.h"

#include "metric/report_write.h"

void json_view_write(const struct report *report, struct buffer *out)
{
	report_write(report, out);
}
