/* The calls into a module: opening a session, finding, signing, making a pair. Whatever the module
 * answers is taken for outside bytes: lengths are checked, numbers are parsed, and what its numbers
 * mean for us stands in one table. */
#include "lib/base/random.h"
#include "lib/crypto/pkcs11_internal.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"

#include <stdio.h>

enum { SLOTS_MAX = 64, NUMBER_MAX_BYTES = KEY_RSA_MAX_BITS / 8 + 8, KEY_ID_BYTES = 8 };

/* PKCS#11 v2.40 §5.1. What isn't listed is FAULT_OTHER. */
static const struct {
    unsigned long rv;
    enum fault fault;
} answers[] = {
    { CKR_SESSION_HANDLE_INVALID, FAULT_SESSION },
    { CKR_SESSION_CLOSED, FAULT_SESSION },
    { CKR_USER_NOT_LOGGED_IN, FAULT_SESSION },
    { CKR_OPERATION_ACTIVE, FAULT_SESSION },
    { CKR_OPERATION_NOT_INITIALIZED, FAULT_SESSION },
    { CKR_KEY_HANDLE_INVALID, FAULT_SESSION },
    { CKR_OBJECT_HANDLE_INVALID, FAULT_SESSION },
    { CKR_DEVICE_ERROR, FAULT_DEVICE },
    { CKR_DEVICE_REMOVED, FAULT_DEVICE },
    { CKR_TOKEN_NOT_PRESENT, FAULT_DEVICE },
    { CKR_TOKEN_NOT_RECOGNIZED, FAULT_DEVICE },
    { CKR_SLOT_ID_INVALID, FAULT_DEVICE },
    { CKR_CRYPTOKI_NOT_INITIALIZED, FAULT_DEVICE },
    { CKR_PIN_INCORRECT, FAULT_PIN },
    { CKR_PIN_INVALID, FAULT_PIN },
    { CKR_PIN_LEN_RANGE, FAULT_PIN },
    { CKR_PIN_EXPIRED, FAULT_PIN },
    { CKR_PIN_LOCKED, FAULT_PIN },
    { CKR_USER_PIN_NOT_INITIALIZED, FAULT_PIN },
};

struct curve_row {
    enum key_kind kind;
    const struct span *oid;
};

static const struct curve_row curves[] = {
    { KEY_P256, &oid_p256 },
    { KEY_P384, &oid_p384 },
    { KEY_P521, &oid_p521 },
};

static void module_leave(struct token *token);
static bool session_ready(struct token *token, struct token_session *session, struct job *job);
static bool connect(struct token *token, struct token_session *session, struct job *job);
static bool module_ready(struct token *token, struct job *job);
static bool slot_find(struct token *token, struct job *job, ck_slot_id_t *ret_slot);
static bool slot_open(
    struct token *token, struct token_session *session, struct job *job, ck_slot_id_t slot);
static bool login(struct token *token, struct token_session *session, struct job *job,
    const struct ck_token_info *info);
static bool object_find(struct token *token, const struct token_session *session, struct job *job,
    ck_object_class_t class, ck_object_handle_t *ret_handle);
static bool sign(struct token *token, struct token_session *session, struct job *job);
static bool public_read(struct token *token, struct token_session *session, struct job *job);
static bool generate(struct token *token, struct token_session *session, struct job *job);

static bool (*const errands[])(
    struct token *token, struct token_session *session, struct job *job) = {
    [JOB_SIGN] = sign,
    [JOB_PUBLIC] = public_read,
    [JOB_GENERATE] = generate,
};

/* A fault of our own finding. Never true. */
static bool found(struct job *job, enum fault fault, const char *detail)
{
    job->fault = fault;
    snprintf(job->detail, sizeof job->detail, "%s", detail);
    return false;
}

static bool good(struct job *job, const char *call, ck_rv_t rv)
{
    if (rv == CKR_OK) {
        return true;
    }
    job->fault = FAULT_OTHER;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        job->fault = answers[i].rv == rv ? answers[i].fault : job->fault;
    }
    snprintf(job->detail, sizeof job->detail, "%s 0x%lx", call, rv);
    return false;
}

