/* Examples, command by command. */
#include "cli/ecert/examples.h"

#include "cli/ecert/help.h"

static const struct {
    const char *command, *lines;
} examples[] = {
    { "", "ecert\necert --json" },
    { "request new", "ecert request new --name www.example.com --out www.csr\n"
                     "ecert request new --domain example.com --service autodiscover --service "
                     "pop-imap --key p256" },
    { "enrol",
        "ecert enrol --portal https://portal.example.net --server-name www.example.com --reference "
        "123456789 "
        "--pin-file pin.txt\n"
        "ecert enrol --resume\n"
        "ecert enrol --renew --portal https://portal.example.net --server-name www.example.com "
        "--reference 123456789 --install-certificate /etc/nginx/www.crt "
        "--install-key /etc/nginx/www.key --after nginx -s reload" },
    { "cert list", "ecert cert list\necert cert list --json" },
    { "cert show", "ecert cert show 2f8b13c9a04e" },
    { "cert complete", "ecert cert complete www.p7b" },
    { "cert import", "ecert cert import site.pfx --password-file password.txt\n"
                     "ecert cert import www.pem --key www.key --friendly \"Web shop\"" },
    { "cert export", "ecert cert export 2f8b13c9a04e --pfx --for exchange2010 --out site.pfx\n"
                     "ecert cert export 2f8b13c9a04e --pem --out www.pem" },
    { "cert remove", "ecert cert remove 2f8b13c9a04e\necert cert remove 2f8b13c9a04e --yes" },
    { "chain list", "ecert chain list" },
    { "chain install", "ecert chain install intermediate.crt --replace-old --dry-run\n"
                       "ecert chain install root.crt --as root --fingerprint "
                       "5a3c0f8e7b1d4926a85e30f1c7d2b4968e0f7a1b3c5d7e9f0a2b4c6d8e1f3a5b" },
    { "chain remove", "ecert chain remove 9c41d07e55ab --dry-run" },
    { "chain check", "ecert chain check\necert chain check fullchain.pem" },
    { "chain mirror", "ecert chain mirror --dry-run" },
    { "crl install", "ecert crl install eCertSCA3-17CRL1.crl" },
    { "crl list", "ecert crl list" },
    { "crl remove", "ecert crl remove 4be1a97c03d5 --dry-run" },
    { "crl refresh", "ecert crl refresh" },
    { "crl write", "ecert crl write /etc/nginx/lists.pem" },
    { "key backup", "ecert key backup 2f8b13c9a04e --out backup.pfx --password-file password.txt" },
    { "key restore", "ecert key restore backup.pfx\n"
                     "ecert key restore backup.pfx --to root@web-2.example.com:/etc/tls" },
    { "check", "ecert check www.example.com mail.example.com:25\n"
               "ecert check --hosts hosts.txt --days 30 --json" },
    { "deploy plan", "ecert deploy plan --targets servers.conf" },
    { "deploy run",
        "ecert deploy run --kind nginx --certificate /etc/nginx/www.crt --key /etc/nginx/www.key "
        "--check www.example.com\n"
        "ecert deploy run --targets servers.conf --only web-1" },
    { "deploy script",
        "ecert deploy script --kind exchange --out for-exchange --services IIS,SMTP" },
    { "deploy status", "ecert deploy status --live" },
    { "deploy staple", "ecert deploy staple\necert deploy staple web-1" },
    { "deploy rollback", "ecert deploy rollback web-1" },
    { "deploy forget", "ecert deploy forget web-1" },
    { "undo", "ecert undo --list\necert undo\necert undo 12 --dry-run" },
    { "watch", "ecert watch\necert watch --renew --notify /usr/sbin/sendmail root" },
    { "console", "ecert console --port 8099" },
    { "idn", "ecert idn www.例子.com" },
};

const char *example_of(const struct command *command)
{
    char words[HELP_LINE_MAX];
    help_words(command, words);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        if (strcmp(examples[i].command, words) == 0) {
            return examples[i].lines;
        }
    }
    return NULL;
}

void example_wrap(struct span line, size_t columns, struct buf *ret_text)
{
    size_t column = 0;
    bool quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        size_t word = i + 1;
        while (word < line.len && line.data[word] != ' ') {
            word++;
        }
        quoted ^= line.data[i] == '"';
        bool breaks = line.data[i] == ' ' && !quoted && column + word - i + 2 > columns;
        buf_append_text(ret_text, breaks ? " \\\n   " : "");
        column = breaks ? 4 : column + 1;
        buf_append_byte(ret_text, line.data[i]);
    }
}
