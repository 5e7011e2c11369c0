/* A PKCS#11 module that forwards to another ($SHIM_MODULE) and, where the file $SHIM_PLAN says so,
 * fails as hardware does: errors, garbage, flipped bits, delays, lost sessions. The file is mapped
 * when the module is loaded, so that commands reach it inside a sandbox. */
#include "tests/shim/pkcs11_shim.h"

#define CRYPTOKI_GNU 1
#include <p11-kit/pkcs11.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct ck_function_list list, *real;
static struct shim_row *rows;
static ck_slot_id_t slot_used;

/* What this call is to suffer, and all that needs no answer to spoil. */
static enum shim_fault suffer(enum shim_function function, ck_rv_t *ret_rv)
{
    struct shim_row *row = &rows[function];
    int64_t call = __atomic_add_fetch(&row->calls, 1, __ATOMIC_SEQ_CST);
    *ret_rv = CKR_OK;
    if (call < row->first || call > row->last) {
        return SHIM_RIGHT;
    }
    struct timespec pause = { row->value / 1000, row->value % 1000 * 1000000 };
    switch ((enum shim_fault)row->fault) {
    case SHIM_ERROR:
        *ret_rv = (ck_rv_t)row->value;
        return SHIM_ERROR;
    case SHIM_DELAY:
        nanosleep(&pause, NULL);
        return SHIM_RIGHT;
    case SHIM_LOST:
        (void)real->C_CloseAllSessions(slot_used);
        return SHIM_RIGHT;
    case SHIM_GONE:
        (void)real->C_Finalize(NULL);
        return SHIM_RIGHT;
    case SHIM_RIGHT:
    case SHIM_GARBAGE:
    case SHIM_FLIP:
    case SHIM_SHORT:
        break;
    }
    return (enum shim_fault)row->fault;
}

static void spoil(enum shim_fault fault, unsigned char *bytes, unsigned long *len)
{
    if (bytes == NULL || *len == 0) {
        return;
    }
    if (fault == SHIM_GARBAGE) {
        memset(bytes, 0x5a, *len);
    } else if (fault == SHIM_FLIP) {
        bytes[*len / 2] ^= 0x10;
    } else if (fault == SHIM_SHORT) {
        (*len)--;
    }
}

static ck_rv_t initialize(void *arguments)
{
    ck_rv_t rv;
    return suffer(SHIM_INITIALIZE, &rv) == SHIM_ERROR ? rv : real->C_Initialize(arguments);
}

static ck_rv_t get_slot_list(unsigned char present, ck_slot_id_t *slots, unsigned long *count)
{
    ck_rv_t rv;
    return suffer(SHIM_GET_SLOT_LIST, &rv) == SHIM_ERROR
               ? rv
               : real->C_GetSlotList(present, slots, count);
}

static ck_rv_t get_token_info(ck_slot_id_t slot, struct ck_token_info *info)
{
    ck_rv_t rv;
    return suffer(SHIM_GET_TOKEN_INFO, &rv) == SHIM_ERROR ? rv : real->C_GetTokenInfo(slot, info);
}

static ck_rv_t open_session(ck_slot_id_t slot, ck_flags_t flags, void *application,
    ck_notify_t notify, ck_session_handle_t *session)
{
    ck_rv_t rv;
    slot_used = slot;
    return suffer(SHIM_OPEN_SESSION, &rv) == SHIM_ERROR
               ? rv
               : real->C_OpenSession(slot, flags, application, notify, session);
}

static ck_rv_t login(
    ck_session_handle_t session, ck_user_type_t user, unsigned char *pin, unsigned long len)
{
    ck_rv_t rv;
    return suffer(SHIM_LOGIN, &rv) == SHIM_ERROR ? rv : real->C_Login(session, user, pin, len);
}

static ck_rv_t find_objects_init(
    ck_session_handle_t session, struct ck_attribute *wanted, unsigned long count)
{
    ck_rv_t rv;
    return suffer(SHIM_FIND_OBJECTS_INIT, &rv) == SHIM_ERROR
               ? rv
               : real->C_FindObjectsInit(session, wanted, count);
}

static ck_rv_t find_objects(ck_session_handle_t session, ck_object_handle_t *objects,
    unsigned long max, unsigned long *count)
{
    ck_rv_t rv;
    enum shim_fault fault = suffer(SHIM_FIND_OBJECTS, &rv);
    if (fault == SHIM_ERROR) {
        return rv;
    }
    rv = real->C_FindObjects(session, objects, max, count);
    if (fault == SHIM_GARBAGE && *count > 0) {
        objects[0] = 0x5a5a;
    }
    return rv;
}

static ck_rv_t get_attribute_value(ck_session_handle_t session, ck_object_handle_t object,
    struct ck_attribute *wanted, unsigned long count)
{
    ck_rv_t rv;
    enum shim_fault fault = suffer(SHIM_GET_ATTRIBUTE_VALUE, &rv);
    if (fault == SHIM_ERROR) {
        return rv;
    }
    rv = real->C_GetAttributeValue(session, object, wanted, count);
    if (rv == CKR_OK && count > 0) {
        spoil(fault, wanted[0].value, &wanted[0].value_len);
    }
    return rv;
}

