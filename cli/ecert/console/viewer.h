#pragma once
/* The certificate viewer: General, Details and Path, for a certificate of any store. */
#include "cli/ecert/console/visit.h"

enum viewer_tab { VIEWER_GENERAL, VIEWER_DETAILS, VIEWER_PATH, VIEWER_TABS };

/* "tabs"; `path` is the certificate's page, "/certificate/…". */
void viewer_put_tabs(struct visit *visit, const char *path, enum viewer_tab shown);
/* "facts": every field and extension, as {label or oid, lines[], groups[]}. */
enum err viewer_put_details(struct visit *visit, struct span der) MUST_USE;
/* "paths": each way to a root, the root first, which one clients take, and what is wrong with the
 * others. `chain` is PEM. */
enum err viewer_put_paths(struct visit *visit, const struct certstore *store, struct span der,
    struct span chain) MUST_USE;
/* Server names for people: "names" of {unicode, ascii where it differs, mixed}. */
void viewer_put_names(
    struct visit *visit, struct value *object, const struct span *names, size_t count);
