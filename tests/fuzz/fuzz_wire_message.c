/* Messages between processes: the first octet chooses a read function, the rest is a request, and
 * an answer to one. */
#include "lib/wire/message.h"
#include "tests/fuzz/wire_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned type = 0;
    struct der body;
    struct reason reason;
    AUTO(arena) arena = arena_make(4 * 1024 * 1024);
    if (size > 0) {
        const struct wire_reader *reader = &wire_readers[data[0] % wire_reader_count];
        struct span message = span_make(data + 1, size - 1);
        if (request_parse(message, &type, &body) == OK ||
            answer_parse(message, data[0], &body, &reason) == OK) {
            (void)!reader->read(&body, &arena);
        }
    }
    return 0;
}
