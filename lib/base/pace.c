/* One table, eight places for each key. */
#include "lib/base/pace.h"

enum { PROBES = 8 };
#define MINUTE_MS  INT64_C(60000)
#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME  UINT64_C(1099511628211)

static size_t bucket_find(const struct pace *pace, uint64_t key);

int64_t pace_take(struct pace *pace, uint64_t key, unsigned count, int64_t now_ms, bool reserve)
{
    count = count < pace->burst ? count : pace->burst;
    int64_t cost = MINUTE_MS * count / pace->per_minute;
    int64_t room = MINUTE_MS * pace->burst / pace->per_minute;
    pthread_mutex_lock(&pace->mutex);
    size_t i = bucket_find(pace, key);
    bool known = pace->buckets[i].key == key && pace->buckets[i].full_ms > now_ms;
    int64_t full = (known ? pace->buckets[i].full_ms : now_ms) + cost;
    int64_t wait = full - room - now_ms;
    if (wait <= 0 || reserve) {
        pace->buckets[i].key = key;
        pace->buckets[i].full_ms = full;
    }
    pthread_mutex_unlock(&pace->mutex);
    return wait > 0 ? wait : 0;
}

/* The key's own bucket, or the one that was full first. */
static size_t bucket_find(const struct pace *pace, uint64_t key)
{
    size_t first = (size_t)(key % PACE_KEYS_MAX), oldest = first;
    for (size_t probe = 0; probe < PROBES; probe++) {
        size_t i = (first + probe) % PACE_KEYS_MAX;
        if (pace->buckets[i].key == key) {
            return i;
        }
        oldest = pace->buckets[i].full_ms < pace->buckets[oldest].full_ms ? i : oldest;
    }
    return oldest;
}

uint64_t pace_key(const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;
    uint64_t hash = FNV_OFFSET;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ byte[i]) * FNV_PRIME;
    }
    return hash;
}
