#pragma once
/* A PFX is a stranger's file in a form that has broken many readers, and opening it costs as much
 * work as the file says. So it is read apart (doc/threats.md K6). */
#include "lib/crypto/pfx.h"

/* As pfx_read, in a process of its own that holds nothing but the file and the passphrase, can
 * open and reach nothing, and ends with "pfx.apart" (ERR_INPUT) if the file breaks it or keeps it
 * busy for more than a minute. Knows RC2 where OpenSSL's module of old ciphers is installed. May be
 * called in several threads at once; the program's main is to ask pfx_apart_is_asked first. */
enum err pfx_read_apart(struct span der, const struct secret *passphrase, struct reason *ret_reason,
    struct pfx *ret_pfx) MUST_USE;

/* Whether this process is that one: the hidden word, and a socket at its place. */
bool pfx_apart_is_asked(int argc, char *const *argv);
/* What it does, then: the exit code. */
int pfx_apart_run(void) MUST_USE;
