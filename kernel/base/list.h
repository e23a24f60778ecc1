/*
 * kernel/base/list.h - circular doubly linked list; the owner of the head owns the
 * locking.
 */
#pragma once

#include "kernel/base/types.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name)                                                                  \
	{                                                                                \
		&(name), &(name)                                                         \
	}

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_insert(struct list *item, struct list *after)
{
	item->next = after->next;
	item->prev = after;
	after->next->prev = item;
	after->next = item;
}

static inline void list_push(struct list *head, struct list *item)
{
	list_insert(item, head);
}

static inline void list_append(struct list *head, struct list *item)
{
	list_insert(item, head->prev);
}

/* Leaves the item pointing at itself: removing it twice is harmless. */
static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

/* All of `from`, in order, to the front of the list; `from` is empty then. */
static inline void list_splice(struct list *head, struct list *from)
{
	if (list_empty(from))
		return;
	from->prev->next = head->next;
	head->next->prev = from->prev;
	from->next->prev = head;
	head->next = from->next;
	list_init(from);
}

/* The first `count` of `from`, or all, in order, to the front of the list; how many. */
static inline unsigned int list_splice_some(
	struct list *head, struct list *from, unsigned int count)
{
	struct list *first = from->next, *last = from;
	unsigned int n = 0;

	for (; n < count && last->next != from; n++)
		last = last->next;
	if (!n)
		return 0;
	from->next = last->next;
	last->next->prev = from;
	last->next = head->next;
	head->next->prev = last;
	first->prev = head;
	head->next = first;
	return n;
}

static inline struct list *list_pop(struct list *head)
{
	struct list *item = head->next;

	if (item == head)
		return NULL;
	list_remove(item);
	return item;
}

#define list_entry(item, T, member) container_of(item, T, member)
#define list_first(head, T, member) list_entry((head)->next, T, member)

#define list_for_each(p, head, member)                                                   \
	for (p = list_entry((head)->next, typeof(*p), member); &p->member != (head);     \
		p = list_entry(p->member.next, typeof(*p), member))

#define list_for_each_safe(p, n, head, member)                                           \
	for (p = list_entry((head)->next, typeof(*p), member),                           \
	    n = list_entry(p->member.next, typeof(*p), member);                          \
		&p->member != (head);                                                    \
		p = n, n = list_entry(n->member.next, typeof(*n), member))
