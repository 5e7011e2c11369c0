/* Cryptography is the pool's, waiting is the caller's: he is woken once, when everything is done
 * and on disk. */
#include "proc/signer/internal.h"

/* An errand at the pool. */
struct asked {
    struct errand *errand;
    struct journal_waiter waiter;
    struct reason reason;
    enum err err;
};

/* The caller is gone as soon as he is enlisted or dismissed. */
static void errand_run(void *ctx)
{
    struct asked *asked = ctx;
    struct errand *errand = asked->errand;
    asked->err = errand->run(errand, &asked->reason);
    if (errand->recorded) {
        journal_enlist(errand->issuing->journal, &asked->waiter, &errand->awaited);
    } else {
        journal_dismiss(&asked->waiter);
    }
}

/* What the disk says of the record counts before what the run said: a verdict that was to be
 * recorded and isn't is none, and a signature whose record is lost doesn't leave. */
enum err errand_do(struct errand *errand, struct buf *certificate, struct reason *ret_reason)
{
    struct asked asked = { .errand = errand };
    struct pool_task task = { .work = errand_run, .ctx = &asked };
    errand->made = buf_make(CERTIFICATE_MAX_BYTES);
    journal_waiter_init(&asked.waiter);
    pool_ask(errand->issuing->pool, &task);
    enum err err = journal_await(errand->issuing->journal, &asked.waiter);
    err = err == OK ? asked.err : err;
    follower_poke(errand->issuing->follower);
    if (err == OK) {
        buf_append(certificate, buf_span(&errand->made));
        err = buf_check(certificate);
    } else if (ret_reason != NULL) {
        *ret_reason = asked.reason;
    }
    buf_release(&errand->made);
    return err;
}

void errand_await(struct errand *errand, const struct journal_ticket *ticket)
{
    errand->recorded = true;
    errand->awaited = *ticket;
}
