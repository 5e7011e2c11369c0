/* Keys in SoftHSM, with a shim in between that fails as hardware does (doc/threats.md S12): no bad
 * signature ever comes out, nothing is called in a tight loop, and it works again afterwards. */
#include "lib/crypto/pkcs11.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/crypto/sign.h"
#include "tests/shim/pkcs11_shim.h"

#define CRYPTOKI_GNU 1
#include <p11-kit/pkcs11.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_MS = 400, PAUSE_MS = 50, PATIENCE_MS = 10000 };

static const char pin[] = "7315 0204", wrong_pin[] = "0000 0000";
static char folder[] = "pkcs11-test-XXXXXX", pin_path[PATH_MAX], refusal_path[PATH_MAX];
static struct shim_row *rows;
static atomic_int told_away, told_back, told_bad, told_pin;

static void tell(void *ctx, const char *event, const char *label, const char *detail)
{
    (void)ctx;
    (void)label;
    (void)detail;
    told_away += strcmp(event, "token.away") == 0;
    told_back += strcmp(event, "token.back") == 0;
    told_bad += strcmp(event, "token.bad_signature") == 0;
    told_pin += strcmp(event, "token.pin_refused") == 0;
}

static void path_make(char *ret_path, const char *name)
{
    char here[PATH_MAX / 2];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(ret_path, PATH_MAX, "%s/%s/%s", here, folder, name);
}

static void pin_write(const char *text)
{
    assert_int_equal(file_replace(pin_path, span_from_text(text), 0600), OK);
}

static struct token_setup usual(void)
{
    return (struct token_setup){ .module = SHIM,
        .label = "ecert test",
        .pin_file = pin_path,
        .makes_keys = true,
        .deadline_ms = DEADLINE_MS,
        .pause_ms = PAUSE_MS,
        .report = { tell, NULL } };
}

static struct token *token_of(const struct token_setup *setup)
{
    struct token *token = NULL;
    struct reason reason = { 0 };
    if (token_open(setup, &token, &reason) != OK) {
        fail_msg("%s %s %s", reason.code, reason.field, reason.seen);
    }
    return token;
}

static struct pkcs11_uri uri_of(const char *object)
{
    struct pkcs11_uri uri = { .token = "ecert test" };
    snprintf(uri.object, sizeof uri.object, "%s", object);
    return uri;
}

/* The token: by the module's own means, past the shim's. */
static void token_make(void)
{
    CK_C_GetFunctionList get = NULL;
    struct ck_function_list *calls = NULL;
    struct ck_c_initialize_args arguments = { .flags = CKF_OS_LOCKING_OK };
    unsigned char label[32], so_pin[] = "12345678";
    ck_slot_id_t slots[4];
    unsigned long count = 4;
    ck_session_handle_t session;
    void *symbol = dlsym(dlopen(SOFTHSM, RTLD_NOW | RTLD_LOCAL), "C_GetFunctionList");
    memcpy(&get, &symbol, sizeof get);
    assert_int_equal(get(&calls), CKR_OK);
    assert_int_equal(calls->C_Initialize(&arguments), CKR_OK);
    assert_int_equal(calls->C_GetSlotList(0, slots, &count), CKR_OK);
    memset(label, ' ', sizeof label);
    memcpy(label, "ecert test", 10);
    assert_int_equal(calls->C_InitToken(slots[0], so_pin, 8, label), CKR_OK);
    assert_int_equal(
        calls->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        CKR_OK);
    assert_int_equal(calls->C_Login(session, CKU_SO, so_pin, 8), CKR_OK);
    assert_int_equal(
        calls->C_InitPIN(session, (unsigned char *)(uintptr_t)pin, sizeof pin - 1), CKR_OK);
    assert_int_equal(calls->C_Finalize(NULL), CKR_OK);
}

