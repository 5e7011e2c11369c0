#pragma once
/* The numbered migrations, embedded at build time. A database's number (user_version) is how many
 * of them it has. */
#include "lib/store/connection.h"

extern const char *const migrations[];
extern const int migration_count;

/* Brings the database up to date, each step in its own transaction; the caller holds the writers'
 * turn. ERR_UNSUPPORTED with "store.newer" if a later version made it. */
enum err migration_run(struct connection *connection, struct reason *ret_reason) MUST_USE;
/* For reading only: "store.newer" for any version but this program's. */
enum err migration_check(struct connection *connection, struct reason *ret_reason) MUST_USE;
