/* The order in which a process gives up what it does not need: limits first, then the user, then
 * files, then system calls, since each step takes away what the one before it needed. */
#include "lib/sandbox/sandbox.h"
#include "lib/sandbox/internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static enum err limits_set(const struct sandbox_rules *rules);
static enum err privileges_end(int parent_death_signal);
static void level_describe(char *ret_level, bool switched, int landlock, enum sandbox_mode mode);

enum err sandbox_enter(const struct sandbox_request *request, char ret_level[SANDBOX_LEVEL_MAX],
    struct reason *ret_reason)
{
    bool switched = false;
    int landlock = 0;
    /* A sanitizer watches by means that a filter must forbid. */
    enum sandbox_mode mode = SANDBOX_SANITIZED ? SANDBOX_OFF : request->mode;
    umask(077);
    TRY(limits_set(request->rules));
    int parent_death_signal = 0;
    (void)prctl(PR_GET_PDEATHSIG, &parent_death_signal, 0, 0, 0);
    TRY(identity_become(request->user, &switched, ret_reason));
    TRY(privileges_end(parent_death_signal));
    if (mode != SANDBOX_OFF) {
        TRY(landlock_enter(request, &landlock));
        TRY(filter_enter(request, ret_reason));
    }
    level_describe(ret_level, switched, landlock, mode);
    return OK;
}

enum sandbox_mode sandbox_mode_from_text(const char *text)
{
    if (strcmp(text, "explain") == 0) {
        return SANDBOX_EXPLAIN;
    }
    return strcmp(text, "off") == 0 ? SANDBOX_OFF : SANDBOX_ENFORCE;
}

enum err sandbox_close_from(unsigned first)
{
    return syscall(SYS_close_range, first, ~0U, 0) == 0 ? OK : err_from_errno(errno);
}

static enum err limits_set(const struct sandbox_rules *rules)
{
    struct rlimit core = { 0, 0 };
    struct rlimit files = { 0 };
    if (setrlimit(RLIMIT_CORE, &core) != 0 || getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return err_from_errno(errno);
    }
    if (rules->files_max > 0 && rules->files_max < files.rlim_max) {
        files = (struct rlimit){ rules->files_max, rules->files_max };
    } else {
        files.rlim_cur = files.rlim_max;
    }
    return setrlimit(RLIMIT_NOFILE, &files) == 0 ? OK : err_from_errno(errno);
}

/* After the change of user, which resets the dumpable flag and the signal at a parent's death. */
static enum err privileges_end(int parent_death_signal)
{
    bool done = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                prctl(PR_SET_PDEATHSIG, parent_death_signal, 0, 0, 0) == 0 &&
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    return done ? OK : err_from_errno(errno);
}

static void level_describe(char *ret_level, bool switched, int landlock, enum sandbox_mode mode)
{
    static const char *const filters[] = {
        [SANDBOX_ENFORCE] = "kill", [SANDBOX_EXPLAIN] = "explain", [SANDBOX_OFF] = "off"
    };
    snprintf(ret_level, SANDBOX_LEVEL_MAX, "user=%s landlock=%d syscalls=%s%s",
        switched ? "own" : "unchanged", landlock, filters[mode],
        SANDBOX_SANITIZED ? " (sanitizer build)" : "");
}
