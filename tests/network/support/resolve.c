/*
 * resolve NAME...: what this libc's getaddrinfo(3) makes of each name, in the order of numbers, and
 * whether the first address takes a connection on port 80.
 */

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void resolve(const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	int error = getaddrinfo(name, "80", &hints, &found);
	if (error) {
		printf("%s: %s\n", name, error == EAI_NONAME ? "no such name" : gai_strerror(error));
		return;
	}
	int socket_ = socket(found->ai_family, SOCK_STREAM, 0);
	int connected = connect(socket_, found->ai_addr, found->ai_addrlen) == 0;
	printf("%s: %s\n", name, connected ? "connected" : "not connected");
	close(socket_);
	freeaddrinfo(found);
}

int main(int argc, char **argv)
{
	for (int index = 1; index < argc; index++)
		resolve(argv[index]);
	return 0;
}
