/* Observations: what parses is written again byte for byte, its signed part included. */
#include "lib/ca/observation.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct observation observation;
    struct der reader = der_reader(span_make(data, size));
    if (observation_read(&reader, &observation) == OK && der_empty(&reader)) {
        uint8_t again[64 * 1024];
        size_t len = 0;
        struct der_writer writer = der_writer_make(again, sizeof again);
        observation_write(&writer, &observation);
        if (der_writer_finish(&writer, &len) == OK) {
            assert(span_equal(span_make(again, len), span_make(data, size)));
        }
    }
    return 0;
}
