/* Lints of the subject alternative names and the common name (RFC 5280 §4.2.1.6,
 * BR 7.1.2.7.12, 7.1.4.3). What is right within one name is hosts.c's. */
#include "lib/lint/view.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { NAME_DNS = DER_CONTEXT_PRIMITIVE(2), NAME_IP = DER_CONTEXT_PRIMITIVE(7) };

/* Anybody's names: sorted, since a foreign certificate may have any number of them. Without memory
 * nobody can say: that is a fault. */
static void twice_look(struct view *view, struct der names)
{
    struct der_element name;
    size_t count = 0, room = 0;
    for (struct der all = names; der_read_any(&all, &name) == OK;) {
        room++;
    }
    struct span *sorted = calloc(room + 1, sizeof *sorted);
    if (sorted == NULL) {
        view_fault(view, FAULT_SAN_TWICE, names.rest);
        return;
    }
    for (; count < room && der_read_any(&names, &name) == OK; count++) {
        sorted[count] = name.whole;
    }
    qsort(sorted, count, sizeof *sorted, view_by_bytes);
    for (size_t i = 1; i < count; i++) {
        if (span_equal(sorted[i - 1], sorted[i])) {
            view_fault(view, FAULT_SAN_TWICE, span_make(sorted[i].data + 2, sorted[i].len - 2));
        }
    }
    free(sorted);
}

static bool names_enter(const struct view *view, struct der *ret_names)
{
    if (view->known[EXT_ALT_NAME] == NULL) {
        return false;
    }
    struct der outer = der_reader(view->known[EXT_ALT_NAME]->value);
    return der_enter(&outer, DER_SEQUENCE, ret_names) == OK && der_empty(&outer);
}

static void servers_observe(struct view *view)
{
    struct der names;
    struct der_element name;
    if (view->known[EXT_ALT_NAME] == NULL) {
        return;
    }
    if (!names_enter(view, &names) || der_empty(&names)) {
        view_fault(view, FAULT_SAN_FORM, view->known[EXT_ALT_NAME]->value);
        return;
    }
    twice_look(view, names);
    for (; !der_empty(&names); view->alt_name_count++) {
        if (der_read_any(&names, &name) != OK) {
            view_fault(view, FAULT_SAN_FORM, names.rest);
            return;
        }
        if (name.tag == NAME_DNS) {
            host_look(view, name.content);
        } else if (name.tag == NAME_IP) {
            address_bytes_look(view, name.content);
        } else {
            view_fault(view, FAULT_SAN_TYPE, name.content);
        }
    }
}

static bool names_there(const struct view *view)
{
    return view->known[EXT_ALT_NAME] != NULL;
}

static bool names_absent(const struct view *view)
{
    return !names_there(view);
}

static bool critical_without_subject(const struct view *view)
{
    return !names_there(view) || view->subject.count > 0 || view->known[EXT_ALT_NAME]->critical;
}

static bool uncritical_with_subject(const struct view *view)
{
    return !names_there(view) || view->subject.count == 0 || !view->known[EXT_ALT_NAME]->critical;
}

static bool address_equals(struct span address, struct span text)
{
    char written[INET6_ADDRSTRLEN];
    int family = address.len == 4 ? AF_INET : AF_INET6;
    return (address.len == 4 || address.len == 16) &&
           inet_ntop(family, address.data, written, sizeof written) != NULL &&
           span_equal_text(text, written);
}

/* BR 7.1.4.3: a character copy of one of the names, an IPv6 address as RFC 5952 writes it. */
static bool common_name_copied(const struct view *view)
{
    const struct view_attribute *common_name = view_attribute(&view->subject, oid_common_name);
    struct der names;
    struct der_element name;
    if (common_name == NULL || !names_enter(view, &names)) {
        return common_name == NULL || !names_there(view);
    }
    while (der_read_any(&names, &name) == OK) {
        if ((name.tag == NAME_DNS && span_equal(name.content, common_name->value)) ||
            (name.tag == NAME_IP && address_equals(name.content, common_name->value))) {
            return true;
        }
    }
    return false;
}

