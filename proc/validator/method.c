/* The table of methods. */
#include "proc/validator/method.h"

static const struct method methods[] = {
    { DCV_EMAIL, method_email_look },
    { DCV_DNS, method_dns_look },
    { DCV_WEBSITE, method_website_look },
    { DCV_PERSISTENT, method_persistent_look },
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
