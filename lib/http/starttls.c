/* Each protocol is a short list of stages. A server that doesn't offer TLS refuses the command that
 * asks for it: its list of capabilities needs no reading. */
#include "lib/http/starttls.h"

enum { STAGES_MAX = 4 };

static const struct {
    const char *name;
    struct stage {
        const char *wanted; /* how the line begins that ends the stage; NULL: no more stages */
        const char *passed; /* lines before it; NULL: none */
        const char *words;  /* what is said then; NULL: TLS begins */
    } stages[STAGES_MAX];
} protocols[STARTTLS_COUNT] = {
    [STARTTLS_NONE] = { "none", { { NULL, NULL, NULL } } },
    [STARTTLS_SMTP] = { "smtp",
        {
            { "220", "220-", "EHLO [127.0.0.1]\r\n" },
            { "250", "250-", "STARTTLS\r\n" },
            { "220", "220-", NULL },
        } },
    [STARTTLS_IMAP] = { "imap",
        {
            { "* OK", NULL, "a STARTTLS\r\n" },
            { "a OK", "* ", NULL },
        } },
    [STARTTLS_POP3] = { "pop3",
        {
            { "+OK", NULL, "STLS\r\n" },
            { "+OK", NULL, NULL },
        } },
};

static const struct {
    uint16_t port;
    enum starttls protocol;
} ports[] = {
    { 25, STARTTLS_SMTP },
    { 587, STARTTLS_SMTP },
    { 2525, STARTTLS_SMTP },
    { 143, STARTTLS_IMAP },
    { 110, STARTTLS_POP3 },
};

static bool begins(struct span line, const char *words);

enum starttls starttls_of_port(uint16_t port)
{
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        if (ports[i].port == port) {
            return ports[i].protocol;
        }
    }
    return STARTTLS_NONE;
}

const char *starttls_name(enum starttls protocol)
{
    return protocols[protocol].name;
}

enum err starttls_from_name(const char *name, enum starttls *ret_protocol)
{
    for (enum starttls i = 0; i < STARTTLS_COUNT; i++) {
        if (strcmp(protocols[i].name, name) == 0) {
            *ret_protocol = i;
            return OK;
        }
    }
    return ERR_INPUT;
}

enum starttls_turn starttls_hear(
    struct starttls_talk *talk, struct span line, const char **ret_words)
{
    const struct stage *stage = &protocols[talk->protocol].stages[talk->stage];
    if (stage->wanted == NULL) {
        return STARTTLS_REFUSED;
    }
    if (stage->passed != NULL && begins(line, stage->passed)) {
        return STARTTLS_LISTEN;
    }
    if (!begins(line, stage->wanted)) {
        return STARTTLS_REFUSED;
    }
    talk->stage++;
    if (stage->words == NULL) {
        return STARTTLS_BEGIN;
    }
    *ret_words = stage->words;
    return STARTTLS_SAY;
}

static bool begins(struct span line, const char *words)
{
    size_t len = strlen(words);
    return line.len >= len && memcmp(line.data, words, len) == 0;
}
