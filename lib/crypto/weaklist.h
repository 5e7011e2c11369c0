#pragma once
/* Keys that anybody can make again, because a generator could give no others (Debian's OpenSSL of
 * 2006 to 2008, CVE-2008-0166; BR 6.1.1.3): lists in the format of the package openssl-blacklist.
 * A line is the last twenty hexadecimal digits of SHA-1 over "Modulus=…\n", as `openssl rsa
 * -modulus` prints it; lines that begin with # and empty ones are skipped. */
#include "lib/base/err.h"
#include "lib/base/bytes.h"

struct weaklist;

/* Reads all files into one list; none at all is fine. ERR_NOT_FOUND or ERR_INPUT with
 * "weak_keys.file" (field: the path; seen: the line's number). Constant from then on. */
enum err weaklist_load(const char *const *paths, size_t count, struct weaklist **ret_list,
    struct reason *ret_reason) MUST_USE;
void weaklist_free(struct weaklist *list);
AUTO_PTR_DEFINE(weaklist, weaklist_free)
size_t weaklist_count(const struct weaklist *list);
/* When the oldest of the files was last changed; 0 without any. */
int64_t weaklist_time(const struct weaklist *list);
/* ERR_INPUT with code "csr.key_weak", field "rsa.listed" if the RSA key is on the list. OK for
 * every other kind of key, and for what is no key. `list` may be NULL. */
enum err weaklist_check(
    const struct weaklist *list, struct span spki, struct reason *ret_reason) MUST_USE;
