/* Applies what is missing, in order, never skipping and never going back. */
#include "lib/store/migration.h"
#include "lib/store/query.h"

#include <stdio.h>

static enum err version_read(struct connection *connection, int *ret_version);
static enum err migration_apply(struct connection *connection, int number);

enum err migration_run(struct connection *connection, struct reason *ret_reason)
{
    int version = 0;
    TRY(version_read(connection, &version));
    if (version > migration_count) {
        char seen[16];
        char expected[16];
        snprintf(seen, sizeof seen, "%d", version);
        snprintf(expected, sizeof expected, "%d", migration_count);
        return reason_set(ret_reason, ERR_UNSUPPORTED, "store.newer", NULL, seen, expected);
    }
    for (int number = version; number < migration_count; number++) {
        TRY(migration_apply(connection, number));
    }
    return OK;
}

enum err migration_check(struct connection *connection, struct reason *ret_reason)
{
    int version = 0;
    TRY(version_read(connection, &version));
    if (version != migration_count) {
        char seen[16];
        char expected[16];
        snprintf(seen, sizeof seen, "%d", version);
        snprintf(expected, sizeof expected, "%d", migration_count);
        return reason_set(ret_reason, ERR_UNSUPPORTED, "store.newer", NULL, seen, expected);
    }
    return OK;
}

static enum err version_read(struct connection *connection, int *ret_version)
{
    AUTO(query) query = query_on(connection, "PRAGMA user_version");
    TRY(query_row(&query));
    *ret_version = (int)column_int64(&query, 0);
    return OK;
}

static enum err migration_apply(struct connection *connection, int number)
{
    char version[64];
    snprintf(version, sizeof version, "PRAGMA user_version = %d", number + 1);
    TRY(connection_exec(connection, "BEGIN IMMEDIATE"));
    enum err err = connection_exec(connection, migrations[number]);
    if (err == OK) {
        err = connection_exec(connection, version);
    }
    if (err == OK) {
        err = connection_exec(connection, "COMMIT");
    }
    if (err != OK) {
        connection_rollback(connection);
    }
    return err;
}
