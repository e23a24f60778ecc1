; boot/efi/trampoline.asm - from the firmware's long mode to the kernel's 32-bit entry.
;
; Runs as a copy below 4 GiB (the firmware's page tables map memory one to one), since the
; instruction that switches paging off must lie where it also lies without paging. The
; number of levels cannot be changed while paging is on: the kernel, entered without it,
; chooses freely. AMD APM vol. 2, 14.7 "Leaving Long Mode"; Intel SDM vol. 3, 9.8.5.4.

global trampoline, trampoline_end

CODE32	equ 8
DATA32	equ 16
EFER	equ 0xc0000080
CR0_PE	equ 1

section .text
bits 64
default rel

; trampoline(edi = entry, esi = start info); does not return.
trampoline:
	cli
	mov ebp, edi
	mov ebx, esi			; where PVH wants it
	lea rax, [gdt]
	mov [gdt_pointer + 2], rax
	lgdt [gdt_pointer]
	lea rax, [compatibility]
	push CODE32
	push rax
	retfq

bits 32
compatibility:				; 32-bit segment, paging still on
	mov eax, DATA32
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	mov ss, eax
	mov eax, CR0_PE
	mov cr0, eax			; paging off: this is the end of long mode
	xor eax, eax
	xor edx, edx
	mov ecx, EFER
	wrmsr				; long mode no longer enabled
	mov cr4, eax
	jmp ebp

align 8
gdt:
	dq 0
	dq 0x00cf9b000000ffff		; code, 32-bit, flat
	dq 0x00cf93000000ffff		; data, flat
gdt_pointer:
	dw gdt_pointer - gdt - 1
	dq 0
trampoline_end:
