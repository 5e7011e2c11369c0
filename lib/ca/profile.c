/* The table of certificate profiles. Whoever changes what a profile's certificates hold gives it a
 * new id. */
#include "lib/ca/profile.h"
#include "lib/crypto/digest.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

static const struct profile table[] = {
    { .id = "ov-server-1",
        .policy_oid = { (const uint8_t *)"\x67\x81\x0c\x01\x02\x02", 6 }, /* 2.23.140.1.2.2 */
        .key_encipherment_rsa = true },
    { .id = "ev-server-1",
        .policy_oid = { (const uint8_t *)"\x67\x81\x0c\x01\x01", 5 }, /* 2.23.140.1.1 */
        .ev_subject = true,
        .key_encipherment_rsa = true },
};

const struct profile *profile_by_id(const char *id)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(id, table[i].id) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static void profile_write(struct der_writer *writer, const void *object)
{
    const struct profile *profile = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, profile->id);
    der_write_oid(writer, profile->policy_oid);
    der_write_boolean(writer, profile->ev_subject);
    der_write_boolean(writer, profile->organisational_units);
    der_write_boolean(writer, profile->key_encipherment_rsa);
    der_close(writer);
}

enum err profile_hash(const struct profile *profile, uint8_t ret_hash[HASH_BYTES])
{
    AUTO(buf) buf = buf_make(512);
    TRY(der_encode(profile_write, profile, &buf));
    return sha256(buf_span(&buf), ret_hash);
}
