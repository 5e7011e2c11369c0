#pragma once
/* One SQLite connection with its prepared statements; used by one thread at a time. */
#include "lib/base/bytes.h"

#include <sqlite3.h>

enum {
    /* A third more slots than there are statements in this folder, so that probing stays short. */
    STATEMENTS_MAX = 256,
    /* Only somebody with a shell of his own in the database makes a connection wait at all. */
    BUSY_TIMEOUT_MS = 5000,
};

struct statement {
    const char *sql; /* the address is the key */
    sqlite3_stmt *prepared;
};

struct connection {
    sqlite3 *database;
    bool in_transaction; /* writing sentences assert it */
    struct statement statements[STATEMENTS_MAX];
};

/* `reader` connections can't write. Sets every pragma that keeps a damaged or forged file from
 * doing harm. */
enum err connection_open(const char *path, bool reader, struct connection **ret_connection,
    struct reason *ret_reason) MUST_USE;
void connection_free(struct connection *connection);
/* Prepared at first use, kept until the connection goes. `sql` must be static. */
enum err connection_statement(
    struct connection *connection, const char *sql, sqlite3_stmt **ret_statement) MUST_USE;
/* For statements without parameters and results. */
enum err connection_exec(struct connection *connection, const char *sql) MUST_USE;
/* Whatever state the transaction is in, there is none afterwards. */
void connection_rollback(struct connection *connection);
/* What a caller acts on: FULL to ERR_NO_SPACE, BUSY to ERR_AGAIN, CONSTRAINT to ERR_CONFLICT. */
enum err connection_err(int result);
