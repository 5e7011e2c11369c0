/* The process's handle: one reading connection a thread, one writing connection for all, and the
 * queue in which transactions wait together. Whoever finds nobody at work becomes the leader: takes
 * the turn, runs everybody's change behind its own savepoint and commits once for all. */
#include "lib/store/store.h"
#include "lib/store/migration.h"
#include "lib/store/query.h"
#include "lib/store/turn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BATCH_MAX = 64, /* so that the last of a crowd does not hold up the answers of the first */
    AGAIN_MAX = 3,
};

/* One waiting store_transact; lives on its caller's stack. */
struct job {
    struct job *next;
    enum err (*change)(struct store *store, void *ctx);
    void *ctx;
    enum err err;
    bool done;
};

struct store {
    char path[PATH_MAX];
    struct connection *view; /* in a transaction's store; NULL in the process's */
    struct connection *writer;
    struct turn turn;
    pthread_key_t reader; /* struct connection * of the thread */
    bool reader_made;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct job *first;
    struct job **last;
    bool leading;
};

static enum err file_make(const char *path);
static enum err writer_open(struct store *store, struct reason *ret_reason);
static enum err reader_of(struct store *store, struct connection **ret_connection);
static void reader_free(void *connection);
static enum err job_run(struct store *store, struct job *job);
static void lead(struct store *store);
static size_t batch_take(struct store *store, struct job *batch[BATCH_MAX]);
static void batch_run(struct store *store, struct job *batch[], size_t count);
static enum err batch_try(struct store *store, struct job *batch[], size_t count);
static enum err job_try(struct store *transaction, struct job *job);

enum err store_open(const char *path, struct store **ret_store, struct reason *ret_reason)
{
    AUTO_PTR(store) store = calloc(1, sizeof *store);
    if (store == NULL) {
        return ERR_MEMORY;
    }
    if (snprintf(store->path, sizeof store->path, "%s", path) >= (int)sizeof store->path) {
        return ERR_LIMIT;
    }
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->changed, NULL);
    store->last = &store->first;
    store->reader_made = pthread_key_create(&store->reader, reader_free) == 0;
    enum err err = store->reader_made ? writer_open(store, ret_reason) : ERR_MEMORY;
    if (err != OK) {
        return err;
    }
    *ret_store = store;
    store = NULL;
    return OK;
}

enum err store_open_reading(const char *path, struct store **ret_store, struct reason *ret_reason)
{
    AUTO_PTR(store) store = calloc(1, sizeof *store);
    if (store == NULL) {
        return ERR_MEMORY;
    }
    if (access(path, R_OK) != 0) {
        return reason_set(
            ret_reason, err_from_errno(errno), "store.open", path, strerror(errno), NULL);
    }
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->changed, NULL);
    TRY(connection_open(path, /* reader */ true, &store->writer, ret_reason));
    TRY(migration_check(store->writer, ret_reason));
    store->view = store->writer;
    *ret_store = store;
    store = NULL;
    return OK;
}

void store_free(struct store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->reader_made) {
        /* The other threads' connections went with their threads. */
        connection_free(pthread_getspecific(store->reader));
        pthread_key_delete(store->reader);
    }
    connection_free(store->writer);
    turn_close(&store->turn);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

/* Opening changes the database (WAL mode, migrations), so it has its turn like any writer. */
static enum err writer_open(struct store *store, struct reason *ret_reason)
{
    char turn_path[PATH_MAX];
    if (snprintf(turn_path, sizeof turn_path, "%s.turn", store->path) >= (int)sizeof turn_path) {
        return ERR_LIMIT;
    }
    enum err err = turn_open(turn_path, &store->turn);
    if (err != OK) {
        return reason_set(ret_reason, err, "store.open", turn_path, err_name(err), NULL);
    }
    TRY(turn_take(&store->turn));
    err = file_make(store->path);
    if (err == OK) {
        err = connection_open(store->path, /* reader */ false, &store->writer, ret_reason);
    }
    if (err == OK) {
        err = migration_run(store->writer, ret_reason);
    }
    turn_give(&store->turn);
    return err;
}

/* All roles' users share the database by their group, whatever the first one's umask was. */
static enum err file_make(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
    if (fd < 0) {
        return errno == EEXIST ? OK : err_from_errno(errno);
    }
    int result = fchmod(fd, 0660);
    close(fd);
    return result == 0 ? OK : err_from_errno(errno);
}

struct query query_read(struct store *store, const char *sql)
{
    struct connection *connection = store->view;
    if (connection == NULL) {
        enum err err = reader_of(store, &connection);
        if (err != OK) {
            return (struct query){ .failed = err };
        }
    }
    return query_on(connection, sql);
}

