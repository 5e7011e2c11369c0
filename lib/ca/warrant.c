/* The warrant's DER, both ways, and its hash. */
#include "lib/ca/warrant.h"
#include "lib/ca/internal.h"
#include "lib/der/writer.h"

enum { WARRANT_VERSION = 1 };

static void warrant_write(struct der_writer *writer, const void *object);
static void approvals_write(
    struct der_writer *writer, const struct approval *approvals, size_t count);
static enum err approvals_read(
    struct der *reader, struct approval approvals[APPROVALS_MAX], size_t *ret_count);
static void earlier_write(struct der_writer *writer, const struct warrant *warrant);
static enum err earlier_read(struct der *reader, struct arena *arena, struct warrant *warrant);
static enum err evidence_read(struct der *reader, struct arena *arena, struct warrant *warrant);
static enum err name_evidence_read(
    struct der *reader, struct arena *arena, struct name_evidence *ret_evidence);

enum err warrant_format(const struct warrant *warrant, struct buf *der)
{
    return der_encode(warrant_write, warrant, der);
}

static void warrant_write(struct der_writer *writer, const void *object)
{
    const struct warrant *warrant = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, WARRANT_VERSION);
    der_write_octets(writer, SPAN_OF(warrant->request.enrolment));
    der_write_int64(writer, warrant->request.ordinal);
    der_write_octets(writer, warrant->application_der);
    approvals_write(writer, warrant->approvals, warrant->approval_count);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < warrant->evidence_count; i++) {
        der_open(writer, DER_SEQUENCE);
        for (size_t j = 0; j < warrant->evidence[i].count; j++) {
            observation_write(writer, &warrant->evidence[i].observations[j]);
        }
        der_close(writer);
    }
    der_close(writer);
    der_write_octets(writer, warrant->csr);
    der_write_boolean(writer, warrant->chinese);
    der_write_text(writer, DER_UTF8_STRING, warrant->profile_id);
    der_write_octets(writer, SPAN_OF(warrant->profile_hash));
    der_write_int64(writer, warrant->epoch);
    earlier_write(writer, warrant);
    der_close(writer);
}

static void approvals_write(
    struct der_writer *writer, const struct approval *approvals, size_t count)
{
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        approval_write(writer, &approvals[i]);
    }
    der_close(writer);
}

/* [0] { { application, approvals } … }; where there is none, the warrant is as it was before there
 * could be any. */
static void earlier_write(struct der_writer *writer, const struct warrant *warrant)
{
    if (warrant->earlier_count == 0) {
        return;
    }
    der_open(writer, DER_CONTEXT(0));
    for (size_t i = 0; i < warrant->earlier_count; i++) {
        const struct earlier_application *earlier = &warrant->earlier[i];
        der_open(writer, DER_SEQUENCE);
        der_write_octets(writer, earlier->application_der);
        approvals_write(writer, earlier->approvals, earlier->approval_count);
        der_close(writer);
    }
    der_close(writer);
}

enum err warrant_parse(struct span der, struct arena *arena, struct warrant *ret_warrant)
{
    struct der reader = der_reader(der), inner;
    struct warrant warrant = { 0 };
    unsigned version;
    if (der.len > WARRANT_MAX_BYTES) {
        return ERR_LIMIT;
    }
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_finish(&reader));
    TRY(der_read_uint(&inner, UINT8_MAX, &version));
    if (version != WARRANT_VERSION) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_read_fixed(&inner, warrant.request.enrolment, ENROLMENT_ID_BYTES));
    TRY(der_read_uint(&inner, INT32_MAX, &warrant.request.ordinal));
    TRY(der_read(&inner, DER_OCTET_STRING, &warrant.application_der));
    TRY(application_parse(warrant.application_der, arena, &warrant.application));
    TRY(approvals_read(&inner, warrant.approvals, &warrant.approval_count));
    TRY(evidence_read(&inner, arena, &warrant));
    TRY(der_read(&inner, DER_OCTET_STRING, &warrant.csr));
    TRY(der_read_boolean(&inner, &warrant.chinese));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, warrant.profile_id, sizeof warrant.profile_id));
    TRY(der_read_fixed(&inner, warrant.profile_hash, HASH_BYTES));
    TRY(der_read_int64(&inner, &warrant.epoch));
    TRY(der_empty(&inner) ? OK : earlier_read(&inner, arena, &warrant));
    TRY(der_finish(&inner));
    *ret_warrant = warrant;
    return OK;
}

