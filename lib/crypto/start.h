#pragma once
/* What a program says before it uses anything of lib/crypto. */

/* The library takes its tables apart when the process ends, piece by piece, which costs a command
 * that ends at once more than its key; the system takes them as they are. What is secret has been
 * wiped when it was released; the generator's state tells nothing of what it gave before (SP
 * 800-90A §8.8). */
void crypto_ends_with_process(void);