/* What is gone is opened anew at once, a single time; then it is a failure like others. */
void token_job_run(struct token *token, struct token_session *session, struct job *job)
{
    enum { ATTEMPTS = 2 };
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        job->fault = FAULT_NONE;
        module_leave(token);
        pthread_rwlock_rdlock(&token->inside);
        bool done = session_ready(token, session, job) && errands[job->kind](token, session, job);
        if (!done) {
            token_session_close(token, session);
        }
        pthread_rwlock_unlock(&token->inside);
        if (job->fault == FAULT_DEVICE) {
            token->stale = true;
        }
        bool gone = job->fault == FAULT_SESSION || job->fault == FAULT_DEVICE;
        if (done || !gone) {
            return;
        }
    }
}

/* Whose device was lost is initialised anew by the next who connects; not while anybody is inside.
 */
static void module_leave(struct token *token)
{
    if (token->stale && pthread_rwlock_trywrlock(&token->inside) == 0) {
        if (token->initialised) {
            (void)token->calls->C_Finalize(NULL);
        }
        token->initialised = false;
        token->stale = false;
        pthread_rwlock_unlock(&token->inside);
    }
}

void token_session_close(struct token *token, struct token_session *session)
{
    if (session->open) {
        (void)token->calls->C_CloseSession(session->handle);
    }
    *session = (struct token_session){ 0 };
}

static bool session_ready(struct token *token, struct token_session *session, struct job *job)
{
    if (session->open && session->generation == token->generation) {
        return true;
    }
    *session = (struct token_session){ 0 };
    pthread_mutex_lock(&token->connecting);
    bool connected = connect(token, session, job);
    pthread_mutex_unlock(&token->connecting);
    return connected;
}

/* One thread at a time: so a PIN is tried once, whoever else waits for it. */
static bool connect(struct token *token, struct token_session *session, struct job *job)
{
    ck_slot_id_t slot;
    if (atomic_load(&token->pin_refused)) {
        return found(job, FAULT_PIN, "refused before");
    }
    if (!module_ready(token, job) || !slot_find(token, job, &slot)) {
        return false;
    }
    return slot_open(token, session, job, slot);
}

static bool module_ready(struct token *token, struct job *job)
{
    struct ck_c_initialize_args arguments = { .flags = CKF_OS_LOCKING_OK };
    if (token->initialised) {
        return true;
    }
    ck_rv_t rv = token->calls->C_Initialize(&arguments);
    if (rv != CKR_CRYPTOKI_ALREADY_INITIALIZED && !good(job, "C_Initialize", rv)) {
        return false;
    }
    token->owner = rv == CKR_OK;
    token->initialised = true;
    token->generation++;
    return true;
}

static bool label_is(const unsigned char label[32], const char *wanted)
{
    size_t len = 32;
    while (len > 0 && label[len - 1] == ' ') {
        len--;
    }
    return span_equal_text(span_make(label, len), wanted);
}

static bool slot_find(struct token *token, struct job *job, ck_slot_id_t *ret_slot)
{
    ck_slot_id_t slots[SLOTS_MAX];
    unsigned long count = SLOTS_MAX;
    size_t matches = 0;
    if (!good(job, "C_GetSlotList",
            token->calls->C_GetSlotList(/* token_present= */ true, slots, &count))) {
        return false;
    }
    for (size_t i = 0; i < count && i < SLOTS_MAX; i++) {
        struct ck_token_info info;
        if (token->calls->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            label_is(info.label, token->label)) {
            *ret_slot = slots[i];
            matches++;
        }
    }
    if (matches != 1) {
        token->stale = true; /* it may come back: look with fresh eyes then */
        return found(job, FAULT_MISSING, matches == 0 ? "no such token" : "two such tokens");
    }
    return true;
}