struct query query_write(struct store *store, const char *sql)
{
    assert(store->view != NULL && store->view->in_transaction);
    return query_on(store->view, sql);
}

static enum err reader_of(struct store *store, struct connection **ret_connection)
{
    struct connection *connection = pthread_getspecific(store->reader);
    if (connection == NULL) {
        TRY(connection_open(store->path, /* reader */ true, &connection, NULL));
        if (pthread_setspecific(store->reader, connection) != 0) {
            connection_free(connection);
            return ERR_MEMORY;
        }
    }
    *ret_connection = connection;
    return OK;
}

static void reader_free(void *connection)
{
    connection_free(connection);
}

enum err store_transact(
    struct store *store, enum err (*change)(struct store *store, void *ctx), void *ctx)
{
    assert(store->view == NULL);
    enum err err = ERR_AGAIN;
    for (int attempt = 0; attempt < AGAIN_MAX && err == ERR_AGAIN; attempt++) {
        struct job job = { .change = change, .ctx = ctx };
        err = job_run(store, &job);
    }
    return err;
}

static enum err job_run(struct store *store, struct job *job)
{
    pthread_mutex_lock(&store->mutex);
    *store->last = job;
    store->last = &job->next;
    while (!job->done) {
        if (store->leading) {
            pthread_cond_wait(&store->changed, &store->mutex);
        } else {
            lead(store);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return job->err;
}

/* Called and left with the mutex held. The batch is taken only once the turn is ours: all who came
 * while we waited go with us. */
static void lead(struct store *store)
{
    store->leading = true;
    pthread_mutex_unlock(&store->mutex);
    enum err turn = turn_take(&store->turn);
    struct job *batch[BATCH_MAX];
    pthread_mutex_lock(&store->mutex);
    size_t count = batch_take(store, batch);
    pthread_mutex_unlock(&store->mutex);
    if (turn == OK) {
        batch_run(store, batch, count);
        turn_give(&store->turn);
    }
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < count; i++) {
        batch[i]->err = turn == OK ? batch[i]->err : turn;
        batch[i]->done = true;
    }
    store->leading = false;
    pthread_cond_broadcast(&store->changed);
}

static size_t batch_take(struct store *store, struct job *batch[BATCH_MAX])
{
    size_t count = 0;
    while (count < BATCH_MAX && store->first != NULL) {
        batch[count++] = store->first;
        store->first = store->first->next;
    }
    if (store->first == NULL) {
        store->last = &store->first;
    }
    return count;
}

/* If the common transaction fails as a whole, each has one of its own: nobody fails for another. */
static void batch_run(struct store *store, struct job *batch[], size_t count)
{
    enum err err = batch_try(store, batch, count);
    if (err == OK) {
        return;
    }
    if (count == 1) {
        batch[0]->err = err;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        enum err own = batch_try(store, &batch[i], 1);
        batch[i]->err = own == OK ? batch[i]->err : own;
    }
}

/* Each job's own outcome is in the job; the result is the transaction's. */
static enum err batch_try(struct store *store, struct job *batch[], size_t count)
{
    struct store transaction = { .view = store->writer };
    TRY(connection_exec(store->writer, "BEGIN IMMEDIATE"));
    store->writer->in_transaction = true;
    enum err err = OK;
    for (size_t i = 0; i < count && err == OK; i++) {
        err = job_try(&transaction, batch[i]);
    }
    if (err == OK) {
        err = connection_exec(store->writer, "COMMIT");
    }
    store->writer->in_transaction = false;
    if (err != OK) {
        connection_rollback(store->writer);
    }
    return err;
}

/* SQLite ends the whole transaction by itself after some failures (a full disk is one). */
static enum err job_try(struct store *transaction, struct job *job)
{
    struct connection *writer = transaction->view;
    TRY(connection_exec(writer, "SAVEPOINT job"));
    job->err = job->change(transaction, job->ctx);
    if (sqlite3_get_autocommit(writer->database) != 0) {
        return job->err == OK ? ERR_IO : job->err;
    }
    if (job->err != OK) {
        TRY(connection_exec(writer, "ROLLBACK TO job"));
    }
    return connection_exec(writer, "RELEASE job");
}

enum err store_check(struct store *store, struct reason *ret_reason)
{
    char answer[256] = "";
    AUTO(query) query = query_read(store, "PRAGMA quick_check(1)");
    TRY(query_row(&query));
    TRY(column_cstring(&query, 0, answer, sizeof answer));
    if (strcmp(answer, "ok") != 0) {
        return reason_set(ret_reason, ERR_IO, "store.damaged", NULL, answer, "ok");
    }
    return OK;
}
