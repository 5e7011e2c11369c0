/* Becoming another user, completely: all groups, all ids, and the proof that there is no way back.
 * See credentials(7), and user_namespaces(7) for worlds with one user only. */
#include "lib/sandbox/internal.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool only_one_user_here(void);
static enum err ids_find(
    const char *user, unsigned *ret_user, unsigned *ret_group, struct reason *ret_reason);
static enum err ids_set(uid_t user, gid_t group);

enum err identity_become(const char *user, bool *ret_switched, struct reason *ret_reason)
{
    *ret_switched = false;
    if (user == NULL || *user == '\0' || geteuid() != 0 || only_one_user_here()) {
        return OK;
    }
    unsigned user_id = 0;
    unsigned group_id = 0;
    TRY(ids_find(user, &user_id, &group_id, ret_reason));
    enum err err = ids_set(user_id, group_id);
    if (err != OK) {
        return reason_set(ret_reason, err, "sandbox.identity", "user", user, NULL);
    }
    *ret_switched = true;
    return OK;
}

static enum err ids_find(
    const char *user, unsigned *ret_user, unsigned *ret_group, struct reason *ret_reason)
{
    if (sscanf(user, "%u:%u", ret_user, ret_group) == 2) {
        return *ret_user != 0 && *ret_group != 0
                   ? OK
                   : reason_set(ret_reason, ERR_DENIED, "sandbox.root", "user", user, NULL);
    }
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "sandbox.user", "user", user, NULL);
    }
    if (entry->pw_uid == 0) {
        return reason_set(ret_reason, ERR_DENIED, "sandbox.root", "user", user, NULL);
    }
    *ret_user = entry->pw_uid;
    *ret_group = entry->pw_gid;
    return OK;
}

static enum err ids_set(uid_t user, gid_t group)
{
    if (setgroups(1, &group) != 0 || setresgid(group, group, group) != 0 ||
        setresuid(user, user, user) != 0) {
        return ERR_DENIED;
    }
    uid_t real = 0, effective = 0, saved = 0;
    if (getresuid(&real, &effective, &saved) != 0 || real != user || effective != user ||
        saved != user || getgroups(0, NULL) != 1) {
        return ERR_DENIED;
    }
    return setuid(0) == 0 || setgid(0) == 0 ? ERR_DENIED : OK;
}

/* A user namespace whose map holds one id: "inside outside 1". */
static bool only_one_user_here(void)
{
    FILE *map = fopen("/proc/self/uid_map", "re");
    if (map == NULL) {
        return false;
    }
    unsigned inside = 0, outside = 0, length = 0, lines = 0;
    while (lines < 2 && fscanf(map, "%u %u %u", &inside, &outside, &length) == 3) {
        lines++;
    }
    fclose(map);
    return lines == 1 && length == 1;
}