static bool slot_open(
    struct token *token, struct token_session *session, struct job *job, ck_slot_id_t slot)
{
    struct ck_token_info info;
    ck_flags_t flags = CKF_SERIAL_SESSION | (token->makes_keys ? CKF_RW_SESSION : 0);
    if (!good(job, "C_GetTokenInfo", token->calls->C_GetTokenInfo(slot, &info)) ||
        !good(job, "C_OpenSession",
            token->calls->C_OpenSession(
                slot, flags, /* application= */ NULL, /* notify= */ NULL, &session->handle))) {
        return false;
    }
    session->open = true;
    session->generation = token->generation;
    return login(token, session, job, &info);
}

/* One login serves every session of the process. The last try of all is never ours. */
static bool login(struct token *token, struct token_session *session, struct job *job,
    const struct ck_token_info *info)
{
    if ((info->flags & CKF_LOGIN_REQUIRED) == 0) {
        return true;
    }
    if ((info->flags & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)) != 0) {
        token_refuse_pin(token, /* tried= */ false, "one try left, or none");
        return found(job, FAULT_PIN, "one try left, or none");
    }
    ck_rv_t rv = token->calls->C_Login(session->handle, CKU_USER, token->pin.data, token->pin.len);
    if (rv == CKR_USER_ALREADY_LOGGED_IN || good(job, "C_Login", rv)) {
        return true;
    }
    if (job->fault == FAULT_PIN) {
        token_refuse_pin(token, /* tried= */ true, job->detail);
    }
    return false;
}

/* Exactly one object, or it is missing. */
static bool object_find(struct token *token, const struct token_session *session, struct job *job,
    ck_object_class_t class, ck_object_handle_t *ret_handle)
{
    struct pkcs11_uri *uri = &job->uri;
    struct ck_attribute wanted[3] = { { CKA_CLASS, &class, sizeof class } };
    ck_object_handle_t handles[2];
    unsigned long attributes = 1, count = 0;
    if (uri->object[0] != '\0') {
        wanted[attributes++] = (struct ck_attribute){ CKA_LABEL, uri->object, strlen(uri->object) };
    }
    if (uri->id_len > 0) {
        wanted[attributes++] = (struct ck_attribute){ CKA_ID, uri->id, uri->id_len };
    }
    if (!good(job, "C_FindObjectsInit",
            token->calls->C_FindObjectsInit(session->handle, wanted, attributes))) {
        return false;
    }
    ck_rv_t rv = token->calls->C_FindObjects(session->handle, handles, 2, &count);
    (void)token->calls->C_FindObjectsFinal(session->handle);
    if (!good(job, "C_FindObjects", rv)) {
        return false;
    }
    if (count != 1) {
        return found(job, FAULT_MISSING, count == 0 ? "no such key" : "two such keys");
    }
    *ret_handle = handles[0];
    return true;
}

static bool attribute_read(struct token *token, const struct token_session *session,
    struct job *job, ck_object_handle_t object, ck_attribute_type_t type, uint8_t *ret_value,
    size_t *len)
{
    struct ck_attribute attribute = { type, ret_value, *len };
    if (!good(job, "C_GetAttributeValue",
            token->calls->C_GetAttributeValue(session->handle, object, &attribute, 1))) {
        return false;
    }
    if (attribute.value_len == 0 || attribute.value_len > *len) {
        return found(job, FAULT_OTHER, "C_GetAttributeValue: a length");
    }
    *len = attribute.value_len;
    return true;
}

static bool rsa_read(struct token *token, const struct token_session *session, struct job *job,
    ck_object_handle_t object, struct buf *spki)
{
    uint8_t n[NUMBER_MAX_BYTES], e[NUMBER_MAX_BYTES];
    size_t n_len = sizeof n, e_len = sizeof e;
    AUTO(buf) bits = buf_make(KEY_SPKI_MAX_BYTES);
    if (!attribute_read(token, session, job, object, CKA_MODULUS, n, &n_len) ||
        !attribute_read(token, session, job, object, CKA_PUBLIC_EXPONENT, e, &e_len)) {
        return false;
    }
    return (rsa_public_write(span_make(n, n_len), span_make(e, e_len), &bits) == OK &&
               spki_from_bits(KEY_RSA, buf_span(&bits), spki) == OK) ||
           found(job, FAULT_OTHER, "an RSA key of no use");
}