static void plan_make(void)
{
    char path[PATH_MAX];
    path_make(path, "plan");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    size_t size = SHIM_FUNCTIONS * sizeof rows[0];
    assert_true(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    rows = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(rows, MAP_FAILED);
    close(fd);
    setenv("SHIM_PLAN", path, 1);
    setenv("SHIM_MODULE", SOFTHSM, 1);
}

static int group_begin(void **state)
{
    char path[PATH_MAX], text[2 * PATH_MAX];
    (void)state;
    assert_non_null(mkdtemp(folder));
    path_make(path, "tokens");
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(text, sizeof text, "directories.tokendir = %s\nobjectstore.backend = file\n", path);
    path_make(path, "softhsm2.conf");
    assert_int_equal(file_create(path, span_from_text(text), 0600), OK);
    setenv("SOFTHSM2_CONF", path, 1);
    path_make(pin_path, "pin");
    path_make(refusal_path, "pin.refused");
    plan_make();
    token_make();
    return 0;
}

static int begin(void **state)
{
    (void)state;
    memset(rows, 0, SHIM_FUNCTIONS * sizeof rows[0]);
    told_away = told_back = told_bad = told_pin = 0;
    pin_write(pin);
    unlink(refusal_path);
    return 0;
}

static void plan(enum shim_function function, enum shim_fault fault, int64_t count, int64_t value)
{
    int64_t next = rows[function].calls + 1;
    rows[function] = (struct shim_row){
        .calls = next - 1, .fault = fault, .first = next, .last = next + count - 1, .value = value
    };
}

static struct key *key_made(struct token *token, const char *object, enum key_type type)
{
    struct key *key = NULL;
    struct reason reason = { 0 };
    struct pkcs11_uri uri = uri_of(object);
    enum err err = token_key_find(token, &uri, &key, &reason);
    if (err != OK) {
        err = token_key_generate(token, &uri, type, &key, &reason);
    }
    if (err != OK) {
        fail_msg("%s: %s %s", err_name(err), reason.code, reason.seen);
    }
    return key;
}

/* Signs; whatever comes out verifies under the public half alone. */
static enum err sign_once(const struct key *key)
{
    AUTO_PTR(key) public_key = NULL;
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    struct span message = SPAN_LITERAL("to be signed");
    enum signature_algorithm algorithm = signature_algorithm_of_key(key);
    enum err err = signature_make(key, algorithm, message, signature, &len);
    if (err == OK) {
        assert_int_equal(key_from_spki(key_spki(key), &public_key), OK);
        assert_int_equal(
            signature_verify(public_key, algorithm, message, span_make(signature, len)), OK);
    }
    return err;
}

/* Until it signs again; the number of times it did not. */
static unsigned until_signed(const struct key *key)
{
    unsigned refused = 0;
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    for (enum err err = sign_once(key); err != OK; err = sign_once(key)) {
        assert_true(err == ERR_AGAIN || err == ERR_CRYPTO);
        assert_true(clock_monotonic_ms() < end);
        refused++;
        poll(NULL, 0, /* milliseconds= */ 10);
    }
    return refused;
}

static void keys_of_every_kind_are_made_found_and_sign(void **state)
{
    static const enum key_type types[] = { KEY_TYPE_RSA_2048, KEY_TYPE_RSA_3072, KEY_TYPE_P256,
        KEY_TYPE_P384 };
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        AUTO_PTR(key) made = NULL;
        AUTO_PTR(key) found = NULL;
        AUTO(secret) out = { 0 };
        struct reason reason = { 0 };
        struct pkcs11_uri uri = uri_of(key_type_name(types[i]));
        struct token_setup setup = usual();
        struct token *token = token_of(&setup);
        assert_int_equal(token_key_find(token, &uri, &found, &reason), ERR_AGAIN);
        assert_string_equal(reason.code, "token.no_such_key");
        assert_int_equal(token_key_generate(token, &uri, types[i], &made, &reason), OK);
        assert_int_equal(token_key_find(token, &uri, &found, &reason), OK);
        assert_true(key_same_public(made, found));
        assert_int_equal(sign_once(found), OK);
        assert_true(key_is_private(found));
        assert_int_equal(key_to_pkcs8(found, &out), ERR_UNSUPPORTED);
        key_free(made);
        key_free(found);
        made = found = NULL;
        token_free(token);
    }
}

