/* Lists of SCTs, as logs and certificates give them; and what of a TBSCertificate a log signs. */
#include "lib/pki/sct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sct scts[SCT_LIST_MAX];
    size_t count = 0;
    AUTO(buf) out = buf_make(65536);
    (void)!sct_list_parse(span_make(data, size), scts, &count);
    (void)!sct_signed_tbs(span_make(data, size), &out);
    return 0;
}
