/* What a server may send for a chain: pieces, each behind its length of two bytes. Whatever it is,
 * each piece has one place, and the walk ends. */
#include "lib/pki/sent.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span pieces[SENT_MAX];
    struct sent sent;
    size_t count = 0;
    while (size >= 2 && count < SENT_MAX) {
        size_t len = (size_t)data[0] << 8 | data[1];
        len = len < size - 2 ? len : size - 2;
        pieces[count++] = span_make(data + 2, len);
        data += 2 + len;
        size -= 2 + len;
    }
    if (count > 0 && sent_judge(pieces, count, &sent) == OK) {
        assert(sent.count == count && sent.places[0] == SENT_OWN);
        for (size_t i = 1; i < count; i++) {
            assert(sent.places[i] > SENT_OWN && sent.places[i] <= SENT_UNRELATED);
        }
    }
    return 0;
}
