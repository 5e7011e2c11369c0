/* The lock guards what the pages look at; arguments, arena and secrets belong to whoever works: the
 * caller before the thread begins, then the thread alone. */
#include "cli/ecert/console/errand.h"

#include "cli/ecert/key_open.h"
#include "lib/base/limits.h"
#include "lib/text/json.h"

#include <pthread.h>

struct errand {
    pthread_mutex_t lock;
    pthread_t thread;
    bool joinable; /* the thread was started, and nobody has waited for it yet */
    struct errand_state state;
    struct buf said; /* the result so far, as JSON */
    bool stopped;    /* for good: the console is about to end */

    enum exit_code (*command)(struct tool *tool, const struct arguments *arguments);
    struct tool tool;
    struct arguments arguments;
    struct key_access access;
};

static enum err work_prepare(struct errand *errand, const struct errand_order *order);
static void *work(void *ctx);
static bool work_told(const struct tool *tool, void *ctx);
static void reason_of(const struct value *result, struct reason *ret_reason);
static void work_await(struct errand *errand);
static void state_set(struct errand *errand, const struct errand_state *state);
static enum err state_begin(struct errand *errand, const struct errand_state *state);

enum err errand_new(struct errand **ret_errand)
{
    struct errand *errand = calloc(1, sizeof *errand);
    if (errand == NULL) {
        return ERR_MEMORY;
    }
    if (pthread_mutex_init(&errand->lock, /* attr= */ NULL) != 0) {
        free(errand);
        return ERR_MEMORY;
    }
    errand->said = buf_make(HTTP_ARENA_MAX_BYTES);
    *ret_errand = errand;
    return OK;
}

void errand_free(struct errand *errand)
{
    if (errand == NULL) {
        return;
    }
    work_await(errand);
    (void)pthread_mutex_destroy(&errand->lock);
    buf_release(&errand->said);
    free(errand);
}

enum err errand_start(
    struct errand *errand, const struct errand_order *order, struct reason *ret_reason)
{
    struct errand_state before;
    errand_look(errand, &before);
    if (before.running) {
        return ERR_CONFLICT;
    }
    work_await(errand);
    enum err err = work_prepare(errand, order);
    if (err == OK && pthread_create(&errand->thread, /* attr= */ NULL, work, errand) != 0) {
        err = ERR_AGAIN;
    }
    if (err != OK) {
        state_set(errand, &before);
        key_access_release(&errand->access);
        arena_release(&errand->tool.arena);
        return reason_set(ret_reason, err, err == ERR_DENIED ? "console.ending" : "tool.failed",
            NULL, err_name(err), NULL);
    }
    errand->joinable = true;
    return OK;
}

/* Everything that outlives the request is copied. */
static enum err work_prepare(struct errand *errand, const struct errand_order *order)
{
    struct tool *tool = &errand->tool;
    *tool = (struct tool){
        .language = order->language,
        .clock = order->clock,
        .recorded_as = order->recorded_as,
        .json = true,
        .arguments = &errand->arguments,
        .access = &errand->access,
        .told = work_told,
        .told_ctx = errand,
        .arena = arena_make(HTTP_ARENA_MAX_BYTES),
    };
    tool->tree = value_tree_make(&tool->arena);
    tool->result = value_object(&tool->tree);
    tool->store_path = arena_text(&tool->arena, span_from_text(order->store_path));
    errand->arguments = *order->what;
    for (size_t i = 0; i < order->what->given_count; i++) {
        const char *value = order->what->given[i].value;
        value = arena_text(&tool->arena, span_from_text(value == NULL ? "" : value));
        TRY(value == NULL ? ERR_MEMORY : OK);
        errand->arguments.given[i].value = value;
    }
    struct errand_state state = {
        .any = true,
        .running = true,
        .began = clock_now(&order->clock),
    };
    snprintf(state.id, sizeof state.id, "%s", order->id == NULL ? "" : order->id);
    snprintf(state.name, sizeof state.name, "%s", order->name == NULL ? "" : order->name);
    TRY(state_begin(errand, &state));
    errand->command = order->command;
    errand->arguments.operands[0] = errand->state.id;
    errand->arguments.operand_count = order->id != NULL;
    if (order->access != NULL) {
        errand->access = *order->access;
        *order->access = (struct key_access){ .token = NULL };
    }
    return tool->store_path == NULL ? ERR_MEMORY : OK;
}

static void *work(void *ctx)
{
    struct errand *errand = ctx;
    struct reason reason = { 0 };
    enum exit_code end = errand->command(&errand->tool, &errand->arguments);
    (void)tool_told(&errand->tool);
    reason_of(errand->tool.result, &reason);
    key_access_release(&errand->access);
    arena_wipe(&errand->tool.arena);
    struct errand_state state = errand->state;
    state.running = false;
    state.end = end;
    state.reason = reason;
    state_set(errand, &state);
    return NULL;
}

static bool work_told(const struct tool *tool, void *ctx)
{
    struct errand *errand = ctx;
    (void)pthread_mutex_lock(&errand->lock);
    buf_clear(&errand->said);
    json_format(&errand->said, tool->result);
    bool wanted = !errand->stopped;
    (void)pthread_mutex_unlock(&errand->lock);
    return wanted;
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

static void work_await(struct errand *errand)
{
    if (errand->joinable) {
        (void)pthread_join(errand->thread, /* retval= */ NULL);
        errand->joinable = false;
    }
}

void errand_look(struct errand *errand, struct errand_state *ret_state)
{
    (void)pthread_mutex_lock(&errand->lock);
    *ret_state = errand->state;
    (void)pthread_mutex_unlock(&errand->lock);
}

enum err errand_result(
    struct errand *errand, struct value_tree *tree, const struct value **ret_result)
{
    (void)pthread_mutex_lock(&errand->lock);
    enum err err = buf_check(&errand->said);
    if (err == OK && errand->said.len == 0) {
        err = ERR_NOT_FOUND;
    }
    err = err != OK ? err
                    : json_parse(buf_span(&errand->said), HTTP_ARENA_MAX_BYTES, tree, ret_result,
                          /* ret_reason= */ NULL);
    (void)pthread_mutex_unlock(&errand->lock);
    return err;
}

void errand_stop(struct errand *errand)
{
    (void)pthread_mutex_lock(&errand->lock);
    errand->stopped = true;
    (void)pthread_mutex_unlock(&errand->lock);
}

static void state_set(struct errand *errand, const struct errand_state *state)
{
    (void)pthread_mutex_lock(&errand->lock);
    errand->state = *state;
    (void)pthread_mutex_unlock(&errand->lock);
}

/* Whoever decides on the end finds it running, or it doesn't begin. */
static enum err state_begin(struct errand *errand, const struct errand_state *state)
{
    (void)pthread_mutex_lock(&errand->lock);
    bool stopped = errand->stopped;
    if (!stopped) {
        errand->state = *state;
        buf_clear(&errand->said);
    }
    (void)pthread_mutex_unlock(&errand->lock);
    return stopped ? ERR_DENIED : OK;
}