static void a_key_of_a_taken_name_is_not_made(void **state)
{
    struct token_setup setup = usual();
    AUTO_PTR(token) token = token_of(&setup);
    AUTO_PTR(key) before = key_made(token, "taken", KEY_TYPE_P256);
    AUTO_PTR(key) after = NULL;
    struct reason reason = { 0 };
    struct pkcs11_uri uri = uri_of("taken");
    (void)state;
    assert_int_equal(token_key_generate(token, &uri, KEY_TYPE_P256, &after, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "token.key_exists");
    assert_int_equal(token_key_find(token, &uri, &after, &reason), OK);
    assert_true(key_same_public(before, after));
}

static void what_is_no_module_or_no_pin_file_is_refused(void **state)
{
    struct token *token = NULL;
    struct reason reason = { 0 };
    struct token_setup setup = usual();
    (void)state;
    setup.module = "/nonexistent.so";
    assert_int_equal(token_open(&setup, &token, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "pkcs11.module");
    setup.module = pin_path;
    assert_int_equal(token_open(&setup, &token, &reason), ERR_DENIED);
    setup = usual();
    setup.pin_file = "/nonexistent";
    assert_int_equal(token_open(&setup, &token, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "pkcs11.pin_file");
    assert_int_equal(chmod(pin_path, 0644), 0);
    setup.pin_file = pin_path;
    assert_int_equal(token_open(&setup, &token, &reason), ERR_DENIED);
}

static void s12_one_fault_of_any_kind_lets_nothing_bad_out_and_passes(void **state)
{
    static const struct {
        enum shim_function function;
        enum shim_fault fault;
        int64_t value;
    } cases[] = {
        { SHIM_SIGN, SHIM_ERROR, CKR_GENERAL_ERROR },
        { SHIM_SIGN, SHIM_ERROR, CKR_DEVICE_ERROR },
        { SHIM_SIGN, SHIM_ERROR, CKR_DEVICE_REMOVED },
        { SHIM_SIGN, SHIM_ERROR, CKR_SESSION_HANDLE_INVALID },
        { SHIM_SIGN, SHIM_ERROR, CKR_VENDOR_DEFINED },
        { SHIM_SIGN, SHIM_GARBAGE, 0 },
        { SHIM_SIGN, SHIM_FLIP, 0 },
        { SHIM_SIGN, SHIM_SHORT, 0 },
        { SHIM_SIGN, SHIM_DELAY, 2 * DEADLINE_MS },
        { SHIM_SIGN, SHIM_LOST, 0 },
        { SHIM_SIGN, SHIM_GONE, 0 },
        { SHIM_SIGN_INIT, SHIM_ERROR, CKR_KEY_HANDLE_INVALID },
        { SHIM_SIGN_INIT, SHIM_ERROR, CKR_USER_NOT_LOGGED_IN },
        { SHIM_SIGN_INIT, SHIM_DELAY, 2 * DEADLINE_MS },
        { SHIM_SIGN_INIT, SHIM_LOST, 0 },
        { SHIM_SIGN_INIT, SHIM_GONE, 0 },
        { SHIM_LOGIN, SHIM_ERROR, CKR_FUNCTION_FAILED },
        { SHIM_OPEN_SESSION, SHIM_ERROR, CKR_SESSION_COUNT },
        { SHIM_OPEN_SESSION, SHIM_DELAY, 2 * DEADLINE_MS },
        { SHIM_GET_SLOT_LIST, SHIM_ERROR, CKR_DEVICE_REMOVED },
        { SHIM_GET_TOKEN_INFO, SHIM_ERROR, CKR_TOKEN_NOT_PRESENT },
        { SHIM_FIND_OBJECTS_INIT, SHIM_ERROR, CKR_DEVICE_MEMORY },
        { SHIM_FIND_OBJECTS, SHIM_GARBAGE, 0 },
        { SHIM_GET_ATTRIBUTE_VALUE, SHIM_FLIP, 0 },
        { SHIM_GET_ATTRIBUTE_VALUE, SHIM_ERROR, CKR_DEVICE_ERROR },
    };
    static const enum key_type types[] = { KEY_TYPE_RSA_2048, KEY_TYPE_P256 };
    struct token_setup setup = usual();
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        AUTO_PTR(token) token = token_of(&setup);
        AUTO_PTR(key) key = key_made(token, key_type_name(types[i % 2]), types[i % 2]);
        bool opening =
            cases[i / 2].function != SHIM_SIGN && cases[i / 2].function != SHIM_SIGN_INIT;
        if (opening) { /* so that a session is opened once more */
            plan(SHIM_SIGN, SHIM_LOST, 1, 0);
        }
        plan(cases[i / 2].function, cases[i / 2].fault, 1, cases[i / 2].value);
        (void)until_signed(key);
        assert_int_equal(sign_once(key), OK);
        assert_int_equal(told_away, 0);
        if (cases[i / 2].fault == SHIM_DELAY) { /* a token that hangs is left to who hangs */
            poll(NULL, 0, 2 * DEADLINE_MS);
        }
    }
    assert_int_equal(told_bad, 2 * 3);
}

static void s12_a_lost_session_is_not_noticed_by_who_signs(void **state)
{
    struct token_setup setup = usual();
    AUTO_PTR(token) token = token_of(&setup);
    AUTO_PTR(key) key = key_made(token, "p256", KEY_TYPE_P256);
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        plan(i % 2 == 0 ? SHIM_SIGN_INIT : SHIM_SIGN, i < 3 ? SHIM_LOST : SHIM_GONE, 1, 0);
        assert_int_equal(sign_once(key), OK);
    }
}

/* What lasts opens the breaker: few calls, quick answers, told once; and it closes by itself. */
static void s12_a_lasting_fault_is_no_tight_loop(void **state)
{
    static const struct {
        enum shim_fault fault;
        int64_t value;
    } cases[] = {
        { SHIM_ERROR, CKR_DEVICE_REMOVED },
        { SHIM_ERROR, CKR_FUNCTION_FAILED },
        { SHIM_GARBAGE, 0 },
        { SHIM_FLIP, 0 },
        { SHIM_LOST, 0 },
    };
    struct token_setup setup = usual();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO_PTR(token) token = token_of(&setup);
        AUTO_PTR(key) key = key_made(token, "rsa2048", KEY_TYPE_RSA_2048);
        memset(rows, 0, SHIM_FUNCTIONS * sizeof rows[0]);
        told_away = told_back = 0;
        plan(SHIM_SIGN, cases[i].fault, INT32_MAX, cases[i].value);
        int64_t begun = clock_monotonic_ms();
        unsigned refusals = 0;
        while (clock_monotonic_ms() < begun + 1000) {
            assert_int_not_equal(sign_once(key), OK);
            refusals++;
        }
        /* Three, then after pauses of 50, 100, 200, 400 ms one each; twice where it opens anew. */
        assert_in_range(rows[SHIM_SIGN].calls, 4, 2 * (3 + 5));
        assert_in_range(rows[SHIM_LOGIN].calls, 0, 2 * (3 + 5));
        assert_true(refusals > 1000);
        assert_int_equal(told_away, 1);
        assert_int_equal(signature_ready(key), ERR_AGAIN);
        memset(rows, 0, SHIM_FUNCTIONS * sizeof rows[0]);
        assert_true(until_signed(key) > 0);
        assert_int_equal(signature_ready(key), OK);
        assert_int_equal(told_back, 1);
    }
}

