#include "support/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define GOLDEN_MAX (1 << 20)

static const char *golden_path(const char *name, char path[512])
{
	const char *source = getenv("CONNTEST_SOURCE");
	(void)snprintf(path, 512, "%s/tests/golden/%s", source ? source : ".", name);
	return path;
}

static void golden_write(const char *path, const struct buffer *out)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(buffer_text(out), 1, out->size, file), out->size);
	assert_int_equal(fclose(file), 0);
}

void golden_check(const char *name, const struct buffer *out)
{
	char path[512];
	static char wanted[GOLDEN_MAX];
	assert_int_equal(out->error, 0);
	if (getenv("UPDATE"))
		golden_write(golden_path(name, path), out);
	FILE *file = fopen(golden_path(name, path), "r");
	if (!file)
		fail_msg("%s is missing; UPDATE=1 writes it", path);
	size_t size = fread(wanted, 1, sizeof(wanted) - 1, file);
	wanted[size] = '\0';
	(void)fclose(file);
	assert_string_equal(buffer_text(out), wanted);
}
