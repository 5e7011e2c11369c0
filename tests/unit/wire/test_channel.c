/* Channels, and both ends of a conversation over them, in one process. */
#include "lib/wire/channel.h"
#include "lib/base/clock.h"
#include "lib/wire/server.h"
#include "lib/wire/signer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char path[108];

static void pair(struct channel *ret_left, struct channel *ret_right)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    ret_left->fd = fds[0];
    ret_right->fd = fds[1];
}

static int64_t soon(void)
{
    return clock_monotonic_ms() + 200;
}

static void packets_keep_their_borders(void **state)
{
    int fd = -1;
    AUTO(channel) left = channel_none();
    AUTO(channel) right = channel_none();
    AUTO(buf) packet = buf_make(MESSAGE_MAX_BYTES);
    static uint8_t large[MESSAGE_MAX_BYTES];
    (void)state;
    pair(&left, &right);
    assert_int_equal(channel_send(&left, SPAN_LITERAL("one"), -1, soon()), OK);
    assert_int_equal(channel_send(&left, SPAN_LITERAL("two"), -1, soon()), OK);
    assert_int_equal(channel_recv(&right, &packet, &fd, soon()), OK);
    assert_true(span_equal_text(buf_span(&packet), "one"));
    assert_int_equal(fd, -1);
    assert_int_equal(channel_recv(&right, &packet, &fd, soon()), OK);
    assert_true(span_equal_text(buf_span(&packet), "two"));
    assert_int_equal(channel_recv(&right, &packet, &fd, soon()), ERR_TIMEOUT);
    assert_int_equal(channel_send(&left, SPAN_OF(large), -1, soon()), OK);
    assert_int_equal(channel_recv(&right, &packet, &fd, soon()), OK);
    assert_int_equal(packet.len, sizeof large);
    channel_close(&left);
    assert_int_equal(channel_recv(&right, &packet, &fd, soon()), ERR_NOT_FOUND);
    assert_int_equal(channel_send(&right, SPAN_LITERAL("x"), -1, soon()), ERR_AGAIN);
}

static void an_oversized_packet_and_a_second_descriptor_end_the_trust(void **state)
{
    int fd = -1, two[2] = { 1, 2 };
    static uint8_t large[MESSAGE_MAX_BYTES + 1];
    AUTO(channel) left = channel_none();
    AUTO(channel) right = channel_none();
    AUTO(buf) packet = buf_make(MESSAGE_MAX_BYTES);
    (void)state;
    pair(&left, &right);
    assert_int_equal(channel_send(&left, SPAN_OF(large), -1, soon()), ERR_LIMIT);
    assert_int_equal(send(left.fd, large, sizeof large, 0), sizeof large);
    assert_int_equal(channel_recv(&right, &packet, &fd, soon()), ERR_PEER);
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof two)];
    } control = { 0 };
    struct iovec piece = { "x", 1 };
    struct msghdr header = { .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control };
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof two);
    memcpy(CMSG_DATA(rights), two, sizeof two);
    assert_int_equal(sendmsg(left.fd, &header, 0), 1);
    assert_int_equal(channel_recv(&right, &packet, &fd, soon()), ERR_PEER);
}

static void a_memory_file_is_read_only_if_nobody_can_change_it(void **state)
{
    AUTO(channel) file = channel_none();
    AUTO(channel) soft = { memfd_create("soft", MFD_CLOEXEC | MFD_ALLOW_SEALING) };
    AUTO(mapping) mapping = { 0 };
    char text[8];
    (void)state;
    assert_int_equal(channel_memfd(SPAN_LITERAL("a list"), &file.fd), OK);
    assert_int_equal(channel_memfd_map(file.fd, 5, &mapping), ERR_PEER);
    assert_int_equal(channel_memfd_map(file.fd, 6, &mapping), OK);
    assert_true(span_equal_text(mapping.content, "a list"));
    assert_int_equal(read(file.fd, text, sizeof text), 6);
    assert_true(write(file.fd, "x", 1) < 0);
    AUTO(mapping) other = { 0 };
    assert_int_equal(write(soft.fd, "x", 1), 1);
    assert_int_equal(channel_memfd_map(soft.fd, 6, &other), ERR_PEER);
    assert_int_equal(channel_memfd_map(0, 6, &other), ERR_PEER);
}