static void s12_a_module_that_hangs_holds_nobody(void **state)
{
    struct token_setup setup = usual();
    AUTO_PTR(token) token = token_of(&setup);
    AUTO_PTR(key) key = key_made(token, "p256", KEY_TYPE_P256);
    (void)state;
    plan(SHIM_SIGN, SHIM_DELAY, 8, 5 * DEADLINE_MS);
    int64_t begun = clock_monotonic_ms();
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(sign_once(key), ERR_AGAIN);
    }
    assert_true(clock_monotonic_ms() - begun < 5 * DEADLINE_MS);
    assert_in_range(rows[SHIM_SIGN].calls, 3, 4);
    plan(SHIM_SIGN, SHIM_RIGHT, 0, 0);
    (void)until_signed(key);
    poll(NULL, 0, 5 * DEADLINE_MS); /* till the last has come back, and the module can be left */
}

static void s12_a_wrong_pin_is_tried_once(void **state)
{
    struct token_setup setup = usual();
    struct pkcs11_uri uri = uri_of("p256");
    struct reason reason = { 0 };
    (void)state;
    setup.refusal_file = refusal_path;
    pin_write(wrong_pin);
    for (unsigned start = 0; start < 3; start++) {
        AUTO_PTR(token) token = token_of(&setup);
        AUTO_PTR(key) key = NULL;
        for (unsigned i = 0; i < 50; i++) {
            assert_int_equal(token_key_find(token, &uri, &key, &reason), ERR_AGAIN);
            assert_string_equal(reason.code, "token.pin_refused");
        }
        assert_int_equal(rows[SHIM_LOGIN].calls, 1);
        assert_int_equal(told_pin, start + 1);
    }
    pin_write(pin); /* the operator's doing */
    AUTO_PTR(token) token = token_of(&setup);
    AUTO_PTR(key) key = key_made(token, "p256", KEY_TYPE_P256);
    assert_int_equal(sign_once(key), OK);
}

