#pragma once
/* What the ceremony made public, brought into the store. */
#include "proc/registrar/registrar.h"

/* One file by its name: NAME.crt is a certificate in DER, NAME.crl a CRL in DER. ERR_INPUT for
 * anything else, ERR_CONFLICT for a CRL that is older than the published one. */
enum err publication_take(struct registrar *registrar, const struct act *act, const char *file_name,
    struct span content, struct reason *ret_reason) MUST_USE;
/* All such files of the configured folder; others are left alone. */
enum err publications_load(struct registrar *registrar, struct reason *ret_reason) MUST_USE;
