/* Statements about ceremonies as files, and the bodies of a ceremony's records: what parses comes
 * out of the writer byte for byte. */
#include "lib/ca/ceremony.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct span input, void (*write)(struct der_writer *writer, const void *object),
    const void *object)
{
    AUTO(buf) again = buf_make(1024 * 1024);
    assert(der_encode(write, object, &again) == OK);
    assert(span_equal(buf_span(&again), input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_make(data, size);
    struct der reader = der_reader(input);
    struct administrators set;
    struct statement statement;
    static struct ceremony_begun begun;
    struct ceremony_intent intent;
    struct ceremony_verdict verdict;
    (void)!statement_parse(input, &statement);
    if (administrators_read(&reader, &set) == OK && der_empty(&reader)) {
        same(input, administrators_write, &set);
    }
    if (ceremony_begun_read(input, &begun) == OK) {
        same(input, ceremony_begun_write, &begun);
    }
    if (ceremony_intent_read(input, &intent) == OK) {
        same(input, ceremony_intent_write, &intent);
    }
    if (ceremony_verdict_read(input, &verdict) == OK) {
        same(input, ceremony_verdict_write, &verdict);
    }
    return 0;
}
