"""Who may include whom: the folder table of doc/architecture.md, as data.

A folder not listed here may include nothing of ours. Tests and benchmarks may include anything.
"""

# lib/<key> may include its own headers and those of lib/<values>.
LIBRARIES = {
    "base": [],
    "der": ["base"],
    "crypto": ["base", "der"],
    "pki": ["base", "der", "crypto"],
    "lint": ["base", "der"],
    "dns": ["base"],
    "text": ["base"],
    "http": ["base", "text"],
    "web": ["base", "crypto", "text", "http"],
    "ca": ["base", "der", "crypto", "pki"],
    "wire": ["base", "der", "ca"],
    "journal": ["base", "der", "crypto", "pki", "ca", "wire"],
    "store": ["base", "crypto", "ca"],
    "certstore": ["base", "der", "crypto", "pki"],  # of der: PEM
    "config": ["base"],
    "sandbox": ["base"],
}

DOMAIN = ["base", "der", "crypto", "pki", "ca", "wire", "journal", "config", "sandbox"]

# What each program may know. The signer has no network and no store; only the subscriber's tool
# knows the subscriber's stores.
PROGRAMS = {
    "proc/supervisor": ["base", "wire", "config", "sandbox"],
    "proc/signer": DOMAIN + ["lint"],
    "proc/validator": DOMAIN + ["dns", "http", "text"],
    "proc/courier": DOMAIN + ["http", "text", "store", "dns"],
    "proc/portal": DOMAIN + ["http", "text", "web", "store", "dns"],
    "proc/console": DOMAIN + ["http", "text", "store", "dns"],
    "proc/registrar": DOMAIN + ["http", "text", "store", "dns", "lint"],
    "cli/ecertadm": DOMAIN + ["text", "store", "dns", "lint"],
    "cli/ecert": ["base", "der", "crypto", "pki", "ca", "config", "dns", "text", "http", "web", "certstore",
                  "sandbox"],
}

# Foreign headers, each in exactly one folder.
FOREIGN = {
    "lib/crypto": ["openssl/", "argon2.h", "nettle/", "gmp.h", "p11-kit/"],
    "lib/dns": ["unbound.h", "idn2.h", "libpsl.h", "ldns/"],
    "lib/http": ["microhttpd.h", "curl/", "gnutls/"],
    "lib/text": ["jansson.h", "archive.h", "archive_entry.h"],
    "lib/store": ["sqlite3.h", "libpq-fe.h"],
    "lib/config": ["confuse.h"],
    "lib/sandbox": ["seccomp.h", "linux/landlock.h", "linux/seccomp.h"],
    "proc/courier": ["pango/", "cairo", "qrencode.h"],
    "proc/console": ["fido.h", "fido/"],
}

# What the C library and the kernel bring.
SYSTEM_FOLDERS = ("sys/", "netinet/", "arpa/", "net/", "linux/")
SYSTEM = set("""
    assert.h ctype.h dirent.h dlfcn.h errno.h fcntl.h fnmatch.h getopt.h glob.h grp.h inttypes.h
    limits.h locale.h math.h netdb.h poll.h pthread.h pwd.h sched.h semaphore.h setjmp.h signal.h
    spawn.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h
    strings.h syslog.h termios.h threads.h time.h unistd.h wchar.h
""".split())
