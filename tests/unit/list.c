/*
 * tests/unit/list.c - kernel/base/list.h.
 */
#include "tests/unit/unit.h"
#include "kernel/base/list.h"

struct item {
	int value;
	struct list link;
};

UNIT_TEST(list_keeps_order)
{
	struct list head = LIST_INIT(head);
	struct item items[4];
	struct item *p, *next;
	int expected = 0;

	EXPECT(list_empty(&head));
	EXPECT_EQ(list_pop(&head), NULL);
	for (int i = 1; i < 4; i++) {
		items[i].value = i;
		list_append(&head, &items[i].link);
	}
	items[0].value = 0;
	list_push(&head, &items[0].link);
	list_for_each (p, &head, link)
		EXPECT_EQ(p->value, expected++);
	EXPECT_EQ(expected, 4);
	list_for_each_safe (p, next, &head, link)
		if (p->value % 2)
			list_remove(&p->link);
	EXPECT_EQ(list_pop(&head), &items[0].link);
	EXPECT_EQ(list_first(&head, struct item, link), &items[2]);
	list_remove(&items[2].link);
	list_remove(&items[2].link); /* twice is harmless */
	EXPECT(list_empty(&head));
}
