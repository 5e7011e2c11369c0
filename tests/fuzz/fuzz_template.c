/* A template's source: compiled and linked, or refused. */
#include "lib/text/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_PTR(template_set) set = template_set_new();
    struct reason reason = { 0 };
    enum err err = template_set_add(set, "a", span_make(data, size), &reason);
    if (err == OK) {
        err = template_set_link(set, &reason);
    }
    return err == OK || reason.code[0] != '\0' ? 0 : -1;
}
