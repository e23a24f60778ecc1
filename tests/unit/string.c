/*
 * tests/unit/string.c - kernel/base/string.c.
 */
#include "tests/unit/unit.h"
#include "kernel/base/string.h"

UNIT_TEST(string_move_overlaps)
{
	char up[] = "abcdef", down[] = "abcdef";

	memmove(up + 1, up, 5);
	EXPECT(!strcmp(up, "aabcde"));
	memmove(down, down + 1, 5);
	EXPECT(!strcmp(down, "bcdeff"));
}

UNIT_TEST(string_fill_and_compare)
{
	char a[8], b[8];

	memset(a, 0xa5, sizeof(a));
	memcpy(b, a, sizeof(b));
	EXPECT_EQ(memcmp(a, b, sizeof(a)), 0);
	b[7] = 0;
	EXPECT(memcmp(a, b, sizeof(a)) > 0);
	EXPECT_EQ(memcmp(a, b, 7), 0);
	EXPECT(strcmp("ab", "b") < 0 && strcmp("b", "ab") > 0);
	EXPECT(strcmp("\x80", "a") > 0); /* bytes are unsigned */
	EXPECT_EQ(strncmp("abc", "abd", 2), 0);
}

UNIT_TEST(string_search)
{
	const char *path = "/bin/sh";

	EXPECT_EQ(strchr(path, '/'), path);
	EXPECT_EQ(strrchr(path, '/'), path + 4);
	EXPECT_EQ(strchr(path, 'x'), NULL);
	EXPECT_EQ(strchr(path, 0), path + 7);
	EXPECT_EQ(strnlen(path, 3), 3);
	EXPECT_EQ(strlen(path), 7);
}

UNIT_TEST(string_copy_says_if_it_fits)
{
	char to[4];

	EXPECT(string_copy(to, "abc", sizeof(to)));
	EXPECT(!string_copy(to, "wxyz", sizeof(to)));
	EXPECT(!strcmp(to, "wxy"));
}

UNIT_TEST(string_to_number)
{
	static const char *const bad[] = {"", "k", "12x", "0x", "-1", "1 ", "1kk",
		"18446744073709551616", "0x10000000000000000", "18446744073709551615k"};
	u64 n = 0;

	EXPECT(string_to_u64("0", &n) && n == 0);
	EXPECT(string_to_u64("0x1F", &n) && n == 31);
	EXPECT(string_to_u64("16k", &n) && n == 16384);
	EXPECT(string_to_u64("3m", &n) && n == 3UL << 20);
	EXPECT(string_to_u64("2g", &n) && n == 2UL << 30);
	EXPECT(string_to_u64("18446744073709551615", &n) && n == ~0UL);
	n = 5;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		if (string_to_u64(bad[i], &n))
			unit_failed(__FILE__, __LINE__, bad[i], n, 5);
	EXPECT_EQ(n, 5);
}