static enum err approvals_read(
    struct der *reader, struct approval approvals[APPROVALS_MAX], size_t *ret_count)
{
    struct der list;
    size_t count = 0;
    TRY(der_enter(reader, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (count == APPROVALS_MAX) {
            return ERR_LIMIT;
        }
        TRY(approval_read(&list, &approvals[count]));
        count++;
    }
    *ret_count = count;
    return OK;
}

/* Nothing at all is written for none. */
static enum err earlier_read(struct der *reader, struct arena *arena, struct warrant *warrant)
{
    struct der list;
    TRY(der_enter(reader, DER_CONTEXT(0), &list));
    if (der_empty(&list)) {
        return ERR_INPUT;
    }
    warrant->earlier = arena_alloc(arena, EARLIER_APPLICATIONS_MAX, sizeof *warrant->earlier);
    if (warrant->earlier == NULL) {
        return ERR_MEMORY;
    }
    while (!der_empty(&list)) {
        struct der inner;
        if (warrant->earlier_count == EARLIER_APPLICATIONS_MAX) {
            return ERR_LIMIT;
        }
        struct earlier_application *earlier = &warrant->earlier[warrant->earlier_count++];
        *earlier = (struct earlier_application){ 0 };
        TRY(der_enter(&list, DER_SEQUENCE, &inner));
        TRY(der_read(&inner, DER_OCTET_STRING, &earlier->application_der));
        TRY(application_parse(earlier->application_der, arena, &earlier->application));
        TRY(application_hash(earlier->application_der, earlier->hash));
        TRY(approvals_read(&inner, earlier->approvals, &earlier->approval_count));
        TRY(der_finish(&inner));
    }
    return OK;
}

static enum err evidence_read(struct der *reader, struct arena *arena, struct warrant *warrant)
{
    struct der list;
    TRY(der_enter(reader, DER_SEQUENCE, &list));
    size_t capacity = warrant->application.name_count;
    warrant->evidence = arena_alloc(arena, capacity, sizeof warrant->evidence[0]);
    if (warrant->evidence == NULL) {
        return ERR_MEMORY;
    }
    while (!der_empty(&list)) {
        if (warrant->evidence_count == capacity) {
            return ERR_LIMIT;
        }
        TRY(name_evidence_read(&list, arena, &warrant->evidence[warrant->evidence_count]));
        warrant->evidence_count++;
    }
    return OK;
}

static enum err name_evidence_read(
    struct der *reader, struct arena *arena, struct name_evidence *ret_evidence)
{
    struct der list;
    TRY(der_enter(reader, DER_SEQUENCE, &list));
    struct der ahead = list;
    size_t count = 0;
    while (!der_empty(&ahead)) {
        struct span skipped;
        TRY(der_read(&ahead, DER_SEQUENCE, &skipped));
        count++;
    }
    if (count > EVIDENCE_OBSERVATIONS_MAX) {
        return ERR_LIMIT;
    }
    struct observation *observations = arena_alloc(arena, count, sizeof *observations);
    if (observations == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(observation_read(&list, &observations[i]));
    }
    *ret_evidence = (struct name_evidence){ observations, count };
    return OK;
}

enum err warrant_hash(struct span der, uint8_t ret_hash[HASH_BYTES])
{
    return tagged_hash("ecert warrant v1", der, ret_hash);
}
