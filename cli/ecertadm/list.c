/* Lists that come by pages: asked for until one is not full. */
#include "cli/ecertadm/command.h"
#include "lib/wire/control.h"

static enum err page_add(struct call *call, const struct request *request, call_rows rows_add,
    struct value_tree *tree, struct value *list, size_t *ret_count)
{
    AUTO(answer) answer = answer_none();
    TRY(call_registrar(call, request, &answer));
    return rows_add(&answer.body, tree, list, ret_count);
}

enum err call_list(struct call *call, unsigned message_type, call_rows rows_add)
{
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *list = value_list(&tree);
    struct control_page page = { .from = 0 };
    size_t count = 0;
    TRY(call_arguments(call, NULL, 0, NULL, 0));
    do {
        struct request request = request_make(message_type, control_page_write, &page);
        TRY(page_add(call, &request, rows_add, &tree, list, &count));
        page.from += CONTROL_PAGE_ROWS;
    } while (count == CONTROL_PAGE_ROWS);
    TRY(value_tree_check(&tree));
    return call_print(call, list);
}
