#pragma once
/* Certificate and key where a server program reads them: two files that always fit each other. Both
 * are symbolic links into `current`, which is itself a link to one generation, switched by one
 * rename:
 *
 *     site.crt -> .ecert-site.crt/current/certificate.pem     .ecert-site.crt/current -> 7
 *     site.key -> .ecert-site.crt/current/key.pem             .ecert-site.crt/7, and 6 for going
 * back
 *
 * Where the key is in a token, key.pem holds the line that names it, so that certificate and key
 * change together there too. Files that stand there already first become generation 0, so that the
 * old pair, too, changes to the new one in that single step (doc/threats.md K3, K8). */
#include "lib/crypto/key.h"

struct install_request {
    const char *certificate_path;
    const char *key_path; /* NULL: the key stands behind the certificates, in one file (HAProxy) */
    struct span full_chain; /* PEM, leaf first */
    const struct key *key;
    /* What stands in the key's file in place of the key: a line of the server program's
     * configuration that names a key in a token. Empty: the key. */
    struct span key_line;
};

/* ERR_DENIED with "install.mismatch" if the leaf isn't the key's, "install.directory" for a
 * directory in which others may write, "install.link" for a path that is a link of somebody else's,
 * "install.same_file" (ERR_INPUT) where both paths name one file; "install.write" for what the
 * system refuses (seen: its words). On any failure the pair that was there still is. A pair that is
 * there already is left as it is, so that the one before it stays for going back. */
enum err certstore_install(
    const struct install_request *request, struct reason *ret_reason) MUST_USE;
/* Back to the pair before, by the same single rename. `key_path` as above. ERR_NOT_FOUND with
 * "install.no_previous" if there is none; else as above. */
enum err certstore_install_back(
    const char *certificate_path, const char *key_path, struct reason *ret_reason) MUST_USE;
