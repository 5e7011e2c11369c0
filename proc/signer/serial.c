/* Drawing serial numbers. */
#include "proc/signer/serial.h"

enum { SERIAL_FIRST_OCTET = 0x4e };

enum err serial_draw(const struct random *random, uint8_t ret_serial[SERIAL_BYTES])
{
    ret_serial[0] = SERIAL_FIRST_OCTET;
    return random_fill(random, ret_serial + 1, SERIAL_BYTES - 1);
}
