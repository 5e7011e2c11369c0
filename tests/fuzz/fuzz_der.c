/* The strict DER reader: walks whatever there is, element by element, into what can be entered. */
#include "lib/der/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct der reader)
{
    struct der_element element;
    struct der inner;
    while (!der_empty(&reader)) {
        struct der before = reader;
        if (der_read_any(&reader, &element) != OK) {
            return;
        }
        if ((element.tag & 0x20) != 0 && der_enter(&before, element.tag, &inner) == OK) {
            walk(inner);
        }
        int64_t number = 0;
        before = der_reader(element.whole);
        (void)!der_read_int64(&before, &number);
        (void)!der_read_time(&before, &number);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    walk(der_reader(span_make(data, size)));
    return 0;
}
