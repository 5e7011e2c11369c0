/* An upload: the first line is the boundary, the rest the body. */
#include "lib/http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span got[2] = { 0 };
    const struct form_field fields[] = {
        { "csr", FORM_FILE, 0, 1024, false, 0, NULL },
        { "note", FORM_TEXT, 0, 64, false, sizeof got[0], NULL },
    };
    const struct form form = { fields, 2, FORM_IGNORE_UNKNOWN };
    struct form_errors errors;
    AUTO(arena) arena = arena_make(1 << 20);
    const uint8_t *line = size == 0 ? NULL : memchr(data, '\n', size);
    size_t head = line == NULL ? 0 : (size_t)(line - data);
    char type[128];
    snprintf(
        type, sizeof type, "multipart/form-data; boundary=\"%.*s\"", (int)head, (const char *)data);
    struct span body = { data + head + (line != NULL), size - head - (line != NULL) };
    (void)!form_parse(&form, span_from_text(type), body, &arena, got, &errors);
    return got[0].len > 1024 || !utf8_valid(got[1]) ? __builtin_trap(), 0 : 0;
}
