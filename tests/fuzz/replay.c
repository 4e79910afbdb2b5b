// Runs a fuzz target once over each file given, and over each file in each folder given: the
// corpus as an ordinary test, without libFuzzer.

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

// Every input gets a block of exactly its size, so that the address sanitizer sees one byte beyond.
static int replay_file(const char *path)
{
	struct stat status;
	FILE *file = fopen(path, "rb");
	if (file == NULL || fstat(fileno(file), &status) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		if (file != NULL)
			fclose(file);
		return 1;
	}
	fprintf(stderr, "%s\n", path);
	size_t size = (size_t)status.st_size;
	uint8_t *data = malloc(size);
	int failed = fread(data, 1, size, file) != size;
	fclose(file);
	if (!failed)
		LLVMFuzzerTestOneInput(data, size);
	free(data);
	return failed;
}

static int replay_folder(DIR *folder, const char *name)
{
	int failures = 0;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char *path = NULL;
		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&path, "%s/%s", name, entry->d_name) < 0)
			return 1;
		failures += replay_file(path);
		free(path);
	}
	return failures;
}

int main(int argc, char **argv)
{
	int failures = 0;
	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);
		failures += folder != NULL ? replay_folder(folder, argv[i]) : replay_file(argv[i]);
		if (folder != NULL)
			closedir(folder);
	}
	return failures > 0;
}
