/* OpenSSL's life in a process. */
#include "lib/crypto/start.h"

#include <openssl/crypto.h>

void crypto_ends_with_process(void)
{
    /* Where it fails, the library cleans up after all. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, /* settings= */ NULL);
}
