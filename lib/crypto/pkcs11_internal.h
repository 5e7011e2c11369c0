#pragma once
/* Between the token as its callers see it (pkcs11.c: threads, deadlines, the breaker) and the calls
 * into the module (pkcs11_calls.c), which run on the token's own threads only. */
#include "lib/crypto/internal.h"
#include "lib/crypto/pkcs11.h"

#define CRYPTOKI_GNU 1
#include <p11-kit/pkcs11.h>

#include <pthread.h>

enum {
    TOKEN_SESSIONS = 4,
    TOKEN_KEYS_CACHED = 8,
    TOKEN_INPUT_MAX = 128, /* a DigestInfo of SHA-512 has 83 octets */
};

/* What the module's answer means for us. */
enum fault {
    FAULT_NONE,
    FAULT_SESSION,  /* the session or what was found in it is gone: open anew, once */
    FAULT_DEVICE,   /* the token or the whole module is: initialise anew, once */
    FAULT_PIN,      /* never again */
    FAULT_MISSING,  /* no such token, no such key, or more than one */
    FAULT_EXISTS,   /* a key of that name is there already */
    FAULT_MISMATCH, /* the key there isn't the certificate's */
    FAULT_HUNG,     /* no answer in time */
    FAULT_BUSY,     /* every session is in use: nobody's fault */
    FAULT_OTHER,
};

enum job_kind { JOB_SIGN, JOB_PUBLIC, JOB_GENERATE };

/* One errand, copied in and out: no thread of the token ever sees a caller's memory. */
struct job {
    enum job_kind kind;
    struct pkcs11_uri uri;
    enum key_kind key_kind; /* of what signs, or is to be made */
    unsigned bits;          /* of an RSA key to be made */
    uint8_t input[TOKEN_INPUT_MAX];
    size_t input_len;
    uint8_t spki[KEY_SPKI_MAX_BYTES]; /* JOB_SIGN: what the key must be; else the answer */
    size_t spki_len;
    uint8_t spki_sha256[SHA256_BYTES];      /* JOB_SIGN: of it */
    uint8_t signature[SIGNATURE_MAX_BYTES]; /* as the module gave it */
    size_t signature_len;
    enum fault fault;
    char detail[64]; /* which call, what it answered */
};

/* One thread's session, and the private keys it has found. */
struct token_session {
    bool open;
    uint64_t generation; /* of the module's initialisation that it belongs to */
    ck_session_handle_t handle;
    struct {
        struct pkcs11_uri uri;
        uint8_t spki_sha256[SHA256_BYTES]; /* what it was compared with */
        ck_object_handle_t handle;
    } found[TOKEN_KEYS_CACHED];
    size_t found_count;
};

enum worker_state { WORKER_NONE, WORKER_IDLE, WORKER_BUSY, WORKER_DONE, WORKER_LOST };

struct token_worker {
    struct token *token;
    pthread_t thread;
    pthread_cond_t wake;
    enum worker_state state;
    struct job job;
    struct token_session session;
};

struct token {
    struct ck_function_list *calls;
    char label[PKCS11_LABEL_MAX];
    struct secret pin;
    bool makes_keys;
    unsigned deadline_ms, pause_first_ms;
    struct token_report report;
    int refusal_fd; /* -1: none */
    char pin_identity[96];

    pthread_mutex_t mutex; /* over all down to the next comment; never held during a call */
    pthread_cond_t freed;
    struct token_worker workers[TOKEN_SESSIONS];
    bool ending;
    unsigned failures; /* in a row */
    int64_t away_until_ms, pause_ms;
    bool trying; /* one request is on its way to see whether the token is back */

    /* Of the threads that call; held during calls. */
    pthread_mutex_t connecting;
    pthread_rwlock_t inside; /* read: in the module; write: initialising it anew */
    bool initialised, owner;
    atomic_bool stale; /* to be initialised anew when next connected */
    _Atomic uint64_t generation;
    atomic_bool pin_refused;
};

/* A key's part that is in a token. */
struct held {
    struct token *token;
    struct pkcs11_uri uri;
};

/* Does the errand, on a thread of the token's. */
void token_job_run(struct token *token, struct token_session *session, struct job *job);
void token_session_close(struct token *token, struct token_session *session);
/* Remembers that the PIN is not to be tried again; on disk too if it was refused. */
void token_refuse_pin(struct token *token, bool tried, const char *detail);
