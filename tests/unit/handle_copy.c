/*
 * tests/unit/handle_copy.c - copies of open objects: fewer rights, and taken back.
 */
#include "tests/unit/unit.h"
#include "kernel/base/errno.h"
#include "kernel/task/handle.h"
#include "kernel/task/pipe.h"

static int closed, counted;

static void count_close(struct open *open)
{
	closed++;
}

static void count_copy(struct open *copy)
{
	counted++;
}

static const struct open_ops ops = {.close = count_close, .copied = count_copy};
static const struct open_ops no_copies = {.close = count_close};

static struct open *copy_of(struct open *open, unsigned int rights)
{
	struct open *copy = NULL;

	EXPECT_EQ(open_copy(open, rights, &copy), 0);
	return copy;
}

UNIT_TEST(handle_copies_have_fewer_rights)
{
	struct open *open = open_create(&ops, OPEN_NULL, OPEN_READ | OPEN_APPEND, NULL);
	struct open *copy = copy_of(open, OPEN_READ | OPEN_WRITE);
	struct open *none = copy_of(copy, OPEN_WRITE);

	EXPECT_EQ(copy->flags, OPEN_READ | OPEN_APPEND);
	EXPECT_EQ(none->flags, OPEN_APPEND);
	EXPECT_EQ(counted, 2);
	open_put(open); /* the copies live on */
	EXPECT_EQ(closed, 1);
	EXPECT(!open_is_revoked(none));
	open_put(copy);
	open_put(none);
	EXPECT_EQ(closed, 3);
	closed = counted = 0;
}

UNIT_TEST(handle_revoked_copies_are_none)
{
	struct handles *handles = handles_create();
	struct open *open = open_create(&ops, OPEN_NULL, OPEN_READ, NULL);
	struct open *copy = copy_of(open, OPEN_READ), *later;
	int deep = handles_add(handles, copy_of(copy, OPEN_READ), 0, false);

	open_revoke(copy);
	EXPECT(!handles_lookup(handles, deep));
	EXPECT(!open_is_revoked(copy));
	open_revoke(open);
	EXPECT(open_is_revoked(copy));
	EXPECT(!open_is_revoked(open));
	later = copy_of(open, OPEN_READ);
	EXPECT(!open_is_revoked(later));
	open_put(open);
	open_put(copy);
	open_put(later);
	EXPECT_EQ(handles_close(handles, deep), 0); /* what is revoked can be closed */
	EXPECT_EQ(closed, 4);
	handles_free(handles);
	closed = counted = 0;
}

UNIT_TEST(handle_copies_are_limited)
{
	struct open *chain[20], *copy;
	int depth = 0, error;

	chain[0] = open_create(&no_copies, OPEN_NULL, 0, NULL);
	EXPECT_EQ(open_copy(chain[0], 0, &copy), -EOPNOTSUPP);
	open_put(chain[0]);
	chain[0] = open_create(&ops, OPEN_NULL, 0, NULL);
	while (depth < 19 && !(error = open_copy(chain[depth], 0, &chain[depth + 1])))
		depth++;
	EXPECT_EQ(error, -EMLINK);
	for (int i = 0; i <= depth; i++)
		open_put(chain[i]);
	closed = counted = 0;
}

/* A pipe has readers as long as one copy of that end is open. */
UNIT_TEST(handle_copies_of_a_pipe)
{
	struct open *ends[2], *reader;
	char byte = 'x';

	EXPECT_EQ(pipe_create(ends, false), 0);
	reader = copy_of(ends[0], OPEN_READ);
	open_put(ends[0]);
	EXPECT_EQ(ends[1]->ops->write(ends[1], &byte, 1, 0), 1);
	byte = 0;
	EXPECT_EQ(reader->ops->read(reader, &byte, 1, 0), 1);
	EXPECT_EQ(byte, 'x');
	open_put(reader);
	EXPECT_EQ(ends[1]->ops->write(ends[1], &byte, 1, 0), -EPIPE);
	open_put(ends[1]);
}
