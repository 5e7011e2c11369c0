/* Installation steps for one kind of server software each, filled in with the subscriber's names
 * and files. The commands stand in web/templates/steps_*.html as one would type them; those for
 * software that runs here are executed by a test exactly as the page prints them. */
#include "proc/portal/steps.h"

#include "lib/crypto/digest.h"
#include "proc/portal/bundle.h"
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"

static const struct {
    const char *id, *name; /* names are trade names, the same in every language */
} softwares[] = {
    { "nginx", "nginx" },
    { "apache", "Apache HTTP Server" },
    { "haproxy", "HAProxy" },
    { "postfix", "Postfix" },
    { "dovecot", "Dovecot" },
    { "tomcat", "Apache Tomcat" },
    { "iis", "Microsoft IIS" },
    { "exchange", "Microsoft Exchange" },
};
enum { SOFTWARE_COUNT = sizeof softwares / sizeof softwares[0] };

static enum err names_put(struct visit *visit, const struct certificate *certificate);
static enum err predecessors_put(struct visit *visit, const struct chain_links *chain);
static enum err serial_put(struct visit *visit, struct span serial);
static void capitals(char *hex);

void steps_links_put(struct visit *visit)
{
    struct value *list = value_put_list(&visit->tree, visit->page, "steps_links");
    for (size_t i = 0; i < SOFTWARE_COUNT; i++) {
        struct value *object = value_add_object(&visit->tree, list);
        value_put_text(&visit->tree, object, "name", softwares[i].name);
        value_put_text(&visit->tree, object, "href",
            arena_format(visit->request->arena, "/download/steps/%s", softwares[i].id));
    }
}

enum err steps_get(struct visit *visit)
{
    struct span name = { 0 };
    struct bundle bundle = { 0 };
    struct value_tree *tree = &visit->tree;
    size_t i = 0;
    (void)http_request_param(visit->request, "software", &name);
    while (i < SOFTWARE_COUNT && !span_equal_text(name, softwares[i].id)) {
        i++;
    }
    if (i == SOFTWARE_COUNT) {
        return ERR_NOT_FOUND;
    }
    TRY(bundle_make(visit, &bundle));
    page_begin(visit, STEP_DOWNLOAD, "steps.title");
    value_put_text(tree, visit->page, "software", softwares[i].name);
    value_put_text(tree, visit->page, "file", bundle.base);
    value_put_text(tree, visit->page, "intermediate", bundle.chain.links[1].name);
    value_put_text(tree, visit->page, "root", bundle.chain.links[bundle.chain.count - 1].name);
    value_put_text(
        tree, visit->page, "cross", bundle.cross_count > 0 ? bundle.crosses[0].name : NULL);
    value_put_text(
        tree, visit->page, "arl", list_name(visit, bundle.chain.links[1].certificate->crl_uri));
    value_put_bool(
        tree, visit->page, "wildcard", edition_rules(visit->application.edition)->wildcard);
    TRY(predecessors_put(visit, &bundle.chain));
    TRY(serial_put(visit, bundle.chain.links[0].certificate->serial));
    TRY(names_put(visit, bundle.chain.links[0].certificate));
    return page_reply(visit, 200, arena_format(visit->request->arena, "steps_%s", softwares[i].id));
}

/* "names", all of them with spaces; "host", the first that a connection can be made to; "aliases",
 * the others. */
static enum err names_put(struct visit *visit, const struct certificate *certificate)
{
    AUTO(buf) names = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) aliases = buf_make(CERTIFICATE_MAX_BYTES);
    struct span host = { 0 };
    for (size_t i = 0; i < certificate->dns_name_count; i++) {
        struct span name = certificate->dns_names[i];
        if (host.len == 0 && name.len > 0 && name.data[0] != '*') {
            host = name;
        }
    }
    for (size_t i = 0; i < certificate->dns_name_count; i++) {
        struct span name = certificate->dns_names[i];
        buf_append_text(&names, i > 0 ? " " : "");
        buf_append(&names, name);
        if (!span_equal(name, host)) {
            buf_append_text(&aliases, buf_span(&aliases).len > 0 ? " " : "");
            buf_append(&aliases, name);
        }
    }
    TRY(buf_check(&names));
    TRY(buf_check(&aliases));
    value_put_span(&visit->tree, visit->page, "names", buf_span(&names));
    value_put_span(&visit->tree, visit->page, "aliases", buf_span(&aliases));
    value_put_span(&visit->tree, visit->page, "host", host);
    return OK;
}

/* Name and key of the old intermediate are the new one's: only thumbprints tell them apart. */
static enum err predecessors_put(struct visit *visit, const struct chain_links *chain)
{
    struct link twins[CHAIN_MAX];
    uint8_t thumbprint[SHA1_BYTES];
    char hex[2 * SHA1_BYTES + 1];
    size_t count = chain_twins(chain, 1, twins);
    struct value *list = value_put_list(&visit->tree, visit->page, "predecessors");
    for (size_t i = 0; i < count; i++) {
        TRY(digest_bytes(DIGEST_SHA1_THUMBPRINT, twins[i].der, thumbprint));
        struct value *object = value_add_object(&visit->tree, list);
        value_put_text(&visit->tree, object, "name", twins[i].name);
        hex_format(SPAN_OF(thumbprint), hex);
        capitals(hex);
        value_put_text(&visit->tree, object, "thumbprint", hex);
    }
    return OK;
}

/* "serial_plain" as Java prints it, "serial_hex" as Windows does. */
static enum err serial_put(struct visit *visit, struct span serial)
{
    char hex[2 * SERIAL_MAX_BYTES + 1];
    if (serial.len > SERIAL_MAX_BYTES) {
        return ERR_LIMIT;
    }
    hex_format(serial, hex);
    value_put_text(&visit->tree, visit->page, "serial_plain", hex);
    capitals(hex);
    value_put_text(&visit->tree, visit->page, "serial_hex", hex);
    return OK;
}

static void capitals(char *hex)
{
    for (char *c = hex; *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'f') {
            *c = (char)(*c - 'a' + 'A');
        }
    }
}
