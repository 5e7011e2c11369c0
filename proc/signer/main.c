/* The signer.
 *
 * What I hold: the issuing CAs' private keys, and the journal of everything I ever signed, revoked or
 * refused. Whom I talk to: the registrar, over one socket, and nobody else: I have no network and no
 * store. What I may do: read requests, compute, append to the journal. I believe nothing that I can't
 * check by the roster's keys. As `ceremony` I am another program under the same name: run by hand,
 * once, with the root's key and without any socket. */
#include "proc/signer/ceremony.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "ceremony") == 0) {
        return ceremony_main(argc - 1, argv + 1);
    }
    return 64;
}
