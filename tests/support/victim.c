/*
 * A bystander on the host with everything that a sandbox must not reach, each open to everybody,
 * so that permissions are not what stops an attack: sockets (path, abstract, TCP on loopback) that
 * tell the secret to whoever connects, System V objects, a POSIX queue, a file in /dev/shm, and
 * the secret in its own environment and arguments. Lives until its stdin ends.
 * Arguments: SECRET FOLDER KEY. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int check(int result, const char *what) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static int listen_unix(const char *name, int abstract) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path + abstract, name);
    int fd = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name);
    check(bind(fd, (struct sockaddr *)&address, length), "bind");
    check(listen(fd, 16), "listen");
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    const char *secret = argv[1];
    int key = atoi(argv[3]);
    char path[512], name[64], shared[64];
    snprintf(path, sizeof path, "%s/socket", argv[2]);
    snprintf(name, sizeof name, "mxc-victim-%d", key);
    snprintf(shared, sizeof shared, "/dev/shm/mxc-victim-%d", key);
    umask(0);

    struct pollfd polls[4] = {
        {.fd = listen_unix(path, 0), .events = POLLIN},
        {.fd = listen_unix(name, 1), .events = POLLIN},
        {.fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket"), .events = POLLIN},
        {.fd = 0, .events = POLLIN},
    };
    struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof tcp;
    check(bind(polls[2].fd, (struct sockaddr *)&tcp, sizeof tcp), "bind");
    check(listen(polls[2].fd, 16), "listen");
    getsockname(polls[2].fd, (struct sockaddr *)&tcp, &length);

    int shm = check(shmget(key, 4096, IPC_CREAT | 0666), "shmget");
    char *memory = shmat(shm, NULL, 0);
    strcpy(memory, secret);
    int queue = check(msgget(key, IPC_CREAT | 0666), "msgget");
    struct { long type; char text[128]; } message = {.type = 1};
    strncpy(message.text, secret, sizeof message.text - 1);
    check(msgsnd(queue, &message, sizeof message.text, 0), "msgsnd");
    int semaphore = check(semget(key, 1, IPC_CREAT | 0666), "semget");

    char mq_name[64];
    snprintf(mq_name, sizeof mq_name, "/%s", name);
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 128};
    mqd_t mq = mq_open(mq_name, O_CREAT | O_RDWR, 0666, &attributes);
    if (mq != (mqd_t)-1) mq_send(mq, secret, strlen(secret), 0);

    int file = check(open(shared, O_CREAT | O_WRONLY | O_TRUNC, 0666), shared);
    if (write(file, secret, strlen(secret)) < 0) return 1;
    close(file);

    printf("{\"pid\":%d,\"port\":%d,\"shm\":%d,\"msg\":%d,\"sem\":%d,\"key\":%d,\"abstract\":\"%s\","
           "\"mq\":\"%s\",\"shared\":\"%s\",\"socket\":\"%s\"}\n",
           getpid(), ntohs(tcp.sin_port), shm, queue, semaphore, key, name, mq_name, shared, path);
    fflush(stdout);
    for (;;) {
        if (poll(polls, 4, -1) < 0) break;
        for (int i = 0; i < 3; i++) {
            if (!(polls[i].revents & POLLIN)) continue;
            int peer = accept(polls[i].fd, NULL, NULL);
            if (peer < 0) continue;
            if (send(peer, secret, strlen(secret), MSG_NOSIGNAL) < 0) perror("send");
            close(peer);
        }
        char byte;
        if (polls[3].revents && read(0, &byte, 1) <= 0) break;
    }
    shmctl(shm, IPC_RMID, NULL);
    msgctl(queue, IPC_RMID, NULL);
    semctl(semaphore, 0, IPC_RMID);
    mq_unlink(mq_name);
    unlink(shared);
    unlink(path);
    return 0;
}
