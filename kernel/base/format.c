/*
 * kernel/base/format.c - the formatter behind print() and format_text(): pure text work,
 * no state, no lock. What it understands is listed in print.h; anything else comes out as
 * it stands in the format.
 */
#include "kernel/base/print.h"
#include "kernel/base/string.h"

struct output {
	char *to;
	size_t size, length; /* length goes on counting past size */
};

struct spec {
	bool left, zero;
	int width, precision; /* precision -1: none */
	int longs;            /* 1: l, z, p; 2: ll (the same size here) */
};

static void put_char(struct output *out, char c)
{
	if (out->length + 1 < out->size)
		out->to[out->length] = c;
	out->length++;
}

static void put_padding(struct output *out, char c, int count)
{
	while (count-- > 0)
		put_char(out, c);
}

static void put_text(struct output *out, const struct spec *spec, const char *text)
{
	size_t max = spec->precision >= 0 ? (size_t)spec->precision : ~0UL;
	size_t length = strnlen(text ? text : "(null)", max);
	int padding = spec->width - (int)length;

	if (!spec->left)
		put_padding(out, ' ', padding);
	for (size_t i = 0; i < length; i++)
		put_char(out, text ? text[i] : "(null)"[i]);
	if (spec->left)
		put_padding(out, ' ', padding);
}

static void put_number(struct output *out, const struct spec *spec, u64 n,
	unsigned int base, const char *prefix)
{
	char digits[20];
	int count = 0;
	int padding;

	do
		digits[count++] = "0123456789abcdef"[n % base];
	while (n /= base);
	padding = spec->width - count - (int)strlen(prefix);
	if (!spec->left && !spec->zero)
		put_padding(out, ' ', padding);
	while (*prefix)
		put_char(out, *prefix++);
	if (!spec->left && spec->zero)
		put_padding(out, '0', padding);
	while (count)
		put_char(out, digits[--count]);
	if (spec->left)
		put_padding(out, ' ', padding);
}

static const char *parse_number(const char *p, int *value)
{
	for (*value = 0; *p >= '0' && *p <= '9'; p++)
		*value = *value * 10 + *p - '0';
	return p;
}

/* p stands behind '%'; returns the position of the conversion letter. */
static const char *parse_spec(const char *p, struct spec *spec)
{
	*spec = (struct spec){.precision = -1};
	for (; *p == '-' || *p == '0'; p++)
		*(*p == '-' ? &spec->left : &spec->zero) = true;
	p = parse_number(p, &spec->width);
	if (*p == '.')
		p = parse_number(p + 1, &spec->precision);
	for (; *p == 'l' || *p == 'z'; p++)
		spec->longs++;
	return p;
}

/* The va_list travels inside a struct so that helpers advance the caller's copy. */
struct arguments {
	va_list list;
};

static u64 take_unsigned(struct arguments *a, const struct spec *spec)
{
	return spec->longs ? va_arg(a->list, unsigned long)
			   : va_arg(a->list, unsigned int);
}

static s64 take_signed(struct arguments *a, const struct spec *spec)
{
	return spec->longs ? va_arg(a->list, long) : va_arg(a->list, int);
}

static void convert(
	struct output *out, char letter, const struct spec *spec, struct arguments *a)
{
	s64 n;

	switch (letter) {
	case 'd':
	case 'i':
		n = take_signed(a, spec);
		put_number(out, spec, n < 0 ? -(u64)n : (u64)n, 10, n < 0 ? "-" : "");
		break;
	case 'u':
		put_number(out, spec, take_unsigned(a, spec), 10, "");
		break;
	case 'x':
		put_number(out, spec, take_unsigned(a, spec), 16, "");
		break;
	case 'p':
		put_number(out, spec, (u64)va_arg(a->list, void *), 16, "0x");
		break;
	case 's':
		put_text(out, spec, va_arg(a->list, const char *));
		break;
	case 'c':
		put_char(out, (char)va_arg(a->list, int));
		break;
	default:
		put_char(out, letter);
	}
}

int format_text_v(char *to, size_t size, const char *format, va_list args)
{
	struct output out = {.to = to, .size = size};
	struct arguments a;
	struct spec spec;

	va_copy(a.list, args);
	for (const char *p = format; *p; p++) {
		if (*p != '%') {
			put_char(&out, *p);
			continue;
		}
		p = parse_spec(p + 1, &spec);
		if (!*p)
			break;
		convert(&out, *p, &spec, &a);
	}
	va_end(a.list);
	if (size)
		to[min(out.length, size - 1)] = '\0';
	return (int)out.length;
}

int format_text(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = format_text_v(to, size, format, args);
	va_end(args);
	return length;
}
