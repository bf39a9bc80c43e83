/*
 * Tries: to exchange the page below the address while the call is made: mapped over with another
 * content, unmapped, made unreadable.
 * Fails because: what the broker read at once is what it decides on and uses; what it cannot read is
 * EFAULT.
 * Stopped by: the broker.
 */
#include "net.h"

static volatile int over;
static char *page;
static int files[2];

static void *swap(void *unused) {
    (void)unused;
    for (long i = 0; !over; i++) {
        mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, files[i & 1], 0);
        if (i % 64 == 5) munmap(page, 4096);
        if (i % 64 == 9) mprotect(page, 4096, PROT_NONE);
    }
    return NULL;
}

int main(void) {
    const char *addresses[2] = {ALLOWED, FORBIDDEN};
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in to = endpoint(addresses[i], TRAP);
        files[i] = memfd_create("page", 0);
        if (pwrite(files[i], &to, sizeof to, 0) < 0 || ftruncate(files[i], 4096) < 0) return 1;
    }
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, files[0], 0);
    twin("the permitted one", connect(tcp(), (struct sockaddr *)page, sizeof(struct sockaddr_in)));
    pthread_t thread;
    pthread_create(&thread, NULL, swap, NULL);
    long connected = 0, denied = 0, faults = 0, wrong = 0;
    for (double end = seconds() + 4; seconds() < end && wrong == 0;) {
        int fd = tcp();
        if (connect(fd, (struct sockaddr *)page, sizeof(struct sockaddr_in)) == 0) {
            connected++;
            wrong += peer_is(fd, FORBIDDEN);
        } else if (errno == EFAULT) {
            faults++;
        } else {
            denied++;
        }
        drop(fd);
    }
    over = 1;
    pthread_join(thread, NULL);
    printf("%ld connected, %ld denied, %ld faults\n", connected, denied, faults);
    attempt_that("a connection to the forbidden address", wrong > 0, "never");
    still_served();
    return verdict();
}
