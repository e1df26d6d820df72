/* Owns a population of sleeping processes: as many as asked for, gone when standard input closes, however the parent ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Names differ, so that the population is several programs and not one. */
#define PROGRAMS 20

static void sleep_for_ever(int number, pid_t parent) {
  char name[16];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  snprintf(name, sizeof name, "sleeper-%d", number % PROGRAMS);
  prctl(PR_SET_NAME, name);
  for (;;) pause();
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 0;
  pid_t self = getpid();
  char byte;
  for (int number = 0; number < count; number++) {
    pid_t pid = fork();
    if (pid == 0) sleep_for_ever(number, self);
    if (pid < 0) {
      printf("failed after %d: %s\n", number, strerror(errno));
      fflush(stdout);
      return 1;
    }
  }
  printf("ready\n");
  fflush(stdout);
  while (read(0, &byte, 1) > 0) {
  }
  return 0; /* PR_SET_PDEATHSIG ends the children. */
}
