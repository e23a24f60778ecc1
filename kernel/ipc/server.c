/*
 * kernel/ipc/server.c - see server.h.
 *
 * Data: the list of servers, and of each the files that were opened (l:servers_lock).
 * References: a server is referenced by the list and by each of its files; a file belongs
 * to its object, which the list has one reference of, and goes with it.
 *
 * A server's own thread that needs a page of its own file would wait for itself: it gets
 * EIO. Who waits for it in a longer way round (two servers for each other) waits until
 * somebody kills one of them.
 */
#include "kernel/ipc/server.h"
#include "kernel/base/string.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/pager.h"
#include "kernel/task/task.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"

#define ERROR_MAX 4095 /* of what user space calls an error number */

struct server {
	struct list link;
	char name[SERVER_NAME_MAX + 1]; /* (c) */
	int pid;                        /* (c) of who registered it */
	struct open *open;              /* (c) a copy that may call */
	s32 refs;                       /* (a) */
	struct list files;              /* (l:servers_lock) */
};

struct served_file {
	struct list link;
	struct server *server; /* (c) */
	struct object *object; /* (c) */
	u64 number;            /* (c) the server's */
	u32 changing;          /* (a) by a thread that waits for the server */
	struct wait_queue idle;
};

static struct mutex servers_lock = MUTEX_INIT(servers_lock, "servers", RANK_SERVERS);
static struct list servers = LIST_INIT(servers); /* (l:servers_lock) */

static void server_put(struct server *server)
{
	if (atomic_sub(&server->refs, 1))
		return;
	open_put(server->open);
	kfree(server);
}

/* --- names -------------------------------------------------------------------------- */

static bool is_dead(const struct server *server)
{
	return endpoint_is_dead(server->open) || open_is_revoked(server->open);
}

static struct server *find_locked(const char *name, size_t length)
{
	struct server *server;

	list_for_each (server, &servers, link)
		if (!strncmp(server->name, name, length) && !server->name[length])
			return server;
	return NULL;
}

void servers_forget_dead(void)
{
	struct server *server, *next;
	struct list dead = LIST_INIT(dead);

	mutex_lock(&servers_lock);
	list_for_each_safe (server, next, &servers, link) {
		if (!is_dead(server))
			continue;
		list_remove(&server->link);
		list_append(&dead, &server->link);
	}
	mutex_unlock(&servers_lock);
	while (!list_empty(&dead)) {
		server = list_first(&dead, struct server, link);
		list_remove(&server->link);
		/* In no list, so nobody else comes to its files. */
		while (!list_empty(&server->files)) {
			struct list *file = list_pop(&server->files);

			object_put(list_entry(file, struct served_file, link)->object);
		}
		server_put(server);
	}
}

static struct server *make_server(const char *name, struct open *endpoint)
{
	struct server *server = kmalloc(sizeof(*server));

	if (!server)
		return NULL;
	if (open_copy(endpoint, OPEN_CALL, &server->open)) {
		kfree(server);
		return NULL;
	}
	string_copy(server->name, name, sizeof(server->name));
	server->pid = current_task()->pid;
	server->refs = 1;
	list_init(&server->files);
	return server;
}

int server_register(const char *name, struct open *endpoint)
{
	struct server *server;
	bool taken;

	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
		endpoint->kind != OPEN_ENDPOINT)
		return -EINVAL;
	if (!(endpoint->flags & OPEN_RECEIVE))
		return -EACCES;
	server = make_server(name, endpoint);
	if (!server)
		return -ENOMEM;
	servers_forget_dead();
	mutex_lock(&servers_lock);
	taken = find_locked(name, strlen(name));
	if (!taken)
		list_append(&servers, &server->link);
	mutex_unlock(&servers_lock);
	if (taken)
		server_put(server);
	return taken ? -EEXIST : 0;
}

