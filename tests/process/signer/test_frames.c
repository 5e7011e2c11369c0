/* Words on the signer's socket that no registrar would say: flipped, cut, lengthened, joined from
 * two, out of order and again, with files beside them that nobody asked for, by another user, and
 * far too many at once. Nothing is signed for them, it answers or hangs up, and it lives
 * (doc/threats.md S11, S17). Run under the sanitizers as well.
 *
 *   test_signer_frames SIGNER PROFILE ROUNDS [SEED] */
#include "lib/base/clock.h"
#include "tests/process/signer/cast.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAMES_MAX = 16, EXTRA_MAX = 64, REPLY_MS = 30000, ANCHORED_EVERY = 8 };

static unsigned rounds, seed;

/* What a registrar says, each as its octets. */
static struct buf frames[FRAMES_MAX];
static size_t frame_count;
static struct sample honest, withdrawn;

/* xorshift32: the same rounds for the same seed. */
static unsigned draw(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static void frame_add(unsigned type, body_writer write, const void *object)
{
    frames[frame_count] = buf_make(MESSAGE_MAX_BYTES);
    assert_int_equal(request_format(type, write, object, &frames[frame_count]), OK);
    frame_count++;
}

/* A request that has its certificate, one of a withdrawn application, and everything else. */
static void frames_collect(void)
{
    struct reason reason = { 0 };
    struct signer_serial serial;
    struct signer_withdraw withdraw;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    victim_is_validated(&honest);
    expect_certificate(&honest, &der);
    victim_is_validated(&withdrawn);
    const struct signer_reserve reserve = { honest.warrant.request },
                                waiting = { withdrawn.warrant.request };
    struct signer_reserve other = waiting; /* given up and taken back, while `waiting` waits */
    other.request.ordinal++;
    memcpy(withdraw.application_hash, withdrawn.warrant.approvals[0].application_hash, HASH_BYTES);
    assert_int_equal(signer_call_withdraw(&running.client, &withdraw, &reason), OK);
    assert_int_equal(signer_call_reserve(&running.client, &waiting, &serial, &reason), OK);
    assert_int_equal(signer_call_reserve(&running.client, &other, &serial, &reason), OK);
    const struct signer_issue issue = { honest.warrant.request, buf_span(&honest.der) },
                              refused = { withdrawn.warrant.request, buf_span(&withdrawn.der) };
    const struct signer_complete complete = { honest.warrant.request, SPAN_LITERAL("\0\0") };
    const struct signer_revoke revoke = { "ssl-ca-3-17", serial, REVOCATION_SUPERSEDED, now() };
    const struct signer_crl crl = { "ssl-ca-3-17", now(), now() + 86400 };
    const struct signer_block block = { { 1, 2, 3 } };
    const struct signer_place place = { .records = 1 };
    struct resumption resumption = { .time = now() };
    resumption.signatures[0].signature = SPAN_LITERAL("no signature");
    resumption.signatures[1].signature = SPAN_LITERAL("none either");
    frame_add(SIGNER_RESERVE, signer_reserve_write, &reserve);
    frame_add(SIGNER_ISSUE, signer_issue_write, &issue);
    frame_add(SIGNER_ISSUE, signer_issue_write, &refused);
    frame_add(SIGNER_COMPLETE, signer_complete_write, &complete);
    frame_add(SIGNER_ABANDON, signer_reserve_write, &other);
    frame_add(SIGNER_REVOKE, signer_revoke_write, &revoke);
    frame_add(SIGNER_WITHDRAW, signer_withdraw_write, &withdraw);
    frame_add(SIGNER_CRL, signer_crl_write, &crl);
    frame_add(SIGNER_STATUS, nothing_write, NULL);
    frame_add(SIGNER_RESUME, resumption_write, &resumption);
    frame_add(SIGNER_ANCHOR, signer_place_write, &place);
    frame_add(SIGNER_SINCE, signer_place_write, &place);
    frame_add(SIGNER_BLOCK, signer_block_write, &block);
}

/* One frame, spoilt in one way or not at all. */
static void frame_spoil(struct buf *frame)
{
    const struct buf *from = &frames[draw((unsigned)frame_count)];
    const struct buf *other = &frames[draw((unsigned)frame_count)];
    size_t cut = draw((unsigned)from->len + 1);
    buf_clear(frame);
    switch (draw(7)) {
    case 0: /* as it is: again, or out of order */
        buf_append(frame, buf_span(from));
        break;
    case 1:
        buf_append(frame, span_make(from->data, cut));
        break;
    case 2:
        buf_append(frame, buf_span(from));
        for (unsigned more = 1 + draw(EXTRA_MAX); more > 0; more--) {
            buf_append_byte(frame, (uint8_t)draw(256));
        }
        break;
    case 3: { /* the head of one, the tail of another */
        size_t at = draw((unsigned)other->len + 1);
        buf_append(frame, span_make(from->data, cut));
        buf_append(frame, span_make(other->data + at, other->len - at));
        break;
    }
    default: /* a few bits */
        buf_append(frame, buf_span(from));
        for (unsigned flips = 1 + draw(3); flips > 0; flips--) {
            /* half of them near the beginning, where lengths and types stand */
            size_t near = draw(2) == 0 ? frame->len : frame->len < 24 ? frame->len : 24;
            frame->data[draw((unsigned)near)] ^= (uint8_t)(1U << draw(8));
        }
    }
    if (frame->len > MESSAGE_MAX_BYTES) {
        frame->len = MESSAGE_MAX_BYTES;
    }
}

/* A file beside it: none mostly, else one that is not sealed, is sealed, or is no memory at all. */
static int file_beside(void)
{
    int fd = -1, sealed = -1;
    switch (draw(12)) {
    case 0:
        return open("/dev/zero", O_RDONLY | O_CLOEXEC);
    case 1:
        return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    case 2:
        fd = channel_memfd(buf_span(&honest.der), &sealed) == OK ? sealed : -1;
        return fd;
    default:
        return -1;
    }
}

/* An unknown place stops it: what is asked then would be refused for that alone. */
static void anchor_again(void)
{
    static const struct signer_place nothing;
    struct signer_place place;
    struct reason reason;
    assert_int_equal(signer_call_anchor(&running.client, &nothing, &place, &reason), OK);
}

static void s11_no_spoilt_frame_has_anything_signed_or_stops_it(void **state)
{
    AUTO(buf) frame = buf_make(2 * MESSAGE_MAX_BYTES);
    AUTO(buf) reply = buf_make(MESSAGE_MAX_BYTES);
    AUTO(channel) channel = channel_none();
    unsigned answered = 0, hung_up = 0;
    (void)state;
    frames_collect();
    int64_t before = issued();
    for (unsigned round = 0; round < rounds; round++) {
        int64_t deadline = clock_monotonic_ms() + REPLY_MS;
        if (round % ANCHORED_EVERY == 0) {
            anchor_again();
        }
        int received = -1;
        if (channel.fd < 0) {
            assert_int_equal(channel_connect(running.socket_path, deadline, &channel), OK);
        }
        frame_spoil(&frame);
        int fd = file_beside();
        enum err err =
            frame.len == 0 ? ERR_PEER : channel_send(&channel, buf_span(&frame), fd, deadline);
        err = err == OK ? channel_recv(&channel, &reply, &received, deadline) : err;
        if (err == ERR_TIMEOUT || !running_lives(&running)) {
            fail_msg("round %u of seed: %s", round, err_name(err));
        }
        answered += err == OK;
        hung_up += err != OK;
        if (err != OK || draw(16) == 0) {
            channel_close(&channel);
        }
        if (fd >= 0) {
            close(fd);
        }
        if (received >= 0) {
            close(received);
        }
    }
    print_message("%u answered, %u hung up\n", answered, hung_up);
    assert_true(answered > 0 && hung_up > 0);
    assert_int_equal(issued(), before);
    /* And it still does what it is for, once it is anchored again. */
    struct sample sample;
    anchor_again();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    victim_is_validated(&sample);
    expect_certificate(&sample, &der);
    sample_release(&sample);
}

/* Only root can be another user; who can't is that other user's equal anyway. */
static void s11_another_user_is_hung_up_on(void **state)
{
    (void)state;
    if (getuid() != 0) {
        skip();
    }
    pid_t pid = fork();
    if (pid == 0) {
        struct buf packet = buf_make(MESSAGE_MAX_BYTES), frame = buf_make(MESSAGE_MAX_BYTES);
        struct channel channel = channel_none();
        int64_t deadline = clock_monotonic_ms() + REPLY_MS;
        int received = -1;
        bool there = channel_connect(running.socket_path, deadline, &channel) == OK;
        channel_close(&channel);
        /* the folder is root's: let in before, and asked as somebody else */
        there = there && chmod(running.folder, 0711) == 0 &&
                chmod(running.socket_path, 0777) == 0 && setuid(65534) == 0 &&
                channel_connect(running.socket_path, deadline, &channel) == OK &&
                request_format(SIGNER_STATUS, nothing_write, NULL, &frame) == OK;
        enum err err = there ? channel_send(&channel, buf_span(&frame), -1, deadline) : ERR_MEMORY;
        err = err == OK ? channel_recv(&channel, &packet, &received, deadline) : err;
        _exit(err == ERR_NOT_FOUND || err == ERR_AGAIN ? 0 : 1 + (int)err); /* hung up */
    }
    int status = -1;
    assert_true(waitpid(pid, &status, 0) == pid);
    assert_int_equal(status, 0);
    assert_true(running_lives(&running));
}

/* More connections than the signer has threads for; a connection that is answered keeps its own. */
enum { PLACES = 32, MORE_THAN_PLACES = PLACES + 8, NO_PLACE_MS = 2000 };

static enum err status_ask(struct channel *channel)
{
    AUTO(buf) frame = buf_make(MESSAGE_MAX_BYTES);
    int64_t deadline = clock_monotonic_ms() + REPLY_MS;
    TRY(channel_connect(running.socket_path, deadline, channel));
    TRY(request_format(SIGNER_STATUS, nothing_write, NULL, &frame));
    return channel_send(channel, buf_span(&frame), -1, deadline);
}

static enum err status_await(struct channel *channel, int64_t wait_ms)
{
    AUTO(buf) reply = buf_make(MESSAGE_MAX_BYTES);
    int received = -1;
    enum err err = channel_recv(channel, &reply, &received, clock_monotonic_ms() + wait_ms);
    if (received >= 0) {
        close(received);
    }
    return err;
}

/* One after the other until one has to wait; it has its turn when another leaves. A signer that is
 * slow lets one wait earlier, which is no failure. */
static void s17_no_more_than_so_many_are_served_at_once(void **state)
{
    struct channel channels[MORE_THAN_PLACES];
    size_t count = 0;
    enum err err = OK;
    (void)state;
    while (err == OK && count < MORE_THAN_PLACES) {
        channels[count] = channel_none();
        assert_int_equal(status_ask(&channels[count]), OK);
        err = status_await(&channels[count++], NO_PLACE_MS);
    }
    assert_int_equal(err, ERR_TIMEOUT);
    assert_true(count > 1 && count <= PLACES + 1);
    channel_close(&channels[0]);
    assert_int_equal(status_await(&channels[count - 1], REPLY_MS), OK);
    for (size_t i = 1; i < count; i++) {
        channel_close(&channels[i]);
    }
    assert_true(running_lives(&running));
}

/* Overload: ten who ask without a pause for one who takes back. */
enum { CROWD = 10, TAKERS = 4 };

static struct {
    atomic_bool over;
    atomic_uint issued, failed;
} crowd;

static void *crowd_issue(void *ctx)
{
    struct client client;
    struct sample *samples = ctx;
    if (client_init(running.socket_path, RUNNING_TIMEOUT_MS, &client) != OK) {
        atomic_fetch_add(&crowd.failed, 1);
        return NULL;
    }
    for (unsigned ordinal = 1; !atomic_load(&crowd.over) && atomic_load(&crowd.failed) == 0;
         ordinal++) {
        struct reason reason = { 0 };
        struct signer_serial serial;
        bool precertificate = false;
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        samples->warrant.request.ordinal = ordinal;
        const struct signer_reserve reserve = { samples->warrant.request };
        bool done = sample_format(samples) == OK &&
                    signer_call_reserve(&client, &reserve, &serial, &reason) == OK;
        const struct signer_issue issue = { samples->warrant.request, buf_span(&samples->der) };
        done = done && signer_call_issue(&client, &issue, &der, &precertificate, &reason) == OK;
        atomic_fetch_add(done ? &crowd.issued : &crowd.failed, 1);
    }
    client_release(&client);
    return NULL;
}

/* Until so many have been issued, or one has been turned away. */
static void crowd_await(unsigned count)
{
    while (atomic_load(&crowd.issued) < count && atomic_load(&crowd.failed) == 0) {
        poll(NULL, 0, /* milliseconds= */ 5);
    }
}

/* Every revocation and every list is answered while the crowd goes on, each before its client's
 * deadline; and none of the crowd is turned away. */
static void s17_under_overload_revocations_and_lists_are_taken(void **state)
{
    static struct sample samples[CROWD];
    pthread_t threads[CROWD];
    (void)state;
    for (size_t i = 0; i < CROWD; i++) {
        victim_is_validated(&samples[i]);
    }
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_issue, &samples[i]), 0);
    }
    crowd_await(CROWD);
    for (unsigned i = 0; i < TAKERS; i++) {
        unsigned seen = atomic_load(&crowd.issued);
        struct reason reason = { 0 };
        struct signer_crl_made made;
        AUTO(client) client = { .channel = channel_none() };
        AUTO(mapping) list = { 0 };
        struct signer_revoke revoke = {
            .issuer = "ssl-ca-3-17", .reason = REVOCATION_SUPERSEDED, .date = now()
        };
        const struct signer_crl crl = { "ssl-ca-3-17", now(), now() + 86400 };
        struct signer_reserve reserve = { honest.warrant.request };
        reserve.request.ordinal = 1000 + i;
        assert_int_equal(client_init(running.socket_path, RUNNING_TIMEOUT_MS, &client), OK);
        assert_int_equal(signer_call_reserve(&client, &reserve, &revoke.serial, &reason), OK);
        assert_int_equal(signer_call_revoke(&client, &revoke, &reason), OK);
        assert_int_equal(signer_call_crl(&client, &crl, &made, &list, &reason), OK);
        assert_true(made.entries > i);
        crowd_await(seen + 1); /* it is still there */
    }
    atomic_store(&crowd.over, true);
    for (size_t i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        sample_release(&samples[i]);
    }
    assert_int_equal(atomic_load(&crowd.failed), 0);
}

static int leave(void **state)
{
    for (size_t i = 0; i < frame_count; i++) {
        buf_release(&frames[i]);
    }
    sample_release(&honest);
    sample_release(&withdrawn);
    return cast_leave(state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s11_no_spoilt_frame_has_anything_signed_or_stops_it),
        cmocka_unit_test(s11_another_user_is_hung_up_on),
        cmocka_unit_test(s17_no_more_than_so_many_are_served_at_once),
        cmocka_unit_test(s17_under_overload_revocations_and_lists_are_taken),
    };
    if (argc < 4) {
        return 64;
    }
    cast_signer = argv[1];
    cast_profile = argv[2];
    rounds = (unsigned)strtoul(argv[3], NULL, 10);
    seed = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 20261128;
    return cmocka_run_group_tests(tests, cast_enter, leave);
}
