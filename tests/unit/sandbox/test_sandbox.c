/* Each attempt is made in a child, since a sandbox is for good. */
#include "lib/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct sandbox_rules pure = { .groups = 0, .files_max = 64 };
static const struct sandbox_rules local = { .groups = SANDBOX_LOCAL, .files_max = 64 };
static const struct sandbox_rules network = { .groups = SANDBOX_INTERNET, .files_max = 64 };
static const struct sandbox_rules foreign = { .groups = SANDBOX_FILES | SANDBOX_FOREIGN,
    .files_max = 64 };
static const struct sandbox_rules listening = { .groups = SANDBOX_LISTEN, .files_max = 64 };
static const struct sandbox_rules files = { .groups = SANDBOX_FILES, .files_max = 64 };

static char directory[] = "/tmp/ecert-sandbox-XXXXXX";

/* Runs `attempt` in a child inside the sandbox; the wait status. 99: the sandbox itself failed. */
static int status_inside(const struct sandbox_request *request, int (*attempt)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char level[SANDBOX_LEVEL_MAX];
        _exit(sandbox_enter(request, level, NULL) == OK ? attempt() : 99);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int exit_inside(const struct sandbox_rules *rules, int (*attempt)(void))
{
    struct sandbox_request request = { .rules = rules };
    int status = status_inside(&request, attempt);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void assert_killed(const struct sandbox_rules *rules, int (*attempt)(void))
{
    struct sandbox_request request = { .rules = rules };
    int status = status_inside(&request, attempt);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static int try_exec(void)
{
    char *argv[] = { "/bin/true", NULL };
    execv(argv[0], argv);
    return 1;
}

static int try_fork(void)
{
    return fork() >= 0 ? 0 : 1;
}

static int try_internet(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

static int try_datagram(void)
{
    return socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? 0 : errno;
}

/* 0: it may listen, and has no way out; 77: this kernel can't keep it from connecting. */
static int try_way_out(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        return errno;
    }
    if (connect(client, (struct sockaddr *)&address, len) == 0) {
        return 77;
    }
    return errno == EACCES ? 0 : errno;
}

static int try_local(void)
{
    return socket(AF_UNIX, SOCK_SEQPACKET, 0) >= 0 ? 0 : errno;
}

static int try_open(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : errno;
}

static int try_ptrace_flag(void)
{
    return prctl(PR_SET_PTRACER, 1, 0, 0, 0);
}

static void *thread_body(void *ctx)
{
    *(int *)ctx = 7;
    return NULL;
}

static int try_thread(void)
{
    pthread_t thread;
    int value = 0;
    if (pthread_create(&thread, NULL, thread_body, &value) != 0) {
        return 1;
    }
    pthread_join(thread, NULL);
    return value == 7 ? 0 : 2;
}

static int try_write_file(void)
{
    int fd = open("kept", O_WRONLY | O_CREAT | O_EXCL, 0666);
    struct stat status;
    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 || rename("kept", "renamed") != 0 ||
        stat("renamed", &status) != 0 || unlink("renamed") != 0) {
        return 1;
    }
    return (status.st_mode & 0777) == 0600 ? 0 : 2;
}

static int state_check(void)
{
    struct rlimit core;
    struct rlimit open_files;
    return prctl(PR_GET_DUMPABLE) == 0 && getrlimit(RLIMIT_CORE, &core) == 0 &&
                   core.rlim_max == 0 && getrlimit(RLIMIT_NOFILE, &open_files) == 0 &&
                   open_files.rlim_max == 64
               ? 0
               : 1;
}

static int user_check(void)
{
    return getuid() != 0 && geteuid() != 0 && getgroups(0, NULL) == 1 ? 0 : 1;
}

static void executing_a_program_ends_a_process_of_every_group(void **state)
{
    (void)state;
    assert_killed(&pure, try_exec);
    assert_killed(&network, try_exec);
    assert_killed(&files, try_exec);
    assert_killed(&network, try_fork);
    assert_killed(&network, try_ptrace_flag);
}

static void sockets_are_only_those_of_the_group(void **state)
{
    (void)state;
    assert_killed(&pure, try_internet);
    assert_killed(&pure, try_local);
    assert_killed(&local, try_internet);
    assert_killed(&network, try_local);
    assert_int_equal(exit_inside(&local, try_local), 0);
    assert_int_equal(exit_inside(&network, try_internet), 0);
    assert_int_equal(exit_inside(&network, try_datagram), 0);
    assert_int_equal(exit_inside(&listening, try_internet), 0);
    assert_killed(&listening, try_datagram);
    assert_killed(&listening, try_local);
    assert_killed(&listening, try_exec);
}

static void a_foreign_module_gets_no_socket_and_lives(void **state)
{
    (void)state;
    assert_int_equal(exit_inside(&foreign, try_local), EACCES);
    assert_int_equal(exit_inside(&foreign, try_internet), EACCES);
    assert_killed(&foreign, try_exec);
    assert_killed(&foreign, try_fork);
    assert_killed(&files, try_local);
}

static void who_only_listens_connects_nowhere_where_the_kernel_can(void **state)
{
    (void)state;
    int code = exit_inside(&listening, try_way_out);
    if (code == 77) {
        print_message("skip: this kernel's Landlock knows no network\n");
        skip();
    }
    assert_int_equal(code, 0);
}

static void a_process_without_files_reads_none_and_lives(void **state)
{
    (void)state;
    assert_int_equal(exit_inside(&network, try_open), EACCES);
}

static void threads_work_and_new_files_are_private(void **state)
{
    (void)state;
    assert_int_equal(exit_inside(&pure, try_thread), 0);
    assert_int_equal(exit_inside(&network, try_thread), 0);
    struct sandbox_path paths[] = { { directory, SANDBOX_WRITE } };
    struct sandbox_request request = { .rules = &files, .paths = paths, .path_count = 1 };
    assert_int_equal(status_inside(&request, try_write_file), 0);
}

static void limits_hold_and_nothing_is_dumped(void **state)
{
    (void)state;
    assert_int_equal(exit_inside(&pure, state_check), 0);
}

static void the_explaining_filter_ends_the_process_too(void **state)
{
    (void)state;
    struct sandbox_request request = { .rules = &network, .mode = SANDBOX_EXPLAIN };
    int status = status_inside(&request, try_exec);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGSYS);
}

static void root_becomes_the_user_for_good_or_not_at_all(void **state)
{
    (void)state;
    struct sandbox_request request = { .rules = &pure, .user = "nobody" };
    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(status_inside(&request, user_check), 0);
    request.user = "61801:61800";
    assert_int_equal(status_inside(&request, user_check), 0);
    request.user = "0:0";
    assert_int_equal(WEXITSTATUS(status_inside(&request, user_check)), 99);
    request.user = "no-such-user-here";
    assert_int_equal(WEXITSTATUS(status_inside(&request, user_check)), 99);
    request.user = "root";
    assert_int_equal(WEXITSTATUS(status_inside(&request, user_check)), 99);
}

static int landlock_outside_check(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

static void files_outside_the_folders_are_out_of_reach_where_the_kernel_can(void **state)
{
    (void)state;
    struct sandbox_path paths[] = {
        { directory, SANDBOX_WRITE },
        { "/nowhere/at/all", SANDBOX_READ },
    };
    struct sandbox_request request = { .rules = &files, .paths = paths, .path_count = 2 };
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        char level[SANDBOX_LEVEL_MAX];
        bool entered = sandbox_enter(&request, level, NULL) == OK;
        bool has_landlock = entered && strstr(level, "landlock=0") == NULL;
        _exit(!entered ? 99 : has_landlock ? landlock_outside_check() : 77);
    }
    int status = 0;
    waitpid(child, &status, 0);
    close(fds[0]);
    close(fds[1]);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("skip: this kernel has no Landlock\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void descriptors_left_open_by_a_parent_are_closed(void **state)
{
    (void)state;
    int fd = dup(2);
    assert_true(fd > 2);
    pid_t child = fork();
    if (child == 0) {
        _exit(sandbox_close_from((unsigned)fd) == OK && fcntl(fd, F_GETFD) < 0 ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    close(fd);
}

static int directory_make(void **state)
{
    (void)state;
    return mkdtemp(directory) != NULL && chdir(directory) == 0 ? 0 : 1;
}

static int directory_remove(void **state)
{
    (void)state;
    return chdir("/") == 0 ? rmdir(directory) : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(executing_a_program_ends_a_process_of_every_group),
        cmocka_unit_test(sockets_are_only_those_of_the_group),
        cmocka_unit_test(a_foreign_module_gets_no_socket_and_lives),
        cmocka_unit_test(who_only_listens_connects_nowhere_where_the_kernel_can),
        cmocka_unit_test(a_process_without_files_reads_none_and_lives),
        cmocka_unit_test(threads_work_and_new_files_are_private),
        cmocka_unit_test(limits_hold_and_nothing_is_dumped),
        cmocka_unit_test(the_explaining_filter_ends_the_process_too),
        cmocka_unit_test(root_becomes_the_user_for_good_or_not_at_all),
        cmocka_unit_test(files_outside_the_folders_are_out_of_reach_where_the_kernel_can),
        cmocka_unit_test(descriptors_left_open_by_a_parent_are_closed),
    };
    return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
