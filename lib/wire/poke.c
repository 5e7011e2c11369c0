/* The poke, sender's side; the receiver's is nothing_read. */
#include "lib/wire/poke.h"

enum err poke_send(struct client *client)
{
    struct request request = request_make(POKE, nothing_write, NULL);
    return client_send(client, &request);
}
