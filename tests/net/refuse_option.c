/* Runs a command that the kernel refuses a socket option: refuse_option LEVEL NAME ERRNO
 * COMMAND..., all three as numbers, as an old kernel does or a sandbox. By seccomp, so that
 * programs with a sanitizer are refused it too. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SKIPPED 77

/* The lower half of argument n of a system call, on a little-endian machine. */
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n))

static int refuse(unsigned level, unsigned name, unsigned code)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(1)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, level, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(2)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, name, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	unsigned level = (unsigned)strtoul(argv[1], NULL, 10);
	unsigned name = (unsigned)strtoul(argv[2], NULL, 10);
	unsigned code = (unsigned)strtoul(argv[3], NULL, 10);
	if (refuse(level, name, code) < 0) {
		perror("refuse_option: seccomp");
		return SKIPPED;
	}
	(void)execvp(argv[4], argv + 4);
	perror(argv[4]);
	return 127;
}
