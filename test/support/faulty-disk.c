/*
 * Intercepts the file operations of a process on files in $FAULTY_UNDER. Every fsync is delayed, and every write fails if an
 * errno is set. The control file $FAULTY_CONTROL holds three 32-bit integers: the delay in milliseconds, the errno (0 for
 * none), and the number of completed fsync calls.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile int32_t *control;
static const char *under = "//";

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULTY_CONTROL");
  if (path == NULL || getenv("FAULTY_UNDER") == NULL) return;
  int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
  int fd = real_open(path, O_RDWR | O_CLOEXEC);
  void *mapped = mmap(NULL, 12, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) abort();
  close(fd);
  under = getenv("FAULTY_UNDER");
  control = mapped;
}

static int is_ours(const char *path) {
  return control != NULL && strncmp(path, under, strlen(under)) == 0;
}

static int is_ours_fd(int fd) {
  char link[64], path[PATH_MAX];
  if (control == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_ours(path);
}

static int fails(int ours) {
  int error = ours ? control[1] : 0;
  if (error != 0) errno = error;
  return error != 0;
}

#define NEXT(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)

static int synced(int fd, int result) {
  if (!is_ours_fd(fd)) return result;
  struct timespec pause = {control[0] / 1000, (control[0] % 1000) * 1000000L};
  nanosleep(&pause, NULL);
  __atomic_add_fetch(&control[2], 1, __ATOMIC_SEQ_CST);
  return result;
}

int fsync(int fd) { NEXT(fsync); return fails(is_ours_fd(fd)) ? -1 : synced(fd, real(fd)); }
int fdatasync(int fd) { NEXT(fdatasync); return fails(is_ours_fd(fd)) ? -1 : synced(fd, real(fd)); }

ssize_t write(int fd, const void *bytes, size_t n) {
  NEXT(write);
  return fails(is_ours_fd(fd)) ? -1 : real(fd, bytes, n);
}
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
  NEXT(pwrite64);
  return fails(is_ours_fd(fd)) ? -1 : real(fd, bytes, n, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
  NEXT(pwrite);
  return fails(is_ours_fd(fd)) ? -1 : real(fd, bytes, n, at);
}
int ftruncate64(int fd, off64_t length) {
  NEXT(ftruncate64);
  return fails(is_ours_fd(fd)) ? -1 : real(fd, length);
}

#define OPEN(name)                                                         \
  int name(const char *path, int flags, ...) {                             \
    NEXT(name);                                                            \
    va_list rest;                                                          \
    va_start(rest, flags);                                                 \
    mode_t mode = va_arg(rest, int);                                       \
    va_end(rest);                                                          \
    int writes = (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;             \
    return fails(writes && is_ours(path)) ? -1 : real(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

int access(const char *path, int mode) {
  NEXT(access);
  return fails((mode & W_OK) != 0 && is_ours(path)) ? -1 : real(path, mode);
}
int rename(const char *from, const char *to) {
  NEXT(rename);
  return fails(is_ours(to)) ? -1 : real(from, to);
}
