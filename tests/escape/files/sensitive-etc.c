/*
 * Tries: to read the secrets below /etc, which the baseline shows, as root too.
 * Fails because: a stand-in is mounted over each; the ordinary uid lacks the permission anyway.
 * Stopped by: denials of the constant opening (EACCES, or ENOENT where the host has none).
 * @control root: only root can read them
 */
#include "attack.h"

int main(void) {
    twin("an ordinary file of /etc", show("/etc/passwd"));
    const char *files[] = {"/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers",
                           "/etc/security/opasswd", "/etc/krb5.keytab", "/etc/ssh/ssh_host_rsa_key",
                           "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        attempt(files[i], try_open(files[i], O_RDONLY), ANY_OF(EACCES, ENOENT));
    }
    const char *folders[] = {"/etc/sudoers.d", "/etc/ssl/private", "/etc/NetworkManager/system-connections",
                             "/etc/wireguard", "/etc/kubernetes", "/etc/letsencrypt"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        attempt(folders[i], list(folders[i]), ANY_OF(EACCES, ENOENT));
    }
    /* Opened only, never written: harmless where it is let through. */
    attempt("write a file of /etc", try_open("/etc/passwd", O_WRONLY), ANY_OF(EROFS, EACCES));
    attempt("write a program", try_open("/usr/bin/env", O_WRONLY), ANY_OF(EROFS, EACCES, ETXTBSY));
    return verdict();
}
