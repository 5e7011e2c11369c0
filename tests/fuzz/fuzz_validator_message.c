/* Both directions of the validator's conversation; an accepted check is written back to the byte.
 */
#include "lib/wire/validator.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct validator_check check;
    struct validator_answer answer;
    struct der reader = der_reader(span_make(data, size));
    if (validator_check_read(&reader, &check) == OK && der_finish(&reader) == OK) {
        AUTO(buf) again = buf_make(4096);
        enum err err = der_encode(validator_check_write, &check, &again);
        assert(err == OK && span_equal(buf_span(&again), span_make(data, size)));
    }
    reader = der_reader(span_make(data, size));
    (void)!validator_answer_read(&reader, &answer);
    return 0;
}
