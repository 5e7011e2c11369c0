/* Says of typed names, one a line, what they become: the name and its registrable part, or the code
 * that refuses it. For names_model.py.
 *
 *   name_answers PUBLIC_SUFFIX_LIST */
#include "lib/dns/suffix.h"

#include <assert.h>

int main(int argc, char **argv)
{
    char line[2048];
    AUTO_PTR(suffix_list) list = NULL;
    enum err err = suffix_list_open(argc > 1 ? argv[1] : NULL, &list);
    assert(err == OK);
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct dns_name name;
        struct reason reason = { 0 };
        const char *registrable = NULL;
        struct span typed = span_make(line, strcspn(line, "\n"));
        if (dns_name_parse(typed, DNS_NAME_HOST_OR_WILDCARD, &name, &reason) != OK) {
            printf("%s\n", reason.code);
        } else if (suffix_list_check(list, &name, &reason) != OK) {
            printf("%s %s\n", name.text, reason.code);
        } else {
            err = suffix_list_registrable(list, &name, &registrable);
            assert(err == OK);
            printf("%s %s\n", name.text, registrable);
        }
    }
    return 0;
}
