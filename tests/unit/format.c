/*
 * tests/unit/format.c - kernel/base/format.c: what print() understands.
 */
#include "tests/unit/unit.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"

static char text[64];

#define EXPECT_TEXT(wanted, ...)                                                         \
	do {                                                                             \
		EXPECT_EQ(format_text(text, sizeof(text), __VA_ARGS__), strlen(wanted)); \
		EXPECT(!strcmp(text, wanted));                                           \
	} while (0)

UNIT_TEST(format_numbers)
{
	EXPECT_TEXT("-7 7 2a", "%d %u %x", -7, 7U, 42U);
	EXPECT_TEXT("-9223372036854775808", "%ld", -0x7fffffffffffffffL - 1);
	EXPECT_TEXT("18446744073709551615", "%lu", ~0UL);
	EXPECT_TEXT("4294967295", "%u", ~0U);
	EXPECT_TEXT("ffffffffffffffff", "%lx", ~0UL);
	EXPECT_TEXT("12", "%zu", (size_t)12);
	EXPECT_TEXT("0", "%d", 0);
}

UNIT_TEST(format_width)
{
	EXPECT_TEXT("[   42]", "[%5d]", 42);
	EXPECT_TEXT("[42   ]", "[%-5d]", 42);
	EXPECT_TEXT("[00042]", "[%05d]", 42);
	EXPECT_TEXT("[-0042]", "[%05d]", -42);
	EXPECT_TEXT("[123456]", "[%3d]", 123456);
	EXPECT_TEXT("[  ab]", "[%4s]", "ab");
	EXPECT_TEXT("[ab  ]", "[%-4s]", "ab");
	EXPECT_TEXT("[ab]", "[%.2s]", "abcdef");
}

UNIT_TEST(format_characters)
{
	const char *volatile none = NULL; /* a constant one the compiler refuses */

	EXPECT_TEXT("a%b", "%c%%%c", 'a', 'b');
	EXPECT_TEXT("(null)", "%s", none);
	EXPECT_TEXT("", "%s", "");
}

UNIT_TEST(format_truncates)
{
	char small[4] = "xyz";

	EXPECT_EQ(format_text(small, sizeof(small), "%d", 123456), 6);
	EXPECT(!strcmp(small, "123"));
	EXPECT_EQ(format_text(small, 1, "abc"), 3);
	EXPECT_EQ(small[0], 0);
	EXPECT_EQ(small[1], '2');
	EXPECT_EQ(format_text(NULL, 0, "abc"), 3);
}
