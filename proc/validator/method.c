/* The table of methods. */
#include "proc/validator/method.h"

static const struct method methods[] = {
    { DCV_EMAIL, "ca-tbr-4", /* wildcard= */ true, method_email_look },
    { DCV_DNS, "ca-tbr-7", /* wildcard= */ true, method_dns_look },
    { DCV_WEBSITE, "ca-tbr-18", /* wildcard= */ false, method_website_look },
};

const struct method *method_find(enum dcv_method method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (methods[i].method == method) {
            return &methods[i];
        }
    }
    return NULL;
}
