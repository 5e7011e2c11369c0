/* Certificates and lists from plans: a shape gives who stands below whom, a fault changes one line
 * of a plan, then everything is written and signed. */
#include "tests/unit/pki/path_world.h"
#include "tests/unit/pki/hierarchy.h"

enum { KEYS_MAX = 128, TANGLED = 7, EXTENSIONS_MAX = 1024, POINT_MAX = 64 };

/* One certificate as it will be. */
struct plan {
    const char *name;
    unsigned char key; /* a letter: the same letter, the same key */
    size_t parent;     /* itself: a root */
    bool trusted;
    unsigned char signer; /* the parent's key, unless forged */
    struct buf issuer;
    int64_t not_before, not_after;
    bool has_constraints, is_ca, has_usage, has_purpose, has_policy, has_key_id;
    int path_length;
    uint32_t usage;
    struct span purpose, key_id, extra, extra_value;
    bool extra_critical, revoked;
    struct span entry_extensions; /* of its entry, if revoked */
    uint8_t serial[2];
};

/* One list. */
struct list_plan {
    bool absent;
    const char *issuer;
    unsigned char signer;
    int64_t this_update, next_update;
    struct span extra, extra_value;
    bool extra_critical;
};

struct drawing {
    struct plan plans[NODES_MAX];
    struct list_plan lists[NODES_MAX];
    size_t count;
};

static struct key *keys[KEYS_MAX];
static char tangled_names[TANGLED][4];

static const struct span unknown_oid = SPAN_LITERAL("\x2a\x03\x04");
static const struct span policy_constraints = SPAN_LITERAL("\x55\x1d\x24");
/* Values of extensions, DER. */
static const struct span permitted_dns = SPAN_LITERAL("\x30\x0f\xa0\x0d\x30\x0b\x82\x09shop.test");
static const struct span excluded_dns = SPAN_LITERAL("\x30\x11\xa1\x0f\x30\x0d\x82\x0b"
                                                     "example.com");
static const struct span permitted_directory =
    SPAN_LITERAL("\x30\x15\xa0\x13\x30\x11\xa4\x0f\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13"
                 "\x02"
                 "GB");
static const struct span require_policy_now = SPAN_LITERAL("\x30\x03\x80\x01\x00");
static const struct span der_null = SPAN_LITERAL("\x05\x00");
static const struct span delta_base = SPAN_LITERAL("\x02\x01\x01");
static const struct span only_servers = SPAN_LITERAL("\x30\x03\x81\x01\xff");
static const struct span only_authorities = SPAN_LITERAL("\x30\x03\x82\x01\xff");
static const struct span some_reasons = SPAN_LITERAL("\x30\x04\x83\x02\x06\x40");
static const struct span indirect = SPAN_LITERAL("\x30\x03\x84\x01\xff");
static const struct span only_attributes = SPAN_LITERAL("\x30\x03\x85\x01\xff");
/* distributionPoint → fullName → URI */
static const struct span partition =
    SPAN_LITERAL("\x30\x16\xa0\x14\xa0\x12\x86\x10http://a.test/1l");
static const struct span partition_2 =
    SPAN_LITERAL("\x30\x16\xa0\x14\xa0\x12\x86\x10http://a.test/2l");
static const struct span held =
    SPAN_LITERAL("\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x06");
/* A critical certificateIssuer: the entry is about some other CA's certificate. */
static const struct span for_another =
    SPAN_LITERAL("\x30\x1e\x30\x1c\x06\x03\x55\x1d\x1d\x01\x01\xff\x04\x12\x30\x10\xa4\x0e\x30\x0c"
                 "\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x");

/* An unknown extension, critical. */
static const struct span somehow =
    SPAN_LITERAL("\x30\x0e\x30\x0c\x06\x03\x2a\x03\x04\x01\x01\xff\x04\x02\x05\x00");

static const struct key *key_of(unsigned char letter)
{
    if (keys[letter] == NULL) {
        assert_int_equal(key_generate(KEY_TYPE_P256, &keys[letter]), OK);
    }
    return keys[letter];
}

