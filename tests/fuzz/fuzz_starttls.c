/* What mail servers say before TLS: the first byte chooses the protocol, the rest are lines. A talk
 * ends in two or three turns of ours, whatever is said. */
#include "lib/http/starttls.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_make(data, size);
    struct starttls_talk talk = { .protocol = STARTTLS_SMTP };
    int said = 0;
    if (size > 0) {
        talk.protocol = STARTTLS_SMTP + data[0] % 3;
        rest = span_make(data + 1, size - 1);
    }
    while (rest.len > 0) {
        const char *words = NULL;
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.data);
        enum starttls_turn turn = starttls_hear(&talk, span_make(rest.data, len), &words);
        assert((turn == STARTTLS_SAY) == (words != NULL));
        said += turn == STARTTLS_SAY;
        assert(said <= 2);
        if (turn == STARTTLS_BEGIN || turn == STARTTLS_REFUSED) {
            break;
        }
        rest = end == NULL ? span_make(NULL, 0) : span_make(end + 1, rest.len - len - 1);
    }
    return 0;
}
