/* `deploy run` on a thread of its own. The lock guards what the pages look at; arguments, arena and
 * secrets belong to whoever works: the caller before the thread begins, then the thread alone. */
#include "cli/ecert/console/assignment.h"

#include "cli/ecert/key_open.h"
#include "lib/base/limits.h"

#include <pthread.h>

struct assignment {
    pthread_mutex_t lock;
    pthread_t thread;
    bool joinable; /* the thread was started, and nobody has waited for it yet */
    struct assignment_state state;
    char name[HOST_NAME_MAX_LENGTH + 1];

    struct tool tool;
    struct arguments arguments;
    struct key_access access;
};

static enum err work_prepare(struct assignment *assignment, const struct assignment_order *order);
static void *work(void *ctx);
static void reason_of(const struct value *result, struct reason *ret_reason);
static void work_await(struct assignment *assignment);
static void state_set(struct assignment *assignment, const struct assignment_state *state);

enum err assignment_new(struct assignment **ret_assignment)
{
    struct assignment *assignment = calloc(1, sizeof *assignment);
    if (assignment == NULL) {
        return ERR_MEMORY;
    }
    if (pthread_mutex_init(&assignment->lock, /* attr= */ NULL) != 0) {
        free(assignment);
        return ERR_MEMORY;
    }
    *ret_assignment = assignment;
    return OK;
}

void assignment_free(struct assignment *assignment)
{
    if (assignment == NULL) {
        return;
    }
    work_await(assignment);
    (void)pthread_mutex_destroy(&assignment->lock);
    free(assignment);
}

enum err assignment_start(
    struct assignment *assignment, const struct assignment_order *order, struct reason *ret_reason)
{
    struct assignment_state before;
    assignment_look(assignment, &before);
    if (before.running) {
        return reason_set(
            ret_reason, ERR_CONFLICT, "console.assigning", NULL, assignment->name, NULL);
    }
    work_await(assignment);
    enum err err = work_prepare(assignment, order);
    if (err == OK && pthread_create(&assignment->thread, /* attr= */ NULL, work, assignment) != 0) {
        err = ERR_AGAIN;
    }
    if (err != OK) {
        state_set(assignment, &before);
        key_access_release(&assignment->access);
        arena_release(&assignment->tool.arena);
        return reason_set(ret_reason, err, "tool.failed", NULL, err_name(err), NULL);
    }
    assignment->joinable = true;
    return OK;
}

/* Everything that outlives the request is copied. */
static enum err work_prepare(struct assignment *assignment, const struct assignment_order *order)
{
    struct tool *tool = &assignment->tool;
    *tool = (struct tool){
        .language = order->language,
        .clock = order->clock,
        .json = true,
        .arguments = &assignment->arguments,
        .access = &assignment->access,
        .arena = arena_make(HTTP_ARENA_MAX_BYTES),
    };
    tool->tree = value_tree_make(&tool->arena);
    tool->result = value_object(&tool->tree);
    tool->store_path = arena_text(&tool->arena, span_from_text(order->store_path));
    assignment->arguments = *order->what;
    for (size_t i = 0; i < order->what->given_count; i++) {
        const char *value = order->what->given[i].value;
        value = arena_text(&tool->arena, span_from_text(value == NULL ? "" : value));
        TRY(value == NULL ? ERR_MEMORY : OK);
        assignment->arguments.given[i].value = value;
    }
    struct assignment_state state = {
        .any = true,
        .running = true,
        .began = clock_now(&order->clock),
    };
    snprintf(state.id, sizeof state.id, "%s", order->id);
    snprintf(assignment->name, sizeof assignment->name, "%s", order->name);
    state_set(assignment, &state);
    assignment->arguments.operands[0] = assignment->state.id;
    assignment->arguments.operand_count = 1;
    assignment->access = *order->access;
    *order->access = (struct key_access){ .token = NULL };
    return tool->store_path == NULL ? ERR_MEMORY : OK;
}

static void *work(void *ctx)
{
    struct assignment *assignment = ctx;
    struct reason reason = { 0 };
    enum exit_code end = command_deploy_run(&assignment->tool, &assignment->arguments);
    reason_of(assignment->tool.result, &reason);
    key_access_release(&assignment->access);
    arena_wipe(&assignment->tool.arena);
    struct assignment_state state = assignment->state;
    state.running = false;
    state.end = end;
    state.reason = reason;
    state_set(assignment, &state);
    return NULL;
}

/* Of what the command refused, if it did. */
static void reason_of(const struct value *result, struct reason *ret_reason)
{
    static const char prefix[] = "urn:ecert:problem:";
    const struct value *problem = value_get(result, "problem");
    const char *type = value_text(value_get(problem, "type"));
    if (type != NULL && strncmp(type, prefix, strlen(prefix)) == 0) {
        reason_set(ret_reason, ERR_DENIED, type + strlen(prefix),
            value_text(value_get(problem, "field")), value_text(value_get(problem, "seen")),
            value_text(value_get(problem, "expected")));
    }
}

static void work_await(struct assignment *assignment)
{
    if (assignment->joinable) {
        (void)pthread_join(assignment->thread, /* retval= */ NULL);
        assignment->joinable = false;
    }
}

void assignment_look(struct assignment *assignment, struct assignment_state *ret_state)
{
    (void)pthread_mutex_lock(&assignment->lock);
    *ret_state = assignment->state;
    (void)pthread_mutex_unlock(&assignment->lock);
}

static void state_set(struct assignment *assignment, const struct assignment_state *state)
{
    (void)pthread_mutex_lock(&assignment->lock);
    assignment->state = *state;
    (void)pthread_mutex_unlock(&assignment->lock);
}