void path_world_end(void)
{
    for (size_t i = 0; i < KEYS_MAX; i++) {
        key_free(keys[i]);
        keys[i] = NULL;
    }
}

static void node_add(
    struct drawing *drawing, const char *name, unsigned char key, size_t parent, bool trusted)
{
    assert_true(drawing->count < NODES_MAX);
    drawing->plans[drawing->count++] =
        (struct plan){ .name = name, .key = key, .parent = parent, .trusted = trusted };
}

static void tangle_draw(struct drawing *drawing)
{
    for (size_t i = 0; i < TANGLED; i++) {
        snprintf(tangled_names[i], sizeof tangled_names[i], "T%zu", i);
        node_add(drawing, tangled_names[i], (unsigned char)('a' + i), MORE + (i + 1) % TANGLED,
            /* trusted= */ false);
    }
    for (size_t i = 0; i < TANGLED; i++) {
        for (size_t k = 2; k < TANGLED; k++) {
            node_add(drawing, tangled_names[i], (unsigned char)('a' + i), MORE + (i + k) % TANGLED,
                /* trusted= */ false);
        }
    }
    drawing->plans[SUB].parent = MORE;
}

static void shape_draw(enum shape shape, struct drawing *drawing)
{
    node_add(drawing, "Root", 'R', ROOT, /* trusted= */ true);
    node_add(drawing, "CA", 'C', ROOT, false);
    node_add(drawing, "Sub CA", 'S', CA, false);
    node_add(drawing, "www.shop.example.com", 'L', SUB, false);
    struct plan *plans = drawing->plans;
    switch (shape) {
    case PLAIN:
        return;
    case ROLLOVER:
        node_add(drawing, "CA", 'D', CA, false);
        plans[SUB].parent = MORE;
        return;
    case TWO_KEYS:
        node_add(drawing, "CA", 'D', ROOT, false);
        return;
    case CROSSED:
    case CROSSED_BESIDE:
        node_add(drawing, "Partner", 'P', MORE, true);
        plans[ROOT].parent = MORE;
        plans[ROOT].trusted = false;
        if (shape == CROSSED_BESIDE) {
            node_add(drawing, "Root", 'R', MORE + 1, false);
        }
        return;
    case LOOP:
        node_add(drawing, "Loop", 'O', CA, false);
        node_add(drawing, "CA", 'C', MORE, false);
        return;
    case DEAD_LOOP:
        node_add(drawing, "Loop", 'O', CA, false);
        plans[CA].parent = MORE;
        return;
    case LENGTH_6:
    case LENGTH_7:
        node_add(drawing, "Third", 'X', CA, false);
        node_add(drawing, "Fourth", 'Y', MORE, false);
        plans[SUB].parent = MORE + 1;
        if (shape == LENGTH_7) {
            node_add(drawing, "Fifth", 'Z', MORE + 1, false);
            plans[SUB].parent = MORE + 2;
        }
        return;
    case COPIES:
        plans[CA].parent = CA;
        while (drawing->count < NODES_MAX - 1) {
            node_add(drawing, "CA", 'C', CA, false);
        }
        node_add(drawing, "CA", 'C', ROOT, false);
        return;
    case TANGLE:
        tangle_draw(drawing);
        return;
    }
}

/* A CA has one list, however many certificates it has. */
static bool is_known(const struct drawing *drawing, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const struct plan *plan = &drawing->plans[i];
        if (plan->key == drawing->plans[index].key &&
            strcmp(plan->name, drawing->plans[index].name) == 0) {
            return true;
        }
    }
    return false;
}

/* Everything as it should be. */
static void plan_complete(struct drawing *drawing, size_t index, int64_t now)
{
    struct plan *plan = &drawing->plans[index];
    const struct plan *parent = &drawing->plans[plan->parent];
    plan->signer = parent->key;
    plan->issuer = hierarchy_name(parent->name);
    plan->not_before = now - DAY_SECONDS;
    plan->not_after = now + 90 * DAY_SECONDS;
    plan->has_constraints = plan->has_usage = plan->has_policy = plan->has_key_id = true;
    plan->is_ca = index != LEAF;
    plan->path_length = index == SUB ? 0 : -1;
    plan->usage =
        plan->is_ca ? KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN : KEY_USAGE_DIGITAL_SIGNATURE;
    plan->has_purpose = index != ROOT && plan->parent != index;
    plan->purpose = oid_server_auth;
    plan->serial[0] = 0x41;
    plan->serial[1] = (uint8_t)(0x10 + index);
    drawing->lists[index] = (struct list_plan){
        .absent = !plan->is_ca || is_known(drawing, index),
        .issuer = plan->name,
        .signer = plan->key,
        .this_update = now - 3600,
        .next_update = now + DAY_SECONDS,
    };
}

