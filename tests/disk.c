/* A disk that fails at the n-th call, and one that remembers what was flushed. For LD_PRELOAD; see tests/disk.py.

   DISK_ROOT     only what lies below this directory is looked at
   DISK_STATE    a file all processes share: calls that the fault's pattern met, hits, the first hit's call and path
   DISK_FAULT    CALLS:ERRNO:SHORT:N:TIMES:GLOB  the N-th of CALLS (letters below, N from 1) on a path that GLOB meets
                 fails, and TIMES - 1 after it (0: all after it); with SHORT the first write hit is done by half instead
   DISK_JOURNAL  a file that takes every call that changes something, with its bytes, in the order it was done

   calls: w write, s fsync and fdatasync, r rename, o open for writing, t truncate, a allocate, u unlink, d mkdir */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct shared { int64_t met, hits; char call[8]; char path[PATH_MAX]; };

static struct shared *shared;
static char root[PATH_MAX], calls[16], glob[PATH_MAX];
static size_t root_length;
static long fault_errno, fault_short, fault_n, fault_times;
static int journal = -1, lock_fd = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

/* Again, where a fork of a process that was loaded without it is given its environment. */
__attribute__((constructor)) void disk_begin(void) {
    const char *where = getenv("DISK_ROOT"), *state = getenv("DISK_STATE"), *fault = getenv("DISK_FAULT");
    if (!where || !state || !realpath(where, root)) return;
    root_length = strlen(root);
    lock_fd = REAL(open)(state, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_fd < 0 || REAL(ftruncate)(lock_fd, sizeof *shared)) abort();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, lock_fd, 0);
    if (shared == MAP_FAILED) abort();
    if (fault && sscanf(fault, "%15[^:]:%ld:%ld:%ld:%ld:%4095s", calls, &fault_errno, &fault_short, &fault_n,
                        &fault_times, glob) != 6) abort();
    if (getenv("DISK_JOURNAL")) {
        journal = REAL(open)(getenv("DISK_JOURNAL"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (journal < 0) abort();
    }
}

/* Below the root, and not the shared memory of SQLite, which no power cut leaves anything of. */
static const char *ours(const char *path) {
    if (!shared || strncmp(path, root, root_length) || path[root_length] != '/') return NULL;
    return path + root_length + 1;
}

static const char *of_fd(int fd, char *buffer) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = shared ? readlink(link, buffer, PATH_MAX - 1) : -1;
    if (length < 0) return NULL;
    buffer[length] = 0;
    return !strcmp(buffer, root) ? "." : ours(buffer);
}

/* A path as it was given, absolute and with its folder resolved. */
static const char *of_path(int dir, const char *path, char *buffer) {
    char joined[PATH_MAX], folder[PATH_MAX];
    if (!shared) return NULL;
    if (path[0] == '/') snprintf(joined, sizeof joined, "%s", path);
    else {
        char link[64];
        snprintf(link, sizeof link, dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir);
        ssize_t length = readlink(link, folder, sizeof folder - 1);
        if (length < 0) return NULL;
        folder[length] = 0;
        if (snprintf(joined, sizeof joined, "%s/%s", folder, path) >= (int)sizeof joined) return NULL;
    }
    char *slash = strrchr(joined, '/');
    *slash = 0;
    if (!realpath(*joined ? joined : "/", folder)) return NULL;
    if (snprintf(buffer, PATH_MAX, "%s/%s", folder, slash + 1) >= PATH_MAX) return NULL;
    return ours(buffer);
}

static void lock(void) { pthread_mutex_lock(&mutex); while (flock(lock_fd, LOCK_EX) && errno == EINTR); }
static void unlock(void) { int kept = errno; flock(lock_fd, LOCK_UN); pthread_mutex_unlock(&mutex); errno = kept; }

/* 0: go on; 1: fail, errno is set; 2: do half. */
static int faulty(char call, const char *path) {
    if (!fault_n || !path || !strchr(calls, call) || fnmatch(glob, path, 0)) return 0;
    int64_t met = ++shared->met;
    if (met < fault_n || (fault_times && met >= fault_n + fault_times)) return 0;
    if (!shared->hits++) {
        shared->call[0] = call;
        snprintf(shared->path, sizeof shared->path, "%s", path);
        if (fault_short && call == 'w') return 2;
    }
    errno = (int)fault_errno;
    return 1;
}

static void put(const void *data, size_t size) {
    const char *at = data;
    while (size) {
        ssize_t done = REAL(write)(journal, at, size);
        if (done < 0) { if (errno == EINTR) continue; abort(); }
        at += done, size -= (size_t)done;
    }
}

static void note(char call, int fd, const char *path, uint64_t offset, const void *data, uint64_t size) {
    struct stat status = {0};
    size_t length = strlen(path);
    if (journal < 0 || (length > 4 && !strcmp(path + length - 4, "-shm"))) return;
    int kept = errno;
    if (fd >= 0) fstat(fd, &status);
    struct { char call; char pad[7]; uint64_t inode, offset, path, size; } head =
        {call, {0}, fd >= 0 ? status.st_ino : 0, offset, length, size};
    put(&head, sizeof head), put(path, length), put(data, size);
    errno = kept;
}

