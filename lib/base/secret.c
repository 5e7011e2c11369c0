/* Secrets in their own locked pages. */
#include "lib/base/secret.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* mlock fails beyond RLIMIT_MEMLOCK; the secret then still is wiped and kept out of dumps. */
enum err secret_new(size_t len, struct secret *ret_secret)
{
    size_t mapped = len == 0 ? 1 : len;
    void *data = mmap(/* addr= */ NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
        /* fd= */ -1, /* offset= */ 0);
    if (data == MAP_FAILED) {
        return ERR_MEMORY;
    }
    (void)mlock(data, mapped);
    (void)madvise(data, mapped, MADV_DONTDUMP);
    (void)madvise(data, mapped, MADV_WIPEONFORK);
    ret_secret->data = data;
    ret_secret->len = len;
    return OK;
}

enum err secret_copy(struct span bytes, struct secret *ret_secret)
{
    TRY(secret_new(bytes.len, ret_secret));
    if (bytes.len > 0) {
        memcpy(ret_secret->data, bytes.data, bytes.len);
    }
    return OK;
}

void secret_release(struct secret *secret)
{
    if (secret->data != NULL) {
        size_t mapped = secret->len == 0 ? 1 : secret->len;
        explicit_bzero(secret->data, mapped);
        munmap(secret->data, mapped);
    }
    *secret = (struct secret){ 0 };
}

struct span secret_span(const struct secret *secret)
{
    return span_make(secret->data, secret->len);
}

enum err secret_read_fd(int fd, size_t max, struct secret *ret_secret)
{
    AUTO(secret) whole = { 0 };
    TRY(secret_new(max + 3, &whole));
    size_t len = 0;
    for (;;) {
        ssize_t got = read(fd, whole.data + len, max + 3 - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_from_errno(errno);
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
        if (len == max + 3) {
            return ERR_LIMIT;
        }
    }
    len -= len > 0 && whole.data[len - 1] == '\n';
    len -= len > 0 && whole.data[len - 1] == '\r';
    return len > max ? ERR_LIMIT : secret_copy(span_make(whole.data, len), ret_secret);
}
