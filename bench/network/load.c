/* One end of a measurement on loopback or through a sandbox's network.
 *   load serve PORT                  accepts for ever; what a connection's first byte asks for: 'u' it
 *                                    reads all, 'd' it writes for a second, 'c' it closes, 'h' it holds
 *   load up|down HOST PORT           one connection for a second; prints Gbit/s
 *   load connect HOST PORT COUNT     COUNT connections, one after the other; prints how many a second
 *   load hold HOST PORT COUNT        COUNT connections at once, prints "held", waits for its stdin's end */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 18];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int dial(const char *host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &address.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("connect");
    exit(1);
  }
  return fd;
}

static double pump(int fd, int writes) {
  double begin = now(), bytes = 0;
  for (;;) {
    ssize_t count = writes ? write(fd, buffer, sizeof buffer) : read(fd, buffer, sizeof buffer);
    if (count <= 0) break;
    bytes += count;
    if (writes && now() - begin > 1) break;
  }
  return bytes * 8 / 1e9 / (now() - begin);
}

static void serve(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16384) != 0) {
    perror("listen");
    exit(1);
  }
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    char wish = 'c';
    if (recv(fd, &wish, 1, 0) == 1 && wish != 'c' && wish != 'h' && fork() == 0) {
      pump(fd, wish == 'd');
      _exit(0);
    }
    if (wish != 'h') close(fd);
  }
}

int main(int count, char **words) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (count == 3 && !strcmp(words[1], "serve")) serve(atoi(words[2]));
  if (count < 4) return 2;
  const char *host = words[2];
  int port = atoi(words[3]);
  if (!strcmp(words[1], "up") || !strcmp(words[1], "down")) {
    int writes = words[1][0] == 'u', fd = dial(host, port);
    write(fd, writes ? "u" : "d", 1);
    printf("%.3f\n", pump(fd, writes));
    return 0;
  }
  int wanted = count > 4 ? atoi(words[4]) : 1000;
  double begin = now();
  if (!strcmp(words[1], "connect")) {
    for (int index = 0; index < wanted; index += 1) {
      int fd = dial(host, port);
      write(fd, "c", 1);
      char end;
      read(fd, &end, 1);
      close(fd);
    }
    printf("%.0f\n", wanted / (now() - begin));
    return 0;
  }
  for (int index = 0; index < wanted; index += 1) write(dial(host, port), "h", 1);
  puts("held");
  fflush(stdout);
  char end;
  while (read(0, &end, 1) > 0) {
  }
  return 0;
}