/* The living server that the path begins with, with a reference; and what follows. */
static struct server *server_of(const char *path, const char **rest)
{
	const char *slash = strchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : strlen(path);
	struct server *server;

	*rest = path + length + (slash != NULL);
	mutex_lock(&servers_lock);
	server = find_locked(path, length);
	if (server && is_dead(server))
		server = NULL;
	if (server)
		atomic_add(&server->refs, 1);
	mutex_unlock(&servers_lock);
	return server;
}

int server_connect(const char *name, struct open **open)
{
	const char *rest;
	struct server *server = server_of(name, &rest);
	int error;

	if (!server)
		return -ENOENT;
	error = *rest ? -ENOENT : open_copy(server->open, OPEN_CALL, open);
	server_put(server);
	return error;
}

bool server_name(u64 index, char *name)
{
	struct server *server;
	bool found = false;

	mutex_lock(&servers_lock);
	list_for_each (server, &servers, link) {
		found = !index--;
		if (found)
			string_copy(name, server->name, SERVER_NAME_MAX + 1);
		if (found)
			break;
	}
	mutex_unlock(&servers_lock);
	return found;
}

/* --- asking ------------------------------------------------------------------------- */

/* 0, or the error that the server, or the lack of one, makes of it. */
static int ask(struct server *server, struct message *message)
{
	long answer;
	int error;

	/* SAFE(pager_self): the thread would wait for an answer that it has to give
	 * itself, and be good for nothing until it is killed. Pairs with nothing: it is
	 * the only one who knows. */
	if (current_task() && current_task()->pid == server->pid)
		return -EIO;
	error = endpoint_call(server->open, message);
	if (message->open) /* nobody has asked for it */
		open_put(message->open);
	if (error)
		return error == -EINTR ? error : -EIO;
	answer = (long)message->word[0];
	return answer <= 0 && answer >= -ERROR_MAX ? (int)answer : -EIO;
}

static void request(
	struct message *message, unsigned long what, u64 first, u64 second, u64 third)
{
	message_init(message);
	message->word[0] = what;
	message->word[1] = first;
	message->word[2] = second;
	message->word[3] = third;
}

static void one_page(struct ipc_bytes *bytes, struct page *page, size_t size)
{
	bytes->page[0] = page;
	bytes->offset = 0;
	bytes->size = size;
}

static int look_up(struct server *server, const char *path, unsigned int flags,
	struct file_lookup *found)
{
	struct page *page = frame_alloc(0, PAGE_KERNEL, 0);
	struct message message;
	int error;

	if (!page)
		return -ENOMEM;
	string_copy(page_address(page), path, PAGE_SIZE);
	request(&message, PAGER_LOOKUP, flags, 0, 0);
	one_page(&message.out, page, strlen(path));
	error = ask(server, &message);
	page_put(page);
	found->file = message.word[1];
	found->size = message.word[2];
	return !error && found->size > OBJECT_SIZE_MAX ? -EIO : error;
}

int server_lookup(const char *path, unsigned int flags, struct file_lookup *found)
{
	const char *rest;
	struct server *server = server_of(path, &rest);
	int error;

	if (!server)
		return -ENOENT;
	error = look_up(server, rest, flags, found);
	server_put(server);
	return error;
}

/* --- the objects of files ----------------------------------------------------------- */

static int page_in(struct object *object, u64 index, void *to)
{
	struct served_file *file = object->private;
	struct message message;
	int error;

	request(&message, PAGER_PAGE_IN, file->number, index, 0);
	one_page(&message.in, page_of_virt(to), PAGE_SIZE);
	message.patient = true; /* a touch is no call that a signal can end with EINTR */
	error = ask(file->server, &message);
	if (error)
		return error;
	/* SAFE(pager_answer): a page that is too short, or another one, would be taken
	 * for what is in the file, and be written back over it. Pairs with nothing: who
	 * has sent it is not to be relied on. */
	if (message.received != PAGE_SIZE || message.word[1] != file->number ||
		message.word[2] != index)
		return -EIO;
	return 0;
}

