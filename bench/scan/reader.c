/*
 * Owns the least that reading every process can cost: stat and io of each, and the number of its descriptors, unparsed.
 * One pass for each line on standard input. With "kept" the files stay open between passes, without it they are opened each time.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIDS_MAX (4 * 1024 * 1024)

struct kept {
  int stat_fd;
  int io_fd;
};

static char buffer[4096];
static struct kept *kept;

/* A descriptor of a dead process answers ESRCH for good: then the file is opened anew. */
static void read_file(const char *pid, const char *file, int *fd) {
  char path[320];
  if (fd != NULL && *fd > 0) {
    if (pread(*fd, buffer, sizeof buffer, 0) > 0) return;
    close(*fd);
    *fd = 0;
  }
  snprintf(path, sizeof path, "/proc/%s/%s", pid, file);
  int opened = open(path, O_RDONLY | O_CLOEXEC);
  if (opened < 0) return;
  if (pread(opened, buffer, sizeof buffer, 0) > 0 && fd != NULL) *fd = opened;
  else close(opened);
}

static int pass(void) {
  int processes = 0;
  struct dirent *entry;
  DIR *proc = opendir("/proc");
  if (proc == NULL) return -1;
  while ((entry = readdir(proc)) != NULL) {
    char path[320];
    struct stat status;
    int pid = atoi(entry->d_name);
    if (pid <= 0 || pid >= PIDS_MAX) continue;
    read_file(entry->d_name, "stat", kept ? &kept[pid].stat_fd : NULL);
    read_file(entry->d_name, "io", kept ? &kept[pid].io_fd : NULL);
    snprintf(path, sizeof path, "/proc/%s/fd", entry->d_name);
    if (stat(path, &status) == 0) processes++;
  }
  closedir(proc);
  return processes;
}

int main(int argc, char **argv) {
  char line[64];
  struct rlimit files;
  if (argc > 1 && strcmp(argv[1], "kept") == 0) kept = calloc(PIDS_MAX, sizeof *kept);
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  while (fgets(line, sizeof line, stdin) != NULL) {
    printf("read %d\n", pass());
    fflush(stdout);
  }
  return 0;
}
