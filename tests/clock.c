/* The time of day with an offset that processes share. For LD_PRELOAD; see tests/clock.py.

   CLOCK_OFFSET  a file of eight bytes, an int64_t: nanoseconds that are added to the time of day, read at every call.
                 What counts the time that passes (CLOCK_MONOTONIC) is left as it is, and so are the times of files. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const volatile int64_t *offset;
static int (*real_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_OFFSET");
    *(void **)&real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (!real_gettime) abort();
    if (!path) return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) abort();
    offset = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
    if (offset == MAP_FAILED) abort();
    close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    if (!real_gettime) begin();
    int failed = real_gettime(clock, at);
    if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t now = at->tv_sec * SECOND + at->tv_nsec + *offset;
        at->tv_sec = now / SECOND;
        at->tv_nsec = now % SECOND;
    }
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
