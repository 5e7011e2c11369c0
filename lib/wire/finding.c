/* SEQUENCE { objects, rules, SEQUENCE OF { object, kind, id, source, seen, expected, since, warning
 * } }. */
#include "lib/wire/finding.h"

static void row_write(struct der_writer *writer, const struct control_finding *row)
{
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, row->object);
    der_write_text(writer, DER_UTF8_STRING, row->kind);
    der_write_text(writer, DER_UTF8_STRING, row->id);
    der_write_text(writer, DER_UTF8_STRING, row->source);
    der_write_text(writer, DER_UTF8_STRING, row->seen);
    der_write_text(writer, DER_UTF8_STRING, row->expected);
    der_write_int64(writer, row->since);
    der_write_boolean(writer, row->warning);
    der_close(writer);
}

void control_findings_write(struct der_writer *writer, const void *object)
{
    const struct control_findings *findings = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, findings->objects);
    der_write_int64(writer, findings->rules);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < findings->count; i++) {
        row_write(writer, &findings->rows[i]);
    }
    der_close(writer);
    der_close(writer);
}

static enum err row_read(struct der *list, struct control_finding *row)
{
    struct der inner;
    TRY(der_enter(list, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->object, sizeof row->object));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->kind, sizeof row->kind));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->id, sizeof row->id));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->source, sizeof row->source));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->seen, sizeof row->seen));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, row->expected, sizeof row->expected));
    TRY(der_read_int64(&inner, &row->since));
    TRY(der_read_boolean(&inner, &row->warning));
    return der_finish(&inner);
}

enum err control_findings_read(
    struct der *body, struct arena *arena, struct control_findings *ret_findings)
{
    struct der inner, list;
    struct control_findings findings = { .count = 0 };
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_uint(&inner, INT32_MAX, &findings.objects));
    TRY(der_read_uint(&inner, INT32_MAX, &findings.rules));
    TRY(der_enter(&inner, DER_SEQUENCE, &list));
    TRY(der_finish(&inner));
    findings.rows = arena_alloc(arena, FINDINGS_MAX, sizeof *findings.rows);
    if (findings.rows == NULL) {
        return ERR_MEMORY;
    }
    for (; !der_empty(&list); findings.count++) {
        if (findings.count == FINDINGS_MAX) {
            return ERR_LIMIT;
        }
        TRY(row_read(&list, &findings.rows[findings.count]));
    }
    *ret_findings = findings;
    return OK;
}
