#pragma once
/* Cases proved by several threads, handed out and taken back by one. */
#include "lib/journal/proof_certificate.h"

/* One case with its own bytes, and what became of it. */
struct proof_job {
    struct proof_case of;
    uint8_t *intent_body;
    uint8_t *certificate, *precertificate, *completion;
    enum err err;
    struct reason reason;
    struct proof_outcome outcome;
    struct proof_job *next; /* in whatever list it is */
};

/* Copies the body of an intent's record. */
enum err proof_job_new(struct span intent_body, struct proof_job **ret_job) MUST_USE;
/* Copies what was signed of it, or is to be. */
enum err proof_job_certify(struct proof_job *job, struct span certificate) MUST_USE;
enum err proof_job_precertify(struct proof_job *job, struct span precertificate) MUST_USE;
enum err proof_job_complete(struct proof_job *job, struct span tbs) MUST_USE;
void proof_job_free(struct proof_job *job);

struct proof_pool;

enum err proof_pool_new(unsigned threads, struct proof_pool **ret_pool) MUST_USE;
/* Ends the threads; what has not been taken back is freed. */
void proof_pool_free(struct proof_pool *pool);
AUTO_PTR_DEFINE(proof_pool, proof_pool_free)
/* Waits while too many are on their way. */
void proof_pool_put(struct proof_pool *pool, struct proof_job *job);
/* A job that is done, in any order; NULL if none is (`wait`: if none is on its way either). */
struct proof_job *proof_pool_take(struct proof_pool *pool, bool wait);