static void extra_set(struct plan *plan, struct span oid, struct span value, bool critical)
{
    plan->extra = oid;
    plan->extra_value = value;
    plan->extra_critical = critical;
}

static void issuer_set(struct plan *plan, const char *name)
{
    buf_release(&plan->issuer);
    plan->issuer = hierarchy_name(name);
}

/* "Sub CA" in a string of another type: the tag stands two octets before the text. */
static void issuer_print(struct plan *plan)
{
    uint8_t *text = memmem(plan->issuer.data, plan->issuer.len, "Sub CA", 6);
    assert_non_null(text);
    text[-2] = DER_PRINTABLE_STRING;
}

static void list_extra_set(struct list_plan *list, struct span oid, struct span value)
{
    list->extra = oid;
    list->extra_value = value;
    list->extra_critical = true;
}

/* One line a fault: the table is long, and nothing but a table. */
static void certificate_spoil(struct plan *plan, enum fault_kind what, int64_t now)
{
    static const struct span other_id = SPAN_LITERAL("01234567890123456789");
    /* clang-format off */
    switch ((int)what) {
    case EXPIRED: plan->not_after = now - 60; break;
    case NOT_YET: plan->not_before = now + 3600; break;
    case FORGED: plan->signer = 'F'; break;
    case NO_CONSTRAINTS: plan->has_constraints = false; break;
    case NO_CA: plan->is_ca = false; break;
    case NO_CERT_SIGN: plan->usage = KEY_USAGE_CRL_SIGN; break;
    case NO_CRL_SIGN: plan->usage = KEY_USAGE_CERT_SIGN; break;
    case NO_USAGE: plan->has_usage = false; break;
    case LENGTH_0: plan->path_length = 0; break;
    case LENGTH_1: plan->path_length = 1; break;
    case CRITICAL: extra_set(plan, unknown_oid, der_null, true); break;
    case UNCRITICAL: extra_set(plan, unknown_oid, der_null, false); break;
    case CLIENTS_ONLY: plan->purpose = oid_client_auth; break;
    case NO_PURPOSE: plan->has_purpose = false; break;
    case ANY_PURPOSE: plan->purpose = oid_any_ext_key_usage; break;
    case ISSUER_CASE: issuer_set(plan, "SUB ca"); break;
    case ISSUER_SPACE: issuer_set(plan, "Sub  CA"); break;
    case ISSUER_PRINTABLE: issuer_print(plan); break;
    case PERMITS_DNS: extra_set(plan, oid_name_constraints, permitted_dns, true); break;
    case EXCLUDES_DNS: extra_set(plan, oid_name_constraints, excluded_dns, true); break;
    case EXCLUDES_DNS_UNMARKED: extra_set(plan, oid_name_constraints, excluded_dns, false); break;
    case PERMITS_OTHER_DIRECTORY: extra_set(plan, oid_name_constraints, permitted_directory, true); break;
    case NO_POLICY: plan->has_policy = false; break;
    case REQUIRES_POLICY: extra_set(plan, policy_constraints, require_policy_now, true); break;
    case NO_KEY_ID: plan->has_key_id = false; break;
    case OTHER_KEY_ID: plan->key_id = other_id; break;
    case REVOKED: plan->revoked = true; break;
    case HELD: plan->revoked = true; plan->entry_extensions = held; break;
    case REVOKED_SOMEHOW: plan->revoked = true; plan->entry_extensions = somehow; break;
    case REVOKED_FOR_ANOTHER: plan->revoked = true; plan->entry_extensions = for_another; break;
    default: break;
    }
    /* clang-format on */
}

