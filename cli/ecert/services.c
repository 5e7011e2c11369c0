/* The table. Exchange's rows are those of its wizard's page "Exchange configuration", with the host
 * names that its page proposes; autoconfig is where Thunderbird asks, autodiscover where Outlook
 * does, and submission is RFC 6409's. */
#include "cli/ecert/services.h"

const struct service services[] = {
    { "website", "tool.service_website", { "www", "" } },
    { "webmail", "tool.service_webmail", { "webmail" } },
    { "smtp", "tool.service_smtp", { "mail" } },
    { "submission", "tool.service_submission", { "smtp" } },
    { "pop-imap", "tool.service_pop_imap", { "pop", "imap" } },
    { "autoconfig", "tool.service_autoconfig", { "autoconfig" } },
    { "autodiscover", "tool.service_autodiscover", { "autodiscover" } },
    { "outlook-web-app", "tool.service_outlook_web_app", { "mail" } },
    { "activesync", "tool.service_activesync", { "mail" } },
    { "outlook-anywhere", "tool.service_outlook_anywhere", { "mail" } },
    { "unified-messaging", "tool.service_unified_messaging", { "um" } },
    { "legacy-exchange", "tool.service_legacy_exchange", { "legacy" } },
};
const size_t services_count = sizeof services / sizeof services[0];

const struct service *service_find(const char *name)
{
    for (size_t i = 0; i < services_count; i++) {
        if (strcmp(services[i].name, name) == 0) {
            return &services[i];
        }
    }
    return NULL;
}
