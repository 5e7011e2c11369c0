/* The command line of the service's processes, and their ready message. */
#include "lib/config/start.h"
#include "lib/base/file.h"

#include <getopt.h>
#include <unistd.h>

enum { FD_FIRST = 3, FD_LAST = 1023 };

static bool fd_read(const char *text, const char *after, int *fd);
static bool listen_read(const struct start_rules *rules, const char *text, struct start *start);
static bool complete(const struct start_rules *rules, const struct start *start);

bool start_read(int argc, char **argv, const struct start_rules *rules, struct start *ret_start)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "listen-fd", required_argument, NULL, 'l' },
        { "ready-fd", required_argument, NULL, 'r' },
        { NULL, 0, NULL, 0 },
    };
    struct start start = { .listen_fds = { -1, -1 }, .ready_fd = -1 };
    bool right = true;
    optind = 0;
    for (int option; right && (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            right = start.config_path == NULL;
            start.config_path = optarg;
            break;
        case 'l':
            right = listen_read(rules, optarg, &start);
            break;
        case 'r':
            right = fd_read(optarg, "", &start.ready_fd);
            break;
        default:
            right = false;
        }
    }
    if (!right || optind != argc || !complete(rules, &start)) {
        return false;
    }
    *ret_start = start;
    return true;
}

/* "N" and then exactly `after`; not if there was one before. */
static bool fd_read(const char *text, const char *after, int *fd)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (*fd >= 0 || end == text || strcmp(end, after) != 0 || number < FD_FIRST ||
        number > FD_LAST) {
        return false;
    }
    *fd = (int)number;
    return true;
}

static bool listen_read(const struct start_rules *rules, const char *text, struct start *start)
{
    const char *name = strchr(text, '=');
    for (size_t i = 0; name != NULL && i < rules->socket_count; i++) {
        if (strcmp(name + 1, rules->sockets[i]) == 0) {
            return fd_read(text, name, &start->listen_fds[i]);
        }
    }
    return false;
}

static bool complete(const struct start_rules *rules, const struct start *start)
{
    size_t given = 0;
    for (size_t i = 0; i < rules->socket_count; i++) {
        given += start->listen_fds[i] >= 0;
    }
    return start->config_path != NULL &&
           (given == rules->socket_count || (rules->optional && given == 0));
}

enum err start_ready(struct start *start)
{
    if (start->ready_fd < 0) {
        return OK;
    }
    TRY(fd_write_all(start->ready_fd, SPAN_LITERAL("\n")));
    close(start->ready_fd);
    start->ready_fd = -1;
    return OK;
}