static void list_spoil(struct list_plan *list, enum fault_kind what, int64_t now)
{
    const struct span scope = oid_issuing_distribution_point;
    /* clang-format off */
    switch ((int)what) {
    case LIST_ABSENT: list->absent = true; break;
    case LIST_EXPIRED: list->next_update = now - 60; break;
    case LIST_NOT_YET: list->this_update = now + 3600; break;
    case LIST_WITHOUT_END: list->next_update = 0; break;
    case LIST_FORGED: list->signer = 'F'; break;
    case LIST_OF_ANOTHER: list->issuer = "Another CA"; break;
    case LIST_CRITICAL: list_extra_set(list, unknown_oid, der_null); break;
    case LIST_UNCRITICAL: list_extra_set(list, unknown_oid, der_null); list->extra_critical = false; break;
    case LIST_INDIRECT: list_extra_set(list, scope, indirect); break;
    case LIST_DELTA: list_extra_set(list, oid_delta_crl_indicator, delta_base); break;
    case LIST_OF_SERVERS: list_extra_set(list, scope, only_servers); break;
    case LIST_OF_AUTHORITIES: list_extra_set(list, scope, only_authorities); break;
    case LIST_OF_ATTRIBUTES: list_extra_set(list, scope, only_attributes); break;
    case LIST_SOME_REASONS: list_extra_set(list, scope, some_reasons); break;
    case LIST_PARTITION: list_extra_set(list, scope, partition); break;
    case LIST_OTHER_PARTITION: list_extra_set(list, scope, partition_2); break;
    default: break;
    }
    /* clang-format on */
}

static size_t extensions_write(
    const struct drawing *drawing, const struct plan *plan, uint8_t room[EXTENSIONS_MAX])
{
    uint8_t own[KEY_IDENTIFIER_BYTES], above[KEY_IDENTIFIER_BYTES];
    size_t len = 0;
    const struct key *parent = key_of(drawing->plans[plan->parent].key);
    assert_int_equal(key_identifier(key_spki(key_of(plan->key)), own), OK);
    assert_int_equal(key_identifier(key_spki(parent), above), OK);
    struct der_writer writer = der_writer_make(room, EXTENSIONS_MAX);
    if (plan->has_constraints) {
        extension_write_basic_constraints(&writer, plan->is_ca, plan->path_length);
    }
    if (plan->has_usage) {
        extension_write_key_usage(&writer, plan->usage);
    }
    extension_write_subject_key(&writer, SPAN_OF(own));
    if (plan->has_key_id) {
        extension_write_authority_key(
            &writer, plan->key_id.len > 0 ? plan->key_id : SPAN_OF(above));
    }
    if (plan->has_purpose) {
        extension_write_ext_key_usage(&writer, &plan->purpose, 1);
    }
    if (plan->has_policy) {
        extension_write_policies(&writer, &oid_policy_ov, 1);
    }
    if (!plan->is_ca) {
        const struct span host = span_from_text("www.shop.example.com");
        extension_write_alt_names(&writer, &host, 1, /* critical= */ false);
        extension_write_crl_point(&writer, SPAN_LITERAL("http://a.test/1l"));
    }
    if (plan->extra.len > 0) {
        extension_write(&writer, plan->extra, plan->extra_critical, plan->extra_value);
    }
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    return len;
}

static struct buf certificate_make(const struct drawing *drawing, const struct plan *plan)
{
    uint8_t room[EXTENSIONS_MAX];
    AUTO(buf) subject = hierarchy_name(plan->name);
    const struct certificate_fields fields = {
        .serial = SPAN_OF(plan->serial),
        .algorithm = SIGNATURE_ECDSA_SHA256,
        .issuer = buf_span(&plan->issuer),
        .not_before = plan->not_before,
        .not_after = plan->not_after,
        .subject = buf_span(&subject),
        .spki = key_spki(key_of(plan->key)),
        .extensions = span_make(room, extensions_write(drawing, plan, room)),
    };
    return hierarchy_sign(&fields, key_of(plan->signer));
}