/* The point is an OCTET STRING by the standard, and bare in some modules. */
static bool ec_read(struct token *token, const struct token_session *session, struct job *job,
    ck_object_handle_t object, struct buf *spki)
{
    uint8_t parameters[64], value[160];
    size_t parameters_len = sizeof parameters, value_len = sizeof value;
    struct span oid, point;
    if (!attribute_read(token, session, job, object, CKA_EC_PARAMS, parameters, &parameters_len) ||
        !attribute_read(token, session, job, object, CKA_EC_POINT, value, &value_len)) {
        return false;
    }
    struct der reader = der_reader(span_make(parameters, parameters_len));
    struct der wrapped = der_reader(span_make(value, value_len));
    if (der_read(&wrapped, DER_OCTET_STRING, &point) != OK || der_finish(&wrapped) != OK) {
        point = span_make(value, value_len);
    }
    for (size_t i = 0; der_read(&reader, DER_OID, &oid) == OK; i++) {
        for (size_t k = 0; k < sizeof curves / sizeof curves[0]; k++) {
            if (span_equal(oid, *curves[k].oid) &&
                spki_from_bits(curves[k].kind, point, spki) == OK) {
                return true;
            }
        }
    }
    return found(job, FAULT_OTHER, "a curve of no use");
}

/* The public half as SubjectPublicKeyInfo. */
static bool spki_read(struct token *token, const struct token_session *session, struct job *job,
    ck_object_handle_t object, struct buf *spki)
{
    ck_key_type_t type = 0;
    size_t len = sizeof type;
    if (!attribute_read(token, session, job, object, CKA_KEY_TYPE, (uint8_t *)&type, &len)) {
        return false;
    }
    if (type == CKK_RSA) {
        return rsa_read(token, session, job, object, spki);
    }
    return type == CKK_EC ? ec_read(token, session, job, object, spki)
                          : found(job, FAULT_OTHER, "a key of no use");
}

static bool public_read(struct token *token, struct token_session *session, struct job *job)
{
    ck_object_handle_t object;
    AUTO(buf) spki = buf_make(sizeof job->spki);
    if (!object_find(token, session, job, CKO_PUBLIC_KEY, &object) ||
        !spki_read(token, session, job, object, &spki)) {
        return false;
    }
    memcpy(job->spki, spki.data, spki.len);
    job->spki_len = spki.len;
    return true;
}

/* Where the token has the public half too, it must be the certificate's; where it has not, the
 * first signature shows. */
static bool match_check(struct token *token, struct token_session *session, struct job *job)
{
    ck_object_handle_t object;
    AUTO(buf) spki = buf_make(sizeof job->spki);
    if (!object_find(token, session, job, CKO_PUBLIC_KEY, &object)) {
        bool absent = job->fault == FAULT_MISSING;
        job->fault = absent ? FAULT_NONE : job->fault;
        return absent;
    }
    if (!spki_read(token, session, job, object, &spki)) {
        return false;
    }
    return span_equal(buf_span(&spki), span_make(job->spki, job->spki_len)) ||
           found(job, FAULT_MISMATCH, "another key than the certificate's");
}

static bool same_place(const struct pkcs11_uri *left, const struct pkcs11_uri *right)
{
    return strcmp(left->object, right->object) == 0 &&
           span_equal(span_make(left->id, left->id_len), span_make(right->id, right->id_len));
}

static bool private_find(struct token *token, struct token_session *session, struct job *job,
    ck_object_handle_t *ret_handle)
{
    for (size_t i = 0; i < session->found_count; i++) {
        if (same_place(&session->found[i].uri, &job->uri) &&
            memcmp(session->found[i].spki_sha256, job->spki_sha256, SHA256_BYTES) == 0) {
            *ret_handle = session->found[i].handle;
            return true;
        }
    }
    if (!object_find(token, session, job, CKO_PRIVATE_KEY, ret_handle) ||
        !match_check(token, session, job)) {
        return false;
    }
    if (session->found_count < TOKEN_KEYS_CACHED) {
        session->found[session->found_count].uri = job->uri;
        session->found[session->found_count].handle = *ret_handle;
        memcpy(session->found[session->found_count++].spki_sha256, job->spki_sha256, SHA256_BYTES);
    }
    return true;
}

