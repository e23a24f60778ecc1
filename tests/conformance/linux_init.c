/*
 * tests/conformance/linux_init.c - process 1 where the distribution's Linux runs the
 * tests.
 *
 * It makes of a bare Linux what Origami is when its init starts: file systems in their
 * places, programs' output on the user console behind a form feed, /etc/cmd run by `sh`,
 * and `exit <n>` on the log console. So the host's side (tests/tools/machine.py) cannot
 * tell the two apart. The kernel's command line names the terminal: terminal=/dev/...
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const struct {
	const char *type, *where, *options;
} file_systems[] = {
	{"devtmpfs", "/dev", ""},
	{"proc", "/proc", ""},
	{"sysfs", "/sys", ""},
	/* As shmem_enabled says it of other memory; refused where there are none. */
	{"tmpfs", "/tmp", "huge=advise"},
	{"debugfs", "/sys/kernel/debug", ""},
};

static int give_up(const char *what)
{
	printf("linux_init: %s: %s\n", what, strerror(errno));
	return 127;
}

static int mount_all(void)
{
	for (size_t i = 0; i < sizeof(file_systems) / sizeof(*file_systems); i++) {
		const char *type = file_systems[i].type, *where = file_systems[i].where;

		mkdir(where, 0755);
		if (mount("none", where, type, 0, file_systems[i].options) &&
			mount("none", where, type, 0, NULL))
			return give_up(where);
	}
	return 0;
}

/* Programs talk to that terminal; process 1 keeps the console. */
static int run_command(char *command)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		int fd;

		setsid();
		fd = open(getenv("terminal"), O_RDWR);
		for (int i = 0; i <= 2; i++)
			dup2(fd, i);
		setenv("PATH", "/bin", 1);
		if (write(1, "\f", 1) == 1)
			execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return give_up("sh");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Linux's device for gup_test. */
static int load_module(void)
{
	int fd = open("/gup.ko", O_RDONLY);

	return syscall(SYS_finit_module, fd, "", 0) ? give_up("/gup.ko") : 0;
}

static int start(void)
{
	static char command[1 << 16];
	int fd = open("/etc/cmd", O_RDONLY);

	if (fd < 0 || read(fd, command, sizeof(command) - 1) <= 0)
		return give_up("/etc/cmd");
	if (!getenv("terminal"))
		return give_up("terminal= is missing");
	return mount_all() || load_module() ? 127 : run_command(command);
}

int main(void)
{
	int status = start();

	printf("\nexit %d\n", status);
	fflush(stdout);
	/* What the console still holds would be lost with the power. */
	tcdrain(1);
	reboot(RB_POWER_OFF);
	return 0;
}