#define OPENING(name, parameters, dir, arguments) \
    int name parameters { \
        char buffer[PATH_MAX]; \
        mode_t mode = 0; \
        if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
        const char *found = flags & (O_WRONLY | O_RDWR | O_CREAT) ? of_path(dir, path, buffer) : NULL; \
        if (!found) return REAL(name) arguments; \
        lock(); \
        int fd = -1, is_new = access(buffer, F_OK) || (flags & O_TMPFILE) == O_TMPFILE; \
        if (!faulty('o', found)) { \
            fd = REAL(name) arguments; \
            if (fd >= 0 && is_new) note('c', fd, (flags & O_TMPFILE) == O_TMPFILE ? "" : found, 0, "", 0); \
            else if (fd >= 0 && flags & O_TRUNC) note('t', fd, found, 0, "", 0); \
        } \
        unlock(); \
        return fd; \
    }
OPENING(open, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPENING(open64, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPENING(openat, (int dir, const char *path, int flags, ...), dir, (dir, path, flags, mode))
OPENING(openat64, (int dir, const char *path, int flags, ...), dir, (dir, path, flags, mode))

static ssize_t writing(int fd, const void *data, size_t size, off64_t offset, int positioned) {
    char buffer[PATH_MAX];
    const char *found = of_fd(fd, buffer);
    if (!found) return positioned ? REAL(pwrite64)(fd, data, size, offset) : REAL(write)(fd, data, size);
    lock();
    ssize_t done = -1;
    int how = faulty('w', found);
    if (how != 1) {
        if (how == 2 && size > 1) size /= 2;
        if (!positioned) offset = lseek64(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
        done = positioned ? REAL(pwrite64)(fd, data, size, offset) : REAL(write)(fd, data, size);
        if (done > 0) note('w', fd, found, (uint64_t)offset, data, (uint64_t)done);
    }
    unlock();
    return done;
}
ssize_t write(int fd, const void *data, size_t size) { return writing(fd, data, size, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return writing(fd, data, size, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) { return writing(fd, data, size, offset, 1); }
/* Not used on our files; were they, the journal would be wrong. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    char buffer[PATH_MAX];
    if (of_fd(fd, buffer)) abort();
    return REAL(writev)(fd, parts, count);
}

#define SYNCING(name) \
    int name(int fd) { \
        char buffer[PATH_MAX]; \
        const char *found = of_fd(fd, buffer); \
        if (!found) return REAL(name)(fd); \
        lock(); \
        int done = faulty('s', found) ? -1 : REAL(name)(fd); \
        if (!done) note('s', fd, found, 0, "", 0); \
        unlock(); \
        return done; \
    }
SYNCING(fsync)
SYNCING(fdatasync)

#define TRUNCATING(name, type) \
    int name(int fd, type size) { \
        char buffer[PATH_MAX]; \
        const char *found = of_fd(fd, buffer); \
        if (!found) return REAL(name)(fd, size); \
        lock(); \
        int done = faulty('t', found) ? -1 : REAL(name)(fd, size); \
        if (!done) note('t', fd, found, (uint64_t)size, "", 0); \
        unlock(); \
        return done; \
    }
TRUNCATING(ftruncate, off_t)
TRUNCATING(ftruncate64, off64_t)

/* They return the error. What they allocate has no name and is not noted. */
#define ALLOCATING(name, type) \
    int name(int fd, type offset, type size) { \
        char buffer[PATH_MAX]; \
        const char *found = of_fd(fd, buffer); \
        if (!found) return REAL(name)(fd, offset, size); \
        lock(); \
        int done = faulty('a', found) ? errno : REAL(name)(fd, offset, size); \
        unlock(); \
        return done; \
    }
ALLOCATING(posix_fallocate, off_t)
ALLOCATING(posix_fallocate64, off64_t)

static int renaming(int from, const char *old, int to, const char *new, int (*act)(int, const char *, int, const char *)) {
    char one[PATH_MAX], two[PATH_MAX];
    const char *found = of_path(from, old, one), *target = of_path(to, new, two);
    if (!found || !target) return act(from, old, to, new);
    lock();
    int done = faulty('r', target) ? -1 : act(from, old, to, new);
    if (!done) note('r', -1, found, 0, target, strlen(target));
    unlock();
    return done;
}
static int plain_rename(int from, const char *old, int to, const char *new) {
    (void)from, (void)to;
    return REAL(rename)(old, new);
}
int rename(const char *old, const char *new) { return renaming(AT_FDCWD, old, AT_FDCWD, new, plain_rename); }
int renameat(int from, const char *old, int to, const char *new) { return renaming(from, old, to, new, REAL(renameat)); }

static int unlinking(int dir, const char *path, int flags) {
    char buffer[PATH_MAX];
    const char *found = of_path(dir, path, buffer);
    if (!found) return REAL(unlinkat)(dir, path, flags);
    lock();
    int done = faulty('u', found) ? -1 : REAL(unlinkat)(dir, path, flags);
    if (!done) note('u', -1, found, 0, "", 0);
    unlock();
    return done;
}
int unlink(const char *path) { return unlinking(AT_FDCWD, path, 0); }
int unlinkat(int dir, const char *path, int flags) { return unlinking(dir, path, flags); }

static int making(int dir, const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    const char *found = of_path(dir, path, buffer);
    if (!found) return REAL(mkdirat)(dir, path, mode);
    lock();
    /* That it is there already is found out first. */
    int done = access(buffer, F_OK) && faulty('d', found) ? -1 : REAL(mkdirat)(dir, path, mode);
    if (!done) note('d', -1, found, 0, "", 0);
    unlock();
    return done;
}
int mkdir(const char *path, mode_t mode) { return making(AT_FDCWD, path, mode); }
int mkdirat(int dir, const char *path, mode_t mode) { return making(dir, path, mode); }
