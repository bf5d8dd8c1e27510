/*
 * Feeds files to a fuzz target without libFuzzer, so that every build, whatever its compiler and
 * sanitizer, runs the corpus and all that was ever found.
 *
 *     replay_parse DIRECTORY...
 */
#include <dirent.h>
#include <limits.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define FILE_MAX ((size_t)1024 * 1024)

static void feed(const char *path)
{
    FILE *stream = fopen(path, "re");
    uint8_t *bytes = malloc(FILE_MAX);
    uint8_t *exact;
    size_t size;

    FUZZ_CHECK(stream != NULL && bytes != NULL);
    size = fread(bytes, 1, FILE_MAX, stream);
    (void)fclose(stream);               /* only read */
    exact = malloc(size + (size == 0)); /* so that a sanitizer sees what is read beyond the end */
    FUZZ_CHECK(exact != NULL);
    memcpy(exact, bytes, size);
    (void)LLVMFuzzerTestOneInput(exact, size); /* aborts if anything is wrong */
    free(exact);
    free(bytes);
}

/* Return: how many files there were. */
static unsigned feed_all(const char *directory)
{
    DIR *entries = opendir(directory);
    unsigned count = 0;

    FUZZ_CHECK(entries != NULL);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char path[PATH_MAX];

        if (entry->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name); /* short */
            feed(path);
            count++;
        }
    }
    (void)closedir(entries); /* only read */
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;

    for (int i = 1; i < argc; i++) {
        count += feed_all(argv[i]);
    }
    (void)printf("%u files\n", count);
    return count > 0 ? 0 : 1;
}
