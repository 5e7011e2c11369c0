/* `profile`: what each kind of object that the service signs holds. Asks nobody: it is the table
 * that the signer builds from. */
#include "cli/ecertadm/command.h"
#include "lib/ca/profile.h"
#include "lib/der/oid.h"
#include "lib/pki/certificate.h"

#include <stdio.h>

static enum err profiles_print(struct call *call);
static enum err profile_print(struct call *call, const struct profile *profile);
static enum err hash_put(
    struct value_tree *tree, struct value *object, const struct profile *profile);
static void usage_put(
    struct value_tree *tree, struct value *object, const char *name, uint32_t bits);
static enum err oid_put(
    struct value_tree *tree, struct value *object, const char *name, const struct span *oid);

enum err profile_run(struct call *call)
{
    const char *id = NULL;
    bool one = call->argc > 0 && call->argv[0][0] != '-';
    TRY(call_arguments(call, NULL, 0, &id, one ? 1 : 0));
    if (!one) {
        return profiles_print(call);
    }
    const struct profile *profile = profile_by_id(id);
    if (profile == NULL) {
        return reason_set(
            &call->reason, ERR_NOT_FOUND, "profile.unknown", "ID", id, "as in `ecertadm profile`");
    }
    return profile_print(call, profile);
}

static enum err profiles_print(struct call *call)
{
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *list = value_list(&tree);
    for (size_t i = 0; i < profile_count(); i++) {
        struct value *object = value_add_object(&tree, list);
        value_put_text(&tree, object, "id", profile_at(i)->id);
        value_put_text(&tree, object, "for", profile_at(i)->what);
    }
    TRY(value_tree_check(&tree));
    return call_print(call, list);
}

static enum err profile_print(struct call *call, const struct profile *profile)
{
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "id", profile->id);
    value_put_text(&tree, object, "for", profile->what);
    TRY(hash_put(&tree, object, profile));
    struct value *subject = value_put_list(&tree, object, "subject");
    for (size_t i = 0; i < PROFILE_ATTRIBUTES_MAX && profile->attributes[i] != NULL; i++) {
        value_add_text(&tree, subject, name_attribute_label(*profile->attributes[i]));
    }
    struct value *extensions = value_put_list(&tree, object, "extensions");
    for (size_t i = 0; i < PROFILE_EXTENSIONS_MAX && profile->extensions[i] != PROFILE_END; i++) {
        value_add_text(&tree, extensions, profile_extension_name(profile->extensions[i]));
    }
    value_put_bool(&tree, object, "ca", profile->is_ca);
    if (profile->is_ca && profile->path_length >= 0) {
        value_put_integer(&tree, object, "path_length", profile->path_length);
    }
    usage_put(&tree, object, "key_usage_rsa", profile->key_usage_rsa);
    usage_put(&tree, object, "key_usage_ec", profile->key_usage_ec);
    TRY(oid_put(&tree, object, "purpose", profile->purpose));
    TRY(oid_put(&tree, object, "policy", profile->policy));
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

static enum err hash_put(
    struct value_tree *tree, struct value *object, const struct profile *profile)
{
    uint8_t hash[HASH_BYTES];
    char text[2 * HASH_BYTES + 1];
    TRY(profile_hash(profile, hash));
    hex_format(SPAN_OF(hash), text);
    value_put_text(tree, object, "sha256", text);
    return OK;
}

static void usage_put(
    struct value_tree *tree, struct value *object, const char *name, uint32_t bits)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } usages[] = {
        { KEY_USAGE_DIGITAL_SIGNATURE, "digitalSignature" },
        { KEY_USAGE_KEY_ENCIPHERMENT, "keyEncipherment" },
        { KEY_USAGE_CERT_SIGN, "keyCertSign" },
        { KEY_USAGE_CRL_SIGN, "cRLSign" },
    };
    struct value *list = value_put_list(tree, object, name);
    for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++) {
        if ((bits & usages[i].bit) != 0) {
            value_add_text(tree, list, usages[i].name);
        }
    }
}

static enum err oid_put(
    struct value_tree *tree, struct value *object, const char *name, const struct span *oid)
{
    char text[OID_TEXT_MAX];
    if (oid == NULL) {
        return OK;
    }
    TRY(oid_format(*oid, text));
    value_put_text(tree, object, name, text);
    return OK;
}
