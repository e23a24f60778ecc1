; boot/grub/long_mode.asm - from 32-bit protected mode to 64-bit code in the upper half.
;
; Every way into the kernel ends here: a loader's 32-bit entry (boot/grub/entry.asm), the
; boot CPU once more when it wants five levels (CR4.LA57 cannot change while paging in
; long mode is on, Intel SDM vol. 3, 4.1.1), and each further CPU after its start-up IPI.
; This part of the image runs at its physical address. The early tables below map the
; first 4 GiB three times: at 0 (the switch itself), at the direct map, and, the first
; GiB, at -2 GiB. CPU 0 leaves them for the final mapping in arch_kernel_map_init().

KERNEL_BASE	equ 0xffffffff80000000
DIRECT_MAP_BASE	equ 0xffff888000000000

CODE32	equ 0x08
CODE64	equ 0x10
DATA	equ 0x18

CR4_PAE		equ 1 << 5
CR4_LA57	equ 1 << 12
EFER		equ 0xc0000080
EFER_SET	equ 1 << 0 | 1 << 8 | 1 << 11	; SYSCALL, long mode, no-execute
CR0_SET		equ 1 << 31 | 1 << 16 | 1 << 5 | 1 << 4 | 1 << 1 | 1 ; PG WP NE ET MP PE
MSR_FS_BASE	equ 0xc0000100
MSR_GS_BASE	equ 0xc0000101
MSR_KERNEL_GS	equ 0xc0000102

extern boot_translate, kernel_main, cpu_secondary_entry, kernel_root
global boot_gdt, long_mode_start, ap_trampoline, ap_trampoline_end
global ap_stack_top, boot_stack_guard, boot_stack_top

section .boot.text progbits alloc exec nowrite align=16
bits 32

; The boot CPU, 32-bit, paging off: EDI = protocol, EBX = what the loader handed over.
long_mode_start:
	mov [boot_protocol - KERNEL_BASE], edi
	mov [boot_handover - KERNEL_BASE], ebx

; Turn on paging and long mode with early_cr3 and early_cr4; go on at early_continue.
enter_long_mode:
	mov eax, [early_cr4 - KERNEL_BASE]
	mov cr4, eax
	mov eax, [early_cr3 - KERNEL_BASE]
	mov cr3, eax
	mov ecx, EFER
	rdmsr
	or eax, EFER_SET
	wrmsr
	mov eax, CR0_SET
	mov cr0, eax
	lgdt [boot_gdt_pointer]
	jmp CODE64:.long

bits 64
.long:
	mov eax, DATA
	mov ds, eax
	mov es, eax
	mov ss, eax
	xor eax, eax
	mov fs, eax
	mov gs, eax
	mov rax, early_continue
	jmp [rax]

bits 32
; From 64-bit code on the early tables: paging off, then again with five levels.
leave_long_mode:
	mov eax, DATA
	mov ds, eax
	mov ss, eax
	mov eax, cr0
	btr eax, 31
	mov cr0, eax
	or dword [early_cr4 - KERNEL_BASE], CR4_LA57
	mov dword [early_cr3 - KERNEL_BASE], early_pml5
	jmp enter_long_mode

; A further CPU wakes here: real mode, at the copy of this code in low memory, CS = the
; copy's segment, so only offsets from ap_trampoline may be used.
bits 16
ap_trampoline:
	cli
	cld
	mov ax, cs
	mov ds, ax
	o32 lgdt [boot_gdt_pointer.copy - ap_trampoline]
	mov eax, cr0
	or al, 1
	mov cr0, eax
	jmp dword CODE32:ap_protected
boot_gdt_pointer.copy:
	dw boot_gdt.end - boot_gdt - 1
	dd boot_gdt
ap_trampoline_end:

bits 32
ap_protected:
	mov eax, DATA
	mov ds, eax
	mov ss, eax
	jmp enter_long_mode

section .boot.data progbits alloc noexec write align=8
boot_gdt:
	dq 0
	dq 0x00cf9b000000ffff	; CODE32
	dq 0x00af9b000000ffff	; CODE64
	dq 0x00cf93000000ffff	; DATA
.end:
boot_gdt_pointer:
	dw boot_gdt.end - boot_gdt - 1
	dd boot_gdt

; Table entries: 3 = present, writable; 0x83 = the same, 2 MiB leaf.
section .boot.tables progbits alloc noexec write align=4096
early_pml5:
	dq early_pml4 + 3
	times 510 dq 0
	dq early_pml4 + 3
early_pml4:
	dq early_pdpt + 3
	times 272 dq 0
	dq early_pdpt + 3		; 273: the direct map
	times 237 dq 0
	dq early_pdpt_kernel + 3	; 511
early_pdpt:
%assign i 0
%rep 4
	dq early_pd + i * 4096 + 3
%assign i i + 1
%endrep
	times 508 dq 0
early_pdpt_kernel:
	times 510 dq 0
	dq early_pd + 3			; -2 GiB
	dq 0
early_pd:
%assign i 0
%rep 2048
	dq i * 0x200000 + 0x83
%assign i i + 1
%endrep

section .data
early_cr3:	dd early_pml4
early_cr4:	dd CR4_PAE
early_continue:	dq boot_high
boot_protocol:	dd 0
boot_handover:	dd 0
align 8
ap_stack_top:	dq 0	; the starting CPU takes it by exchanging it for 0 (smp.c)

section .boot_stack nobits alloc noexec write align=4096
boot_stack_guard:
	resb 4096
	resb 16384
boot_stack_top:

section .text
bits 64

; CPU 0 in the upper half. Its per-CPU offset is 0, so GS base 0 is right at once.
boot_high:
	mov rsp, boot_stack_top
	call clear_bases
	mov edi, [rel boot_protocol]
	mov esi, [rel boot_handover]
	call boot_translate		; fills boot_info; true: five levels, please
	test al, al
	jz .go
	mov rax, .go
	mov [rel early_continue], rax
	push CODE32
	push leave_long_mode
	o64 retf
.go:
	mov rsp, boot_stack_top
	xor ebp, ebp			; the end of every backtrace
	mov rax, cpu_secondary_high
	mov [rel early_continue], rax
	push rbp			; as if called: keeps the ABI's alignment
	jmp kernel_main

; A further CPU in the upper half: the final mapping (stacks are only there), then take
; the stack, which tells CPU 0 that we run, and on to C.
cpu_secondary_high:
	mov rax, [rel kernel_root]
	mov rcx, DIRECT_MAP_BASE
	sub rax, rcx
	mov cr3, rax
	xor eax, eax
	xchg [rel ap_stack_top], rax
	mov rsp, rax
	call clear_bases
	xor ebp, ebp
	push rbp
	jmp cpu_secondary_entry

clear_bases:
	xor eax, eax
	xor edx, edx
	mov ecx, MSR_FS_BASE
	wrmsr
	mov ecx, MSR_GS_BASE
	wrmsr
	mov ecx, MSR_KERNEL_GS
	wrmsr
	xor ebp, ebp
	ret
