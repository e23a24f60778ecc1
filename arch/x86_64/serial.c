/*
 * arch/x86_64/serial.c - two 16550 UARTs: COM1 is the user's console, COM2 the log.
 *
 * Output is polled, input of COM1 comes by interrupt (ISA line 4, one byte or more each
 * time). Ports work before any mapping or interrupt does. A missing COM2 sends the log to
 * COM1; writes to a missing COM1 vanish: its status register then reads as all ones,
 * which also means "ready". Callers serialise writes of one console.
 */
#include "arch/contract/console.h"
#include "arch/x86_64/x86.h"
#include "kernel/base/console.h"

#define COM1 0x3f8
#define COM2 0x2f8

enum uart_register {
	UART_DATA,
	UART_INTERRUPTS, /* BIT(0): when data has come */
	UART_FIFO,
	UART_LINE,   /* 0x03: 8 bits, no parity; 0x80: divisor in the first two */
	UART_MODEM,  /* 0x0b: DTR, RTS, OUT2 = interrupt line connected */
	UART_STATUS, /* BIT(0): data has come; BIT(5): ready to send */
	UART_SCRATCH = 7,
};

static bool uart_exists(u16 port)
{
	port_write8(port + UART_SCRATCH, 0x5a);
	return port_read8(port + UART_SCRATCH) == 0x5a;
}

static void uart_init(u16 port)
{
	port_write8(port + UART_LINE, 0x83);
	port_write8(port + 0, 1); /* 115200 baud */
	port_write8(port + 1, 0);
	port_write8(port + UART_LINE, 0x03);
	port_write8(port + UART_INTERRUPTS, 0);
	port_write8(port + UART_FIFO, 0x07); /* on, emptied */
	port_write8(port + UART_MODEM, 0x0b);
}

static void uart_put(u16 port, char c)
{
	while (!(port_read8(port + UART_STATUS) & BIT(5)))
		;
	port_write8(port + UART_DATA, (u8)c);
}

static void uart_write(u16 port, const char *text, size_t size)
{
	while (size--) {
		if (*text == '\n')
			uart_put(port, '\r');
		uart_put(port, *text++);
	}
}

void arch_console_write(const char *text, size_t size)
{
	static bool ready;

	if (!ready)
		uart_init(COM1);
	ready = true;
	uart_write(COM1, text, size);
}

void arch_log_write(const char *text, size_t size)
{
	static u16 port;

	if (!port) {
		port = uart_exists(COM2) ? COM2 : COM1;
		uart_init(port);
	}
	uart_write(port, text, size);
}

/* Until the UART is empty: only then does its line drop, and the next byte makes the edge
 * that the I/O APIC waits for. */
void serial_interrupt(void)
{
	while (port_read8(COM1 + UART_STATUS) & BIT(0))
		console_input((char)port_read8(COM1 + UART_DATA));
}

void arch_console_enable_input(void)
{
	if (!uart_exists(COM1))
		return;
	serial_interrupt(); /* turning the FIFO on, which comes next, empties it */
	arch_console_write("", 0);
	io_apic_enable_com1();
	port_write8(COM1 + UART_INTERRUPTS, 1);
}
