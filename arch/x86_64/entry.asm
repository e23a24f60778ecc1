; arch/x86_64/entry.asm - the ways into the kernel, and the one way out.
;
; Each entry builds a `struct regs` (include/arch/regs.h) on a kernel stack, calls C with
; its address, and leaves through entry_leave with IRET. IRET also ends system calls: it
; has none of SYSRET's traps (a non-canonical RIP faults in ring 0 on the user's stack on
; Intel CPUs) and costs the same number of instructions.
;
; GS: in user mode the GS base is the user's and KERNEL_GS_BASE this CPU's per-CPU offset;
; SWAPGS exchanges them, exactly when the privilege level changes. Three exceptions can
; strike between the change and SWAPGS: NMI, double fault and machine check. They have own
; stacks (IST) with the offset in the word above; if they return, they put back the base.

extern trap_entry, trap_fatal, syscall_entry, cpu_smap, arch_cpu
global entry_vectors, entry_syscall, entry_leave, switch_stacks, thread_begin

; struct arch_cpu (include/arch/cpu.h), checked in descriptors.c
CPU_KERNEL_STACK	equ 16
CPU_USER_SP		equ 24

USER_DATA	equ 0x2b
USER_CODE	equ 0x33
VECTOR_SYSCALL	equ 256
MSR_GS_BASE	equ 0xc0000101

REGS_RIP	equ 17 * 8
REGS_CS		equ 18 * 8
REGS_SIZE	equ 22 * 8

%macro pushes 1-*
%rep %0
	push %1
%rotate 1
%endrep
%endmacro

%macro pops 1-*
%rep %0
	pop %1
%rotate 1
%endrep
%endmacro

%macro push_registers 0
	pushes rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
%endmacro

; What user code may have left on: DF breaks C, AC switches SMAP off.
%macro clean_flags 0
	cld
	cmp byte [rel cpu_smap], 0
	je %%done
	clac
%%done:
%endmacro

section .rodata align=8
entry_vectors:			; 256 addresses, see below
section .text
bits 64

; One stub per vector, and its address into entry_vectors: make the frame uniform, and
; remember the vector. 8, 10-14, 17 and 21 push an error code (Intel SDM vol. 3, 6.13).
%assign i 0
%rep 256
[section .rodata]
%if i < 32 || i >= 0xf0
	dq stub_ %+ i
__SECT__
stub_ %+ i:
%if i != 8 && (i < 10 || i > 14) && i != 17 && i != 21
	push 0
%endif
	push i
%if i == 2 || i == 8 || i == 18
	jmp entry_fatal
%else
	jmp entry_trap
%endif
%else
	dq 0
__SECT__
%endif
%assign i i + 1
%endrep

entry_trap:
	push_registers
	clean_flags
	mov rdi, rsp
	test byte [rsp + REGS_CS], 3
	jz .kernel
	swapgs
	xor ebp, ebp			; backtraces end at the user's doorstep
	call trap_entry
	jmp leave_to_user
.kernel:
	push qword [rsp + REGS_RIP]	; a frame, so that backtraces pass through
	push rbp
	mov rbp, rsp
	call trap_entry
	add rsp, 16
	jmp leave_to_kernel

; From C: RDI = regs of user mode, interrupts off.
entry_leave:
	mov rsp, rdi
leave_to_user:
	swapgs
leave_to_kernel:
	pops r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
	add rsp, 16			; vector, error
	iretq

; NMI, double fault, machine check: on their own stack, GS unknown.
entry_fatal:
	push_registers
	clean_flags
	mov ecx, MSR_GS_BASE
	rdmsr
	mov r12d, eax
	mov r13d, edx
	mov eax, [rsp + REGS_SIZE]	; the word above the stack: this CPU's offset
	mov edx, [rsp + REGS_SIZE + 4]
	wrmsr
	mov rdi, rsp
	xor ebp, ebp
	call trap_fatal			; returns from some NMIs
	mov ecx, MSR_GS_BASE
	mov eax, r12d
	mov edx, r13d
	wrmsr
	jmp leave_to_kernel

; SYSCALL: RCX = user RIP, R11 = user RFLAGS, interrupts off (FMASK), stack still the
; user's, so nothing may be pushed before the switch.
entry_syscall:
	swapgs
	mov [gs:arch_cpu + CPU_USER_SP], rsp
	mov rsp, [gs:arch_cpu + CPU_KERNEL_STACK]
	push USER_DATA
	push qword [gs:arch_cpu + CPU_USER_SP]
	push r11
	push USER_CODE
	push rcx
	push rax			; error: the number
	push VECTOR_SYSCALL
	push_registers
	mov rdi, rsp
	xor ebp, ebp
	call syscall_entry
	jmp leave_to_user

; switch_stacks(unsigned long *save, unsigned long next)
switch_stacks:
	pushes rbp, rbx, r12, r13, r14, r15
	mov [rdi], rsp
	mov rsp, rsi
	pops r15, r14, r13, r12, rbx, rbp
	ret

thread_begin:
	mov rdi, r12
	xor ebp, ebp
	call rbx
	ud2				; fn must not return