static void a_key_that_is_not_the_certificates_never_signs(void **state)
{
    struct token_setup setup = usual();
    AUTO_PTR(token) token = token_of(&setup);
    AUTO_PTR(key) right = key_made(token, "p256", KEY_TYPE_P256);
    AUTO_PTR(key) other = NULL;
    AUTO_PTR(key) claimed = NULL;
    struct pkcs11_uri uri = uri_of("p256");
    (void)state;
    assert_int_equal(key_generate(KEY_TYPE_P256, &other), OK);
    assert_int_equal(token_key(token, &uri, key_spki(other), &claimed), OK);
    rows[SHIM_SIGN].calls = 0;
    assert_int_equal(sign_once(claimed), ERR_AGAIN);
    assert_int_equal(rows[SHIM_SIGN].calls, 0);
}

static const struct key *shared_key;
static atomic_uint signed_count;

/* How often a pause refuses depends on how fast the threads ask; that all of them sign doesn't. */
static void *sign_many(void *ctx)
{
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    (void)ctx;
    for (unsigned done = 0; done < 50 && clock_monotonic_ms() < end;) {
        if (sign_once(shared_key) == OK) {
            done++;
            signed_count++;
        } else {
            poll(NULL, 0, /* milliseconds= */ 10);
        }
    }
    return NULL;
}

static void many_threads_sign_at_once_through_faults(void **state)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    struct token_setup setup = usual();
    AUTO_PTR(token) token = NULL;
    AUTO_PTR(key) key = NULL;
    (void)state;
    setup.deadline_ms = 10 * DEADLINE_MS;
    token = token_of(&setup);
    key = key_made(token, "p256", KEY_TYPE_P256);
    shared_key = key;
    plan(SHIM_SIGN, SHIM_LOST, 1, 0);
    plan(SHIM_SIGN_INIT, SHIM_ERROR, 2, CKR_KEY_HANDLE_INVALID);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, NULL), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(signed_count, THREADS * 50);
    assert_in_range(rows[SHIM_LOGIN].calls, 1, 3 * THREADS); /* no tight loop */
}

static void *sign_alone(void *ctx)
{
    *(enum err *)ctx = sign_once(shared_key);
    return NULL;
}

/* A token that does four things at once, slowly, is asked for eight. */
static void who_stands_in_line_has_the_whole_time_when_his_turn_comes(void **state)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    enum err errs[THREADS];
    struct token_setup setup = usual();
    (void)state;
    setup.deadline_ms = 5 * DEADLINE_MS;
    AUTO_PTR(token) token = token_of(&setup);
    AUTO_PTR(key) key = key_made(token, "p256", KEY_TYPE_P256);
    shared_key = key;
    plan(SHIM_SIGN, SHIM_DELAY, THREADS, 3 * DEADLINE_MS);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_alone, &errs[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(errs[i], OK);
    }
    assert_int_equal(told_away, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keys_of_every_kind_are_made_found_and_sign, begin),
        cmocka_unit_test_setup(a_key_of_a_taken_name_is_not_made, begin),
        cmocka_unit_test_setup(what_is_no_module_or_no_pin_file_is_refused, begin),
        cmocka_unit_test_setup(s12_one_fault_of_any_kind_lets_nothing_bad_out_and_passes, begin),
        cmocka_unit_test_setup(s12_a_lost_session_is_not_noticed_by_who_signs, begin),
        cmocka_unit_test_setup(s12_a_lasting_fault_is_no_tight_loop, begin),
        cmocka_unit_test_setup(s12_a_module_that_hangs_holds_nobody, begin),
        cmocka_unit_test_setup(s12_a_wrong_pin_is_tried_once, begin),
        cmocka_unit_test_setup(a_key_that_is_not_the_certificates_never_signs, begin),
        cmocka_unit_test_setup(many_threads_sign_at_once_through_faults, begin),
        cmocka_unit_test_setup(who_stands_in_line_has_the_whole_time_when_his_turn_comes, begin),
    };
    return cmocka_run_group_tests(tests, group_begin, NULL);
}