static enum err handle_reserve(void *ctx, struct exchange *exchange)
{
    struct signer_reserve reserve;
    struct signer_serial serial = { { 0x4e }, 1 };
    (void)ctx;
    if (signer_reserve_read(&exchange->body, &reserve) != OK) {
        return ERR_PEER;
    }
    if (reserve.request.ordinal == 13) {
        return reason_set(&exchange->reason, ERR_DENIED, "test.unlucky", "ordinal", "13", NULL);
    }
    return der_encode(signer_serial_write, &serial, &exchange->reply);
}

static enum err handle_crl(void *ctx, struct exchange *exchange)
{
    const struct signer_crl_made made = { 4, 0 };
    (void)ctx;
    TRY(channel_memfd(SPAN_LITERAL("a crl"), &exchange->reply_fd));
    return der_encode(signer_crl_made_write, &made, &exchange->reply);
}

static const struct handler handlers[] = {
    { SIGNER_RESERVE, handle_reserve, false },
    { SIGNER_CRL, handle_crl, false },
};

static const struct server server = {
    .handlers = handlers, .handler_count = 2, .connections_max = 2
};

static void *server_thread(void *argument)
{
    (void)!server_run(&server, *(int *)argument);
    return NULL;
}

/* A listening socket at `path`, with a server behind it. */
static int serve(void)
{
    static int fds[4];
    static int used;
    pthread_t thread;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int *fd = &fds[used++];
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    unlink(path);
    assert_int_equal(bind(*fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(*fd, 8), 0);
    assert_int_equal(pthread_create(&thread, NULL, server_thread, fd), 0);
    pthread_detach(thread);
    return *fd;
}

static void a_call_gets_its_answer_its_refusal_and_its_file(void **state)
{
    struct reason reason = { 0 };
    struct signer_serial serial;
    struct signer_crl_made made;
    AUTO(client) client;
    AUTO(mapping) crl = { 0 };
    (void)state;
    assert_int_equal(client_init(path, 2000, &client), OK);
    assert_int_equal(
        signer_call_reserve(&client, &(struct signer_reserve){ { { 1 }, 1 } }, &serial, &reason),
        ERR_AGAIN);
    serve();
    assert_int_equal(
        signer_call_reserve(&client, &(struct signer_reserve){ { { 1 }, 1 } }, &serial, &reason),
        OK);
    assert_int_equal(serial.len, 1);
    assert_int_equal(
        signer_call_reserve(&client, &(struct signer_reserve){ { { 1 }, 13 } }, &serial, &reason),
        ERR_DENIED);
    assert_string_equal(reason.code, "test.unlucky");
    assert_int_equal(
        signer_call_crl(&client, &(struct signer_crl){ "x", 1, 2 }, &made, &crl, &reason), OK);
    assert_true(span_equal_text(crl.content, "a crl"));
    /* The server does not know this one: it hangs up, and the next call connects anew. */
    assert_int_equal(
        signer_call_withdraw(&client, &(struct signer_withdraw){ { 1 } }, &reason), ERR_AGAIN);
    assert_int_equal(
        signer_call_reserve(&client, &(struct signer_reserve){ { { 1 }, 1 } }, &serial, &reason),
        OK);
}

static void nonsense_ends_the_connection(void **state)
{
    static const char *const packets[] = { "\x30\x00", "x",
        "\x30\x08\x02\x01\x02\x02\x01\x01\x30\x00",
        "\x30\x0a\x02\x01\x01\x02\x01\x01\x30\x00\x05\x00",
        "\x30\x08\x02\x01\x01\x02\x01\x01\x30\x00" };
    static const size_t lengths[] = { 2, 1, 10, 12, 10 };
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        int fd = -1;
        AUTO(channel) channel = channel_none();
        AUTO(buf) packet = buf_make(MESSAGE_MAX_BYTES);
        assert_int_equal(channel_connect(path, soon(), &channel), OK);
        assert_int_equal(channel_send(&channel, span_make(packets[i], lengths[i]), -1, soon()), OK);
        assert_int_equal(
            channel_recv(&channel, &packet, &fd, clock_monotonic_ms() + 2000), ERR_NOT_FOUND);
    }
}

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "test-channel-%d.sock", (int)getpid());
    return 0;
}

static int drop_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_keep_their_borders),
        cmocka_unit_test(an_oversized_packet_and_a_second_descriptor_end_the_trust),
        cmocka_unit_test(a_memory_file_is_read_only_if_nobody_can_change_it),
        cmocka_unit_test(a_call_gets_its_answer_its_refusal_and_its_file),
        cmocka_unit_test(nonsense_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, make_path, drop_path);
}
