/* Certificates a second through the lints alone, without process, file and output: what one costs
 * the signer before it signs. Run by bench-lint.
 *
 *   lint_loop FILE …      prints certificates a second of processor time */
#include "bench/measure.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/lint/lint.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILES_MAX = 64, ROUNDS = 7, ROUND_PASSES = 400 };

struct object {
    struct buf der;
    enum lint_kind kind;
};

int main(int argc, char **argv)
{
    static struct object objects[FILES_MAX];
    static struct lint_result result;
    double rates[ROUNDS];
    size_t count = 0, checked = 0;
    for (int i = 1; i < argc && count < FILES_MAX; i++, count++) {
        if (file_read(argv[i], FILE_MAX_BYTES, &objects[count].der) != OK ||
            lint_guess(buf_span(&objects[count].der), &objects[count].kind) != OK) {
            fprintf(stderr, "lint_loop: %s can't be read\n", argv[i]);
            return EXIT_FAILURE;
        }
    }
    if (count == 0) {
        return 64;
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        double begin = measure_cpu();
        for (size_t i = 0; i < ROUND_PASSES * count; i++) {
            const struct object *object = &objects[i % count];
            (void)(lint_judge(buf_span(&object->der), object->kind, 0, &result) == OK);
            checked += result.checked;
        }
        rates[round] = (double)(ROUND_PASSES * count) / (measure_cpu() - begin);
    }
    printf("%.1f %zu\n", measure_median(rates, ROUNDS), checked / (ROUNDS * ROUND_PASSES * count));
    for (size_t i = 0; i < count; i++) {
        buf_release(&objects[i].der);
    }
    return EXIT_SUCCESS;
}