static void release(struct object *object)
{
	struct served_file *file = object->private;

	server_put(file->server);
	kfree(file);
}

/*
 * One at a time: a page that arrives there after the file was truncated, but had been
 * sent before, would make it larger again, with what was cut off. Not a lock: who waits
 * for a server that hangs is to end when it is told to.
 */
static bool begin_change(struct served_file *file)
{
	bool mine;

	wait_event(
		&file->idle, (mine = atomic_cas(&file->changing, 0, 1)) || gup_killed());
	return mine;
}

static void end_change(struct served_file *file)
{
	atomic_store(&file->changing, 0);
	wake_up(&file->idle);
}

/* The size is looked at when nobody can change it: what was cut off since the copy was
 * made is not to arrive. */
static int write_back(struct object *object, u64 index, void *copy, size_t unused)
{
	struct served_file *file = object->private;
	u64 start = index * PAGE_SIZE, size;
	struct message message;
	int error = 0;

	if (!begin_change(file))
		return -EINTR;
	size = object_size(object);
	if (start < size) {
		if (size - start < PAGE_SIZE)
			memset((char *)copy + (size - start), 0,
				PAGE_SIZE - (size - start));
		request(&message, PAGER_WRITE_BACK, file->number, index, size);
		one_page(&message.out, page_of_virt(copy), PAGE_SIZE);
		message.patient = true;
		error = ask(file->server, &message);
	}
	end_change(file);
	return error;
}

static const struct object_source source = {
	.page_in = page_in, .write_back = write_back, .release = release};

static struct served_file *file_of(const struct object *object)
{
	return object->source == &source ? object->private : NULL;
}

/* servers_lock held. The object that is known by this number, with a reference. */
static struct object *find_object(struct server *server, u64 number)
{
	struct served_file *file;

	list_for_each (file, &server->files, link) {
		if (file->number != number)
			continue;
		object_get(file->object);
		return file->object;
	}
	return NULL;
}

/* A server may be asked by several at once: the first one's object counts. */
static struct object *make_object(struct server *server, const struct file_lookup *found)
{
	struct served_file *file = kmalloc(sizeof(*file));
	struct object *object, *known;

	if (!file)
		return NULL;
	object = object_create_from(found->size, &source, file);
	if (!object) {
		kfree(file);
		return NULL;
	}
	*file = (struct served_file){
		.server = server, .object = object, .number = found->file};
	list_init(&file->link);
	wait_init(&file->idle);
	atomic_add(&server->refs, 1);
	mutex_lock(&servers_lock);
	known = find_object(server, found->file);
	if (!known && !is_dead(server)) {
		object_get(object); /* the list's */
		list_append(&server->files, &file->link);
	}
	mutex_unlock(&servers_lock);
	if (known)
		object_put(object);
	return known ? known : object;
}

int server_open(const char *path, struct object **object)
{
	struct file_lookup found;
	const char *rest;
	struct server *server = server_of(path, &rest);
	int error;

	if (!server)
		return -ENOENT;
	error = look_up(server, rest, 0, &found);
	if (!error) {
		*object = make_object(server, &found);
		error = *object ? 0 : -ENOMEM;
	}
	server_put(server);
	return error;
}

/* --- back to the server ------------------------------------------------------------- */

int server_sync(struct object *object)
{
	return object_write_back(object, 0, ~0UL);
}

int server_resize(struct object *object, u64 size)
{
	struct served_file *file = file_of(object);
	struct message message;
	int error;

	if (!file || size > OBJECT_SIZE_MAX)
		return object_resize(object, size);
	if (!begin_change(file))
		return -EINTR;
	request(&message, PAGER_TRUNCATE, file->number, size, 0);
	error = ask(file->server, &message);
	if (!error)
		error = object_resize(object, size);
	end_change(file);
	return error;
}