static void entries_write(
    struct der_writer *writer, const struct drawing *drawing, size_t index, int64_t when)
{
    bool any = false;
    for (size_t i = 0; i < drawing->count; i++) {
        const struct plan *plan = &drawing->plans[i];
        if (!plan->revoked || plan->parent != index) {
            continue;
        }
        if (!any) {
            der_open(writer, DER_SEQUENCE);
            any = true;
        }
        der_open(writer, DER_SEQUENCE);
        der_write_magnitude(writer, SPAN_OF(plan->serial));
        der_write_time(writer, when);
        if (plan->entry_extensions.len > 0) {
            der_write_raw(writer, plan->entry_extensions);
        }
        der_close(writer);
    }
    if (any) {
        der_close(writer);
    }
}

/* By hand: crl_write writes no list that is wrong. */
static struct buf list_make(const struct drawing *drawing, size_t index)
{
    enum { VERSION_2 = 1 };
    const struct list_plan *list = &drawing->lists[index];
    AUTO(buf) issuer = hierarchy_name(list->issuer);
    struct buf der = buf_make(HIERARCHY_MAX_BYTES);
    uint8_t room[2048], key_id[2 + 2 + KEY_IDENTIFIER_BYTES] = { 0x30, 0x16, 0x80, 0x14 };
    size_t len = 0;
    assert_int_equal(key_identifier(key_spki(key_of(drawing->plans[index].key)), key_id + 4), OK);
    struct der_writer writer = der_writer_make(room, sizeof room);
    der_open(&writer, DER_SEQUENCE);
    der_write_int64(&writer, VERSION_2);
    der_write_raw(&writer, signature_algorithm_der(SIGNATURE_ECDSA_SHA256));
    der_write_raw(&writer, buf_span(&issuer));
    der_write_time(&writer, list->this_update);
    if (list->next_update != 0) {
        der_write_time(&writer, list->next_update);
    }
    entries_write(&writer, drawing, index, list->this_update);
    der_open(&writer, DER_CONTEXT(0));
    der_open(&writer, DER_SEQUENCE);
    extension_write(&writer, oid_authority_key_identifier, false, SPAN_OF(key_id));
    extension_write(&writer, oid_crl_number, false, SPAN_LITERAL("\x02\x01\x02"));
    if (list->extra.len > 0) {
        extension_write(&writer, list->extra, list->extra_critical, list->extra_value);
    }
    der_close(&writer);
    der_close(&writer);
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    assert_int_equal(
        certificate_sign(span_make(room, len), SIGNATURE_ECDSA_SHA256, key_of(list->signer), &der),
        OK);
    return der;
}

void path_world_make(enum shape shape, const struct fault faults[FAULTS_MAX], int64_t now,
    struct path_world *ret_world)
{
    static struct drawing drawing;
    drawing = (struct drawing){ .count = 0 };
    *ret_world = (struct path_world){ .node_count = 0 };
    shape_draw(shape, &drawing);
    for (size_t i = 0; i < drawing.count; i++) {
        plan_complete(&drawing, i, now);
    }
    for (size_t i = 0; i < FAULTS_MAX; i++) {
        certificate_spoil(&drawing.plans[faults[i].at], faults[i].what, now);
        list_spoil(&drawing.lists[faults[i].at], faults[i].what, now);
    }
    for (size_t i = 0; i < drawing.count; i++) {
        struct buf *der = &ret_world->certificates[ret_world->node_count++];
        *der = certificate_make(&drawing, &drawing.plans[i]);
        if (i != LEAF && drawing.plans[i].trusted) {
            ret_world->roots[ret_world->root_count++] = buf_span(der);
        } else if (i != LEAF) {
            ret_world->intermediates[ret_world->intermediate_count++] = buf_span(der);
        }
        if (!drawing.lists[i].absent) {
            ret_world->lists[i] = list_make(&drawing, i);
            ret_world->crls[ret_world->crl_count++] = buf_span(&ret_world->lists[i]);
        }
        buf_release(&drawing.plans[i].issuer);
    }
}

void path_world_release(struct path_world *world)
{
    for (size_t i = 0; i < NODES_MAX; i++) {
        buf_release(&world->certificates[i]);
        buf_release(&world->lists[i]);
    }
}
