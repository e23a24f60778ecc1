/*
 * arch/sim/explore/op.h - what a step is about to do, as far as others can tell.
 *
 * An op TOUCHES ranges of memory, and objects of the machine that stand for memory (an
 * interrupt mask, an MMU, read sections ...). Two ops of different actors are DEPENDENT
 * if they touch the same thing and one of them writes: only their order matters, and only
 * such pairs are tried both ways round. ENABLE and JOIN order, too, but are never turned
 * round: an unlock lets the next lock happen, it does not compete with it.
 */
#pragma once

#include "kernel/base/types.h"

enum op_kind {
#define OP(name, text) OP_##name,
#include "arch/sim/explore/kinds.h"
#undef OP
	OP_KINDS
};

enum touch_mode {
	TOUCH_READ,
	TOUCH_WRITE,  /* conflicts with reads and writes; after what was enabled */
	TOUCH_ENABLE, /* lets others go on ... */
	TOUCH_JOIN,   /* ... as those who waited for it */
};

struct touch {
	unsigned long address;
	u32 size;
	enum touch_mode mode;
};

#define OP_TOUCHES 6
#define OP_JOINS   16

struct op {
	enum op_kind kind;
	bool drains;   /* not before this CPU's store buffer is empty */
	bool plain;    /* an access that the compiler may do as it likes */
	bool releases; /* what was done before is seen by whoever reads it */
	u8 touches, joins, choices;
	u8 chosen; /* OP_CHOOSE: which of the choices */
	struct touch touch[OP_TOUCHES];
	u32 join[OP_JOINS];     /* events that let it go on, by number */
	unsigned long expected; /* OP_CAS: what it must find to write */
	const char *name;       /* of a lock, a point; or NULL */
	const void *frame, *pc; /* where in the program */
};

/* Objects of the machine, as addresses that no memory has. */
#define OBJECT_IRQ(cpu)     (0x100UL + 4 * (cpu)) /* may the CPU be interrupted now? */
#define OBJECT_IPI(cpu)     (0x200UL + 4 * (cpu)) /* a cross-call to it */
#define OBJECT_MMU(cpu)     (0x300UL + 4 * (cpu)) /* its TLB; an instruction under way */
#define OBJECT_READER(i)    (0x400UL + 4 * (i))   /* the actor's read section */
#define OBJECT_BUFFER(cpu)  (0x480UL + 4 * (cpu)) /* its store buffer */
#define OBJECT_ENTERED(cpu) (0x4c0UL + 4 * (cpu)) /* what has entered it */
#define OBJECT_CALLBACKS    0x500UL               /* their queue */
#define OBJECT_FRAME(i)     (0x10000UL + 4 * (i)) /* a frame's being in use */

/* What the running actor will do next; before actor_stop() or actor_wait(). */
void op_set(enum op_kind kind, const char *name);
void op_touch(unsigned long address, unsigned int size, enum touch_mode mode);
void op_drains(void);
