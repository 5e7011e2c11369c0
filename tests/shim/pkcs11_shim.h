#pragma once
/* What the shim module (pkcs11_shim.c) and whoever commands it share: a file, mapped by both. One
 * row a function; the shim counts the calls and looks at its row before each. */
#include <stdint.h>

enum shim_function {
    SHIM_INITIALIZE,
    SHIM_GET_SLOT_LIST,
    SHIM_GET_TOKEN_INFO,
    SHIM_OPEN_SESSION,
    SHIM_LOGIN,
    SHIM_FIND_OBJECTS_INIT,
    SHIM_FIND_OBJECTS,
    SHIM_GET_ATTRIBUTE_VALUE,
    SHIM_SIGN_INIT,
    SHIM_SIGN,
    SHIM_GENERATE_KEY_PAIR,
    SHIM_FUNCTIONS,
};

enum shim_fault {
    SHIM_RIGHT,
    SHIM_ERROR,   /* answers `value` and does nothing */
    SHIM_GARBAGE, /* answers CKR_OK and as many octets of nonsense; a P-256 pair: private key 2 */
    SHIM_FLIP,    /* the right answer, one bit of it flipped */
    SHIM_SHORT,   /* the right answer, an octet shorter */
    SHIM_DELAY,   /* the right answer, after `value` milliseconds */
    SHIM_LOST,    /* all sessions closed behind our back, then what the module says */
    SHIM_GONE,    /* the module finalised behind our back, then what it says */
};

struct shim_row {
    int64_t calls; /* since the file was made */
    int64_t fault; /* enum shim_fault */
    int64_t first; /* the first call that has it, by its number from 1 */
    int64_t last;
    int64_t value;
};
