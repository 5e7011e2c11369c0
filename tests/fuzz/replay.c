/* Runs a fuzz target over its seeds as an ordinary test: every file of the folders named, then each
 * of them cut short and with single bits turned over, so that a crash found once is looked for
 * again in every build. With -Dfuzz_engine=true (clang) the targets are linked with libFuzzer
 * instead. */
#include "lib/base/file.h"

#include <dirent.h>
#include <stdio.h>

enum { SEED_MAX_BYTES = 1024 * 1024, CUTS_MAX = 64, FLIPS_MAX = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly the right length, so that a sanitizer sees a byte read too many. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL) {
        abort();
    }
    if (size > 0) {
        memcpy(exact, data, size);
    }
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void run_with_neighbours(struct buf *seed)
{
    run(seed->data, seed->len);
    size_t cut = seed->len / CUTS_MAX + 1;
    for (size_t length = 0; length < seed->len; length += cut) {
        run(seed->data, length);
    }
    size_t step = seed->len * 8 / FLIPS_MAX + 1;
    for (size_t bit = 0; bit < seed->len * 8; bit += step) {
        seed->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        run(seed->data, seed->len);
        seed->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static unsigned run_folder(const char *path)
{
    unsigned count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return 0;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[4096];
        AUTO(buf) seed = { 0 };
        if (*entry->d_name != '.' && path_join(name, sizeof name, path, entry->d_name) == OK &&
            file_read(name, SEED_MAX_BYTES, &seed) == OK) {
            run_with_neighbours(&seed);
            count++;
        }
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    run(NULL, 0);
    for (int i = 1; i < argc; i++) {
        count += run_folder(argv[i]);
    }
    printf("%u seeds\n", count);
    return count == 0 ? 1 : 0;
}