static bool sign(struct token *token, struct token_session *session, struct job *job)
{
    ck_object_handle_t key;
    struct ck_mechanism mechanism = { job->key_kind == KEY_RSA ? CKM_RSA_PKCS : CKM_ECDSA };
    unsigned long len = sizeof job->signature;
    if (!private_find(token, session, job, &key) ||
        !good(job, "C_SignInit", token->calls->C_SignInit(session->handle, &mechanism, key)) ||
        !good(job, "C_Sign",
            token->calls->C_Sign(
                session->handle, job->input, job->input_len, job->signature, &len))) {
        return false;
    }
    job->signature_len = len;
    return len <= sizeof job->signature || found(job, FAULT_OTHER, "C_Sign: a length");
}

static bool nothing_there(
    struct token *token, struct token_session *session, struct job *job, ck_object_class_t class)
{
    ck_object_handle_t object;
    if (object_find(token, session, job, class, &object)) {
        return found(job, FAULT_EXISTS, "a key of that name");
    }
    bool none = job->fault == FAULT_MISSING && strcmp(job->detail, "no such key") == 0;
    job->fault = none ? FAULT_NONE : job->fault == FAULT_MISSING ? FAULT_EXISTS : job->fault;
    return none;
}

static void curve_parameters(enum key_kind kind, uint8_t ret_bytes[32], size_t *ret_len)
{
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        if (curves[i].kind == kind) {
            ret_bytes[0] = DER_OID;
            ret_bytes[1] = (uint8_t)curves[i].oid->len;
            memcpy(ret_bytes + 2, curves[i].oid->data, curves[i].oid->len);
            *ret_len = curves[i].oid->len + 2;
        }
    }
}

static bool generate(struct token *token, struct token_session *session, struct job *job)
{
    static uint8_t exponent[] = { 1, 0, 1 };
    unsigned char yes = true, no = false;
    uint8_t curve[32];
    size_t curve_len = 0;
    bool rsa = job->key_kind == KEY_RSA;
    unsigned long bits = job->bits;
    ck_object_handle_t public_key, private_key;
    struct random random = random_system();
    struct pkcs11_uri *uri = &job->uri;
    if (!nothing_there(token, session, job, CKO_PRIVATE_KEY) ||
        !nothing_there(token, session, job, CKO_PUBLIC_KEY)) {
        return false;
    }
    if (uri->id_len == 0 && random_fill(&random, uri->id, KEY_ID_BYTES) == OK) {
        uri->id_len = KEY_ID_BYTES;
    }
    curve_parameters(job->key_kind, curve, &curve_len);
    struct ck_mechanism mechanism = { rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN };
    struct ck_attribute of_public[] = {
        { CKA_TOKEN, &yes, sizeof yes }, { CKA_VERIFY, &yes, sizeof yes },
        { CKA_LABEL, uri->object, strlen(uri->object) }, { CKA_ID, uri->id, uri->id_len },
        { rsa ? CKA_MODULUS_BITS : CKA_EC_PARAMS, rsa ? (void *)&bits : curve,
            rsa ? sizeof bits : curve_len },
        { CKA_PUBLIC_EXPONENT, exponent, sizeof exponent }, /* RSA only: the last */
    };
    struct ck_attribute of_private[] = {
        { CKA_TOKEN, &yes, sizeof yes },
        { CKA_PRIVATE, &yes, sizeof yes },
        { CKA_SENSITIVE, &yes, sizeof yes },
        { CKA_EXTRACTABLE, &no, sizeof no },
        { CKA_SIGN, &yes, sizeof yes },
        { CKA_LABEL, uri->object, strlen(uri->object) },
        { CKA_ID, uri->id, uri->id_len },
    };
    return good(job, "C_GenerateKeyPair",
               token->calls->C_GenerateKeyPair(session->handle, &mechanism, of_public,
                   sizeof of_public / sizeof of_public[0] - (rsa ? 0 : 1), of_private,
                   sizeof of_private / sizeof of_private[0], &public_key, &private_key)) &&
           public_read(token, session, job);
}
