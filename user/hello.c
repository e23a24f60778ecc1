/*
 * user/hello.c - a program that knows nothing of the kernel it runs on.
 */
#include <stdio.h>
#include <sys/utsname.h>

int main(void)
{
	struct utsname name;

	if (uname(&name))
		return 1;
	printf("Hello from %s!\n", name.machine);
	return 0;
}
