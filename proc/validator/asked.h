#pragma once
/* A resolver in front of another one that notes every question of a check and what came of it, and
 * what a person should be told of the zone where a record is missing. */
#include "lib/dns/resolver.h"
#include "lib/wire/validator.h"

struct asked {
    const struct resolver *behind;
    struct questions *questions; /* of the check's report */
};

/* `asked` must live as long as what is returned. */
struct resolver asked_resolver(struct asked *asked);
/* Where the report says that a record is missing or another one: adds "zone.answered" with the name
 * servers of the zone that the name lies in and its serial number, so that it can be seen whether a
 * change has reached them. At most five questions, all before `deadline_ms`; says nothing where the
 * zone can't be found in that time. To be called when all else has been asked: who knows the zone's
 * own idea of its name servers would go by it, where it should go by its parent's. ERR_MEMORY. */
enum err zone_tell(const struct resolver *resolver, const char *name, int64_t deadline_ms,
    struct report *report) MUST_USE;
