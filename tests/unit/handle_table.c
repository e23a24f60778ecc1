/*
 * tests/unit/handle_table.c - handles share and release the objects they refer to.
 */
#include "tests/unit/unit.h"
#include "kernel/task/handle.h"

static int closed;

static void count_close(struct open *open)
{
	closed++;
}

static const struct open_ops ops = {.close = count_close};

static struct open *make(void)
{
	return open_create(&ops, OPEN_NULL, OPEN_READ, NULL);
}

UNIT_TEST(handle_lowest_free_number)
{
	struct handles *handles = handles_create();

	EXPECT_EQ(handles_add(handles, make(), 0, false), 0);
	EXPECT_EQ(handles_add(handles, make(), 0, false), 1);
	EXPECT_EQ(handles_add(handles, make(), 10, false), 10);
	EXPECT_EQ(handles_close(handles, 0), 0);
	EXPECT_EQ(handles_add(handles, make(), 0, false), 0);
	handles_free(handles);
}

UNIT_TEST(handle_numbers_are_checked)
{
	static const int bad[] = {
		-1, HANDLES_MAX, HANDLES_MAX + 100, 0x7fffffff, -0x7fffffff - 1};
	struct handles *handles = handles_create();
	bool value = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT(!handles_lookup(handles, bad[i]));
		EXPECT_EQ(handles_close(handles, bad[i]), -EBADF);
		EXPECT_EQ(handles_add(handles, make(), bad[i], false), -EINVAL);
		EXPECT_EQ(handles_replace(handles, bad[i], make(), false), -EBADF);
		EXPECT_EQ(handles_close_on_exec(handles, bad[i], &value), -EBADF);
	}
	EXPECT_EQ(handles_close(handles, 5), -EBADF);
	handles_free(handles);
}

UNIT_TEST(handle_table_fills_up)
{
	struct handles *handles = handles_create();
	struct open *open = make();

	closed = 0;
	for (int i = 0; i < HANDLES_MAX; i++) {
		open_get(open);
		EXPECT_EQ(handles_add(handles, open, 0, false), i);
	}
	open_get(open);
	EXPECT_EQ(handles_add(handles, open, 0, false), -EMFILE);
	EXPECT_EQ(open->refs, HANDLES_MAX + 1);
	handles_free(handles);
	EXPECT_EQ(open->refs, 1);
	EXPECT_EQ(closed, 0);
	open_put(open);
	EXPECT_EQ(closed, 1);
}

UNIT_TEST(handle_copy_shares_objects)
{
	struct handles *handles = handles_create(), *copy;

	closed = 0;
	handles_add(handles, make(), 0, false);
	handles_add(handles, make(), 0, true);
	copy = handles_copy(handles);
	handles_free(handles);
	EXPECT_EQ(closed, 0);
	EXPECT_EQ(handles_close_on_exec(copy, 0, NULL), 0);
	EXPECT_EQ(handles_close_on_exec(copy, 1, NULL), 1);
	handles_exec(copy);
	EXPECT_EQ(closed, 1);
	EXPECT_EQ(handles_close(copy, 1), -EBADF);
	EXPECT_EQ(handles_replace(copy, 0, make(), false), 0);
	EXPECT_EQ(closed, 2);
	handles_free(copy);
	EXPECT_EQ(closed, 3);
}