static ck_rv_t sign_init(
    ck_session_handle_t session, struct ck_mechanism *mechanism, ck_object_handle_t key)
{
    ck_rv_t rv;
    return suffer(SHIM_SIGN_INIT, &rv) == SHIM_ERROR ? rv
                                                     : real->C_SignInit(session, mechanism, key);
}

static ck_rv_t sign(ck_session_handle_t session, unsigned char *data, unsigned long data_len,
    unsigned char *signature, unsigned long *len)
{
    ck_rv_t rv;
    enum shim_fault fault = suffer(SHIM_SIGN, &rv);
    if (fault == SHIM_ERROR) {
        return rv;
    }
    rv = real->C_Sign(session, data, data_len, signature, len);
    if (rv == CKR_OK) {
        spoil(fault, signature, len);
    }
    return rv;
}

/* A pair as a generator that was never seeded makes it: the private key is 2, the public one 2G. */
static ck_rv_t weak_pair(ck_session_handle_t session, struct ck_attribute *label,
    struct ck_attribute *id, ck_object_handle_t *public_key, ck_object_handle_t *private_key)
{
    static unsigned char curve[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
    static unsigned char two[32] = { [31] = 2 };
    static unsigned char point[] = { 0x04, 0x41, 0x04, 0x7c, 0xf2, 0x7b, 0x18, 0x8d, 0x03, 0x4f,
        0x7e, 0x8a, 0x52, 0x38, 0x03, 0x04, 0xb5, 0x1a, 0xc3, 0xc0, 0x89, 0x69, 0xe2, 0x77, 0xf2,
        0x1b, 0x35, 0xa6, 0x0b, 0x48, 0xfc, 0x47, 0x66, 0x99, 0x78, 0x07, 0x77, 0x55, 0x10, 0xdb,
        0x8e, 0xd0, 0x40, 0x29, 0x3d, 0x9a, 0xc6, 0x9f, 0x74, 0x30, 0xdb, 0xba, 0x7d, 0xad, 0xe6,
        0x3c, 0xe9, 0x82, 0x29, 0x9e, 0x04, 0xb7, 0x9d, 0x22, 0x78, 0x73, 0xd1 };
    unsigned char yes = true;
    ck_object_class_t public_class = CKO_PUBLIC_KEY, private_class = CKO_PRIVATE_KEY;
    ck_key_type_t type = CKK_EC;
    struct ck_attribute shared[] = { { CKA_KEY_TYPE, &type, sizeof type },
        { CKA_TOKEN, &yes, sizeof yes }, { CKA_EC_PARAMS, curve, sizeof curve }, *label, *id };
    struct ck_attribute of_public[7] = { { CKA_CLASS, &public_class, sizeof public_class },
        { CKA_EC_POINT, point, sizeof point } };
    struct ck_attribute of_private[9] = { { CKA_CLASS, &private_class, sizeof private_class },
        { CKA_VALUE, two, sizeof two }, { CKA_SIGN, &yes, sizeof yes },
        { CKA_PRIVATE, &yes, sizeof yes } };
    memcpy(&of_public[2], shared, sizeof shared);
    memcpy(&of_private[4], shared, sizeof shared);
    ck_rv_t rv = real->C_CreateObject(session, of_public, 7, public_key);
    return rv == CKR_OK ? real->C_CreateObject(session, of_private, 9, private_key) : rv;
}

static ck_rv_t generate_key_pair(ck_session_handle_t session, struct ck_mechanism *mechanism,
    struct ck_attribute *of_public, unsigned long public_count, struct ck_attribute *of_private,
    unsigned long private_count, ck_object_handle_t *public_key, ck_object_handle_t *private_key)
{
    ck_rv_t rv;
    enum shim_fault fault = suffer(SHIM_GENERATE_KEY_PAIR, &rv);
    if (fault == SHIM_GARBAGE) {
        return weak_pair(session, &of_public[2], &of_public[3], public_key, private_key);
    }
    return fault == SHIM_ERROR
               ? rv
               : real->C_GenerateKeyPair(session, mechanism, of_public, public_count, of_private,
                     private_count, public_key, private_key);
}

static bool plan_map(void)
{
    const char *path = getenv("SHIM_PLAN");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    size_t size = SHIM_FUNCTIONS * sizeof rows[0];
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) {
        close(fd);
    }
    rows = map == MAP_FAILED ? NULL : map;
    return rows != NULL;
}

ck_rv_t C_GetFunctionList(struct ck_function_list **functions)
{
    CK_C_GetFunctionList get = NULL;
    if (real == NULL) {
        const char *path = getenv("SHIM_MODULE");
        void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
        void *symbol = library == NULL ? NULL : dlsym(library, "C_GetFunctionList");
        memcpy(&get, &symbol, sizeof get);
        if (get == NULL || !plan_map() || get(&real) != CKR_OK) {
            return CKR_GENERAL_ERROR;
        }
        list = *real;
        list.C_Initialize = initialize;
        list.C_GetSlotList = get_slot_list;
        list.C_GetTokenInfo = get_token_info;
        list.C_OpenSession = open_session;
        list.C_Login = login;
        list.C_FindObjectsInit = find_objects_init;
        list.C_FindObjects = find_objects;
        list.C_GetAttributeValue = get_attribute_value;
        list.C_SignInit = sign_init;
        list.C_Sign = sign;
        list.C_GenerateKeyPair = generate_key_pair;
    }
    *functions = &list;
    return CKR_OK;
}
