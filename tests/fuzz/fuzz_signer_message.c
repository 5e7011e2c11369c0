/* What a driven signer reads: a warrant, its application and a revocation are written back to the
 * byte. */
#include "lib/wire/signer.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct warrant warrant;
    struct signer_revoke revoke;
    struct der reader = der_reader(span_make(data, size));
    AUTO(arena) arena = arena_make(4 * 1024 * 1024);
    AUTO(buf) again = buf_make(2 * WARRANT_MAX_BYTES);
    AUTO(buf) application = buf_make(2 * WARRANT_MAX_BYTES);
    if (warrant_parse(span_make(data, size), &arena, &warrant) == OK) {
        enum err err = warrant_format(&warrant, &again);
        err = err == OK ? application_format(&warrant.application, &application) : err;
        assert(err == OK && span_equal(buf_span(&again), span_make(data, size)));
        assert(span_equal(buf_span(&application), warrant.application_der));
    } else if (signer_revoke_read(&reader, &revoke) == OK && der_finish(&reader) == OK) {
        enum err err = der_encode(signer_revoke_write, &revoke, &again);
        assert(err == OK && span_equal(buf_span(&again), span_make(data, size)));
    }
    return 0;
}
