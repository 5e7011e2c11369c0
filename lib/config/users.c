/* Which user a process is to be. */
#include "lib/config/config.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

const char *config_role_name(enum config_role role)
{
    static const char *const names[ROLE_COUNT] = {
        [ROLE_SIGNER] = "signer",
        [ROLE_VALIDATOR] = "validator",
        [ROLE_COURIER] = "courier",
        [ROLE_REGISTRAR] = "registrar",
        [ROLE_PORTAL] = "portal",
    };
    return names[role];
}

void config_user(const struct config *config, enum config_role role, char ret_user[CONFIG_USER_MAX])
{
    unsigned first = config->service.first_user_id;
    if (!config->service.users) {
        *ret_user = '\0';
    } else if (first != 0) {
        snprintf(ret_user, CONFIG_USER_MAX, "%u:%u", first + 1 + (unsigned)role, first);
    } else {
        snprintf(ret_user, CONFIG_USER_MAX, "ecert-%s", config_role_name(role));
    }
}

enum err config_user_id(const struct config *config, enum config_role role, unsigned *ret_user_id)
{
    if (!config->service.users || geteuid() != 0) {
        *ret_user_id = geteuid();
        return OK;
    }
    if (config->service.first_user_id != 0) {
        *ret_user_id = config->service.first_user_id + 1 + (unsigned)role;
        return OK;
    }
    char user[CONFIG_USER_MAX];
    config_user(config, role, user);
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL) {
        return ERR_NOT_FOUND;
    }
    *ret_user_id = entry->pw_uid;
    return OK;
}
