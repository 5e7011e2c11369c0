/* Opening SQLite the one safe way, preparing each statement once, and naming its failures. */
#include "lib/store/connection.h"

#include <errno.h>
#include <stdlib.h>

static const char *const pragmas[] = {
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 0",
};

static enum err connection_prepare(struct connection *connection, bool reader);
static int result_of_io(int result);

enum err connection_open(
    const char *path, bool reader, struct connection **ret_connection, struct reason *ret_reason)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        return ERR_MEMORY;
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(path, &connection->database, flags, NULL);
    enum err err = connection_err(result);
    if (err == OK) {
        err = connection_prepare(connection, reader);
    }
    if (err != OK) {
        const char *seen = connection->database == NULL ? "" : sqlite3_errmsg(connection->database);
        (void)reason_set(ret_reason, err, "store.open", path, seen, NULL);
        connection_free(connection);
        return err;
    }
    *ret_connection = connection;
    return OK;
}

static enum err connection_prepare(struct connection *connection, bool reader)
{
    sqlite3 *database = connection->database;
    sqlite3_extended_result_codes(database, 1);
    sqlite3_busy_timeout(database, BUSY_TIMEOUT_MS);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++) {
        TRY(connection_exec(connection, pragmas[i]));
    }
    return reader ? connection_exec(connection, "PRAGMA query_only = ON") : OK;
}

void connection_free(struct connection *connection)
{
    if (connection == NULL) {
        return;
    }
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        sqlite3_finalize(connection->statements[i].prepared);
    }
    sqlite3_close(connection->database);
    free(connection);
}

enum err connection_statement(
    struct connection *connection, const char *sql, sqlite3_stmt **ret_statement)
{
    size_t slot = ((uintptr_t)sql >> 3) % STATEMENTS_MAX;
    for (size_t probe = 0; probe < STATEMENTS_MAX; probe++) {
        struct statement *statement = &connection->statements[slot];
        if (statement->sql == sql) {
            *ret_statement = statement->prepared;
            return OK;
        }
        if (statement->sql == NULL) {
            int result = sqlite3_prepare_v3(connection->database, sql, -1,
                SQLITE_PREPARE_PERSISTENT, &statement->prepared, /* tail */ NULL);
            TRY(connection_err(result));
            statement->sql = sql;
            *ret_statement = statement->prepared;
            return OK;
        }
        slot = (slot + 1) % STATEMENTS_MAX;
    }
    return ERR_LIMIT;
}

enum err connection_exec(struct connection *connection, const char *sql)
{
    int result = sqlite3_exec(connection->database, sql, NULL, NULL, NULL);
    return connection_err(result);
}

void connection_rollback(struct connection *connection)
{
    if (sqlite3_get_autocommit(connection->database) == 0) {
        (void)sqlite3_exec(connection->database, "ROLLBACK", NULL, NULL, NULL);
    }
}

enum err connection_err(int result)
{
    switch (result_of_io(result) & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return OK;
    case SQLITE_FULL:
        return ERR_NO_SPACE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_AGAIN;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_NOMEM:
        return ERR_MEMORY;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return ERR_DENIED;
    default:
        return ERR_IO;
    }
}

/* A write beyond the quota or the process's file size limit is an I/O error to SQLite, which keeps
 * the reason for some calls only; the errno of the failed write is still there for the others. */
static int result_of_io(int result)
{
    bool full = err_from_errno(errno) == ERR_NO_SPACE;
    return (result & 0xff) == SQLITE_IOERR && full ? SQLITE_FULL : result;
}