static const struct lint rows[] = {
    { "san.present", "BR 7.1.2.7.12", "subject alternative names", FOR_SERVER, SINCE_BR_1,
        .holds = names_there },
    { "san.form", "RFC 5280 4.2.1.6", "a SEQUENCE of at least one name", FOR_CERTIFICATE,
        SINCE_RFC5280, .fault = FAULT_SAN_FORM },
    { "san.types", "BR 7.1.2.7.12", "dNSName and iPAddress only", FOR_SERVER, SINCE_BR_1,
        .fault = FAULT_SAN_TYPE },
    { "san.critical", "RFC 5280 4.2.1.6", "critical where there is no subject", FOR_SERVER,
        SINCE_RFC5280, .holds = critical_without_subject },
    { "san.uncritical", "BR 7.1.2.7.12", "not critical where there is a subject", FOR_SERVER,
        SINCE_BR_1, LINT_SHOULD, .holds = uncritical_with_subject },
    { "san.twice", "RFC 5280 4.2.1.6", "each name once", FOR_SERVER, SINCE_RFC5280, LINT_SHOULD,
        .fault = FAULT_SAN_TWICE },
    { "san.empty", "RFC 5280 4.2.1.6", "names that are not empty", FOR_SERVER, SINCE_RFC5280,
        .fault = FAULT_SAN_EMPTY },
    { "san.length", "RFC 1035 2.3.4", "names of at most 253 characters", FOR_SERVER, SINCE_RFC5280,
        .fault = FAULT_SAN_LENGTH },
    { "san.label_length", "RFC 1035 2.3.4", "labels of at most 63 characters", FOR_SERVER,
        SINCE_RFC5280, .fault = FAULT_SAN_LABEL_LENGTH },
    { "san.label_empty", "RFC 1034 3.5", "no empty label", FOR_SERVER, SINCE_RFC5280,
        .fault = FAULT_SAN_LABEL_EMPTY },
    { "san.final_dot", "RFC 5280 4.2.1.6", "no dot at the end: the preferred name syntax",
        FOR_SERVER, SINCE_RFC5280, .fault = FAULT_SAN_FINAL_DOT },
    { "san.underscore", "BR 7.1.2.7.12", "no underscore", FOR_SERVER, SINCE_2019_04_01,
        .fault = FAULT_SAN_UNDERSCORE },
    { "san.character", "RFC 1034 3.5", "letters, digits and hyphens", FOR_SERVER, SINCE_RFC5280,
        .fault = FAULT_SAN_CHARACTER },
    { "san.hyphen", "RFC 1034 3.5", "no hyphen at a label's ends", FOR_SERVER, SINCE_RFC5280,
        .fault = FAULT_SAN_HYPHEN },
    { "san.reserved", "BR 7.1.2.7.12", "no \"--\" at the third place but behind \"xn\"", FOR_SERVER,
        SINCE_2021_10_01, .fault = FAULT_SAN_RESERVED },
    { "san.punycode", "RFC 5890 2.3.2.1", "behind \"xn--\" what Punycode can decode", FOR_SERVER,
        SINCE_2018_08_10, .fault = FAULT_SAN_PUNYCODE },
    { "san.case", "RFC 5890 2.3.2.1", "lower case", FOR_SERVER, SINCE_2018_08_10, LINT_SHOULD,
        .fault = FAULT_SAN_CASE },
    { "san.single", "BR 4.2.2", "names with a dot: no internal name", FOR_SERVER, SINCE_BR_1,
        .fault = FAULT_SAN_SINGLE },
    { "san.numeric", "BR 7.1.2.7.12", "no address written as a name", FOR_SERVER, SINCE_BR_1,
        .fault = FAULT_SAN_NUMERIC },
    { "san.reverse", "BR 7.1.2.7.12", "no name of a reverse zone", FOR_SERVER, SINCE_2026_03_15,
        .fault = FAULT_SAN_REVERSE },
    { "san.internal", "BR 4.2.2", "no name of special use, which no registry hands out", FOR_SERVER,
        SINCE_BR_1, .fault = FAULT_SAN_INTERNAL },
    { "san.onion", "BR B.2", "an onion name of version 3", FOR_SERVER, SINCE_2021_10_01,
        .fault = FAULT_SAN_ONION },
    { "san.wildcard_place", "BR 1.6.1", "a wildcard as the whole first label only", FOR_SERVER,
        SINCE_BR_1, .fault = FAULT_SAN_WILDCARD_PLACE },
    { "san.wildcard_narrow", "BR 3.2.2.6", "no wildcard beneath a top-level domain", FOR_SERVER,
        SINCE_BR_1, .fault = FAULT_SAN_WILDCARD_NARROW },
    { "san.ev_wildcard", "EVG 7.1.2.1", "no wildcard", FOR_EV, SINCE_EVG,
        .fault = FAULT_SAN_WILDCARD },
    { "san.ev_address", "EVG 7.1.2.1", "names only, no address", FOR_EV, SINCE_EVG,
        .fault = FAULT_SAN_IP },
    { "san.address_length", "RFC 5280 4.2.1.6", "an iPAddress of 4 or 16 octets", FOR_SERVER,
        SINCE_RFC5280, .fault = FAULT_SAN_IP_LENGTH },
    { "san.address_reserved", "BR 4.2.2", "no address of a special-purpose registry", FOR_SERVER,
        SINCE_BR_1, .fault = FAULT_SAN_IP_RESERVED },
    { "san.common_name", "BR 7.1.4.3", "a common name that is a copy of one of them", FOR_SERVER,
        SINCE_BR_1, .holds = common_name_copied },
    { "san.ca_absent", "BR 7.1.2.11.5", "no subject alternative names", FOR_CA, SINCE_BR_2,
        LINT_SHOULD, .holds = names_absent },
    { "san.responder_absent", "BR 7.1.2.8.2", "no subject alternative names", FOR_RESPONDER,
        SINCE_BR_2, .holds = names_absent },
};

const struct lint_table lint_servers = { servers_observe, FOR_SERVER, rows,
    sizeof rows / sizeof rows[0] };
