/* What an enrolment keeps between runs: where it goes, what it placed, what is to happen at the
 * end. */
#include "cli/ecert/enrol.h"

static void words_keep(struct value_tree *tree, struct value *list, const char *const *words);
static enum err words_recall(const char **words, size_t size, const struct value *list);
static void placed_recall(struct walk *walk, const struct value *list);
static const char *recall(const char *given, const struct value *kept, const char *name);

enum err walk_keep(struct walk *walk)
{
    struct value_tree *tree = &walk->tool->tree;
    struct value *kept = value_object(tree);
    AUTO(buf) text = buf_make(CERTSTORE_PROGRESS_MAX);
    value_put_text(tree, kept, "portal", walk->portal);
    value_put_text(tree, kept, "server_name", walk->server_name);
    value_put_text(tree, kept, "reference", walk->reference);
    value_put_text(tree, kept, "portal_ca", walk->ca_file);
    value_put_text(tree, kept, "root", walk->root_file);
    value_put_text(tree, kept, "dns_update", walk->dns_server);
    value_put_text(tree, kept, "tsig", walk->tsig_file);
    value_put_text(tree, kept, "domain", walk->domain);
    value_put_text(tree, kept, "persist", walk->persist);
    value_put_text(tree, kept, "email", walk->email);
    value_put_text(tree, kept, "install_certificate", walk->install_certificate);
    value_put_text(tree, kept, "install_key", walk->install_key);
    value_put_text(tree, kept, "pin_file", walk->pin_file);
    value_put_text(tree, kept, "subscription_end", walk->subscription_end);
    value_put_bool(tree, kept, "accept", walk->accept);
    value_put_bool(tree, kept, "chinese", walk->chinese);
    words_keep(tree, value_put_list(tree, kept, "webroots"), walk->webroots);
    words_keep(tree, value_put_list(tree, kept, "after"), walk->after);
    words_keep(tree, value_put_list(tree, kept, "hook"), walk->hook);
    struct value *placed = value_put_list(tree, kept, "placed");
    for (size_t i = 0; i < walk->placed_count; i++) {
        struct value *record = value_add_object(tree, placed);
        value_put_text(tree, record, "host", walk->placed[i].host);
        value_put_text(tree, record, "value", walk->placed[i].value);
    }
    value_put_bool(tree, kept, "no_key", walk->no_key);
    value_put_bool(tree, kept, "renew", walk->renew);
    value_put_bool(tree, kept, "finished", walk->finished);
    TRY(value_tree_check(tree));
    json_format(&text, kept);
    TRY(buf_check(&text));
    return certstore_write_progress(walk->store, &walk->item, buf_span(&text));
}

static void words_keep(struct value_tree *tree, struct value *list, const char *const *words)
{
    for (; *words != NULL; words++) {
        value_add_text(tree, list, *words);
    }
}

enum err walk_recall(struct walk *walk, struct reason *ret_reason)
{
    AUTO(buf) text = { 0 };
    const struct value *kept;
    enum err err = certstore_read_progress(walk->store, &walk->item, &text);
    if (err == ERR_NOT_FOUND) {
        return reason_set(ret_reason, err, "tool.nothing_to_resume", walk->item.id, NULL, NULL);
    }
    TRY(err);
    TRY(json_parse(buf_span(&text), CERTSTORE_PROGRESS_MAX, &walk->tool->tree, &kept, ret_reason));
    walk->portal = recall(walk->portal, kept, "portal");
    walk->server_name = recall(walk->server_name, kept, "server_name");
    walk->reference = recall(walk->reference, kept, "reference");
    walk->ca_file = recall(walk->ca_file, kept, "portal_ca");
    walk->root_file = recall(walk->root_file, kept, "root");
    /* Whoever now gives another way of proof means it; the old one may still have to be tidied up.
     */
    if (walk->dns_server == NULL && walk->webroots[0] == NULL && walk->hook[0] == NULL) {
        walk->email = recall(walk->email, kept, "email");
    }
    if (walk->dns_server == NULL && walk->email == NULL && walk->hook[0] == NULL) {
        TRY(words_recall(walk->webroots, APPLICATION_NAMES_MAX + 1, value_get(kept, "webroots")));
    }
    if (walk->dns_server == NULL && walk->email == NULL && walk->webroots[0] == NULL) {
        TRY(words_recall(walk->hook, AFTER_MAX, value_get(kept, "hook")));
    }
    walk->dns_server = recall(walk->dns_server, kept, "dns_update");
    walk->tsig_file = recall(walk->tsig_file, kept, "tsig");
    if (walk->email == NULL && walk->webroots[0] == NULL) {
        walk->domain = recall(walk->domain, kept, "domain");
        walk->persist = recall(walk->persist, kept, "persist");
    }
    walk->install_certificate = recall(walk->install_certificate, kept, "install_certificate");
    walk->install_key = recall(walk->install_key, kept, "install_key");
    walk->pin_file = recall(walk->pin_file, kept, "pin_file");
    walk->subscription_end = recall(walk->subscription_end, kept, "subscription_end");
    walk->accept |= value_truth(value_get(kept, "accept"));
    walk->no_key |= value_truth(value_get(kept, "no_key"));
    walk->renew |= value_truth(value_get(kept, "renew"));
    walk->chinese |= value_truth(value_get(kept, "chinese"));
    walk->kept = walk->item.kind == CERTSTORE_PERSONAL && value_truth(value_get(kept, "finished"));
    placed_recall(walk, value_get(kept, "placed"));
    return words_recall(walk->after, AFTER_MAX, value_get(kept, "after"));
}

/* What is given again wins over what was kept. */
static const char *recall(const char *given, const struct value *kept, const char *name)
{
    return given != NULL ? given : value_text(value_get(kept, name));
}

static void placed_recall(struct walk *walk, const struct value *list)
{
    for (const struct value *record = value_first(list);
         record != NULL && walk->placed_count < APPLICATION_NAMES_MAX;
         record = value_next(record)) {
        struct placed *placed = &walk->placed[walk->placed_count];
        bool fits = span_to_text(span_from_text(api_text(record, "host")), placed->host,
                        sizeof placed->host) &&
                    span_to_text(span_from_text(api_text(record, "value")), placed->value,
                        sizeof placed->value);
        walk->placed_count += fits;
    }
}

/* Only where none were given. */
static enum err words_recall(const char **words, size_t size, const struct value *list)
{
    size_t count = 0;
    if (words[0] != NULL) {
        return OK;
    }
    for (const struct value *word = value_first(list); word != NULL; word = value_next(word)) {
        if (count + 1 == size) {
            return ERR_LIMIT;
        }
        words[count++] = value_text(word);
    }
    return OK;
}
