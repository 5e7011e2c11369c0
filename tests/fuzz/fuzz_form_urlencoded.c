/* A log-in form's body, urlencoded. */
#include "lib/http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const choices[] = { "en", "zh-HK", NULL };
    struct span got[3] = { 0 };
    const struct form_field fields[] = {
        { "name", FORM_LINE, 1, 20, true, 0, NULL },
        { "number", FORM_DIGITS, 9, 9, true, sizeof got[0], NULL },
        { "lang", FORM_CHOICE, 0, 0, false, 2 * sizeof got[0], choices },
    };
    const struct form form = { fields, 3, FORM_REFUSE_UNKNOWN };
    struct form_errors errors;
    AUTO(arena) arena = arena_make(1 << 20);
    enum err err = form_parse(&form, SPAN_LITERAL("application/x-www-form-urlencoded"),
        span_make(data, size), &arena, got, &errors);
    return err == OK && (!utf8_valid(got[0]) || got[1].len != 9) ? __builtin_trap(), 0 : 0;
}
