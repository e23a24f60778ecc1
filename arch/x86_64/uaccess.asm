; arch/x86_64/uaccess.asm - the instructions that touch user memory.
;
; Each may fault. Its address stands in section ex_table with the place to go on at if the
; page fault cannot be resolved (trap.c). Callers have checked that the whole range lies in
; the user half, and opened SMAP's gate.

EFAULT	equ -14

global user_copy, user_clear, user_load_u32, user_cas_u32

%macro fixup 2			; faulting instruction, where to go on
[section ex_table]
	dq %1, %2
__SECT__
%endmacro

section ex_table progbits alloc noexec nowrite align=8
section .text
bits 64

; size_t user_copy(void *to, const void *from, size_t size): bytes NOT copied. One side is
; user memory. Words first; where a word fails, bytes go on to the exact end.
user_copy:
	mov rcx, rdx
	shr rcx, 3
	and edx, 7
.words:	rep movsq
	mov ecx, edx
.bytes:	rep movsb
.done:	mov rax, rcx
	ret
.retry:	lea rcx, [rdx + rcx * 8]
	jmp .bytes
	fixup .words, .retry
	fixup .bytes, .done

; size_t user_clear(void *to, size_t size): bytes NOT cleared.
user_clear:
	xor eax, eax
	mov rcx, rsi
	shr rcx, 3
	and esi, 7
.words:	rep stosq
	mov ecx, esi
.bytes:	rep stosb
.done:	mov rax, rcx
	ret
.retry:	lea rcx, [rsi + rcx * 8]
	jmp .bytes
	fixup .words, .retry
	fixup .bytes, .done

; int user_load_u32(const u32 *from, u32 *value): 0 or -EFAULT.
user_load_u32:
.load:	mov ecx, [rdi]
	mov [rsi], ecx
	xor eax, eax
	ret
.fault:	mov eax, EFAULT
	ret
	fixup .load, .fault

; int user_cas_u32(u32 *at, u32 expected, u32 value, u32 *old): 0 or -EFAULT.
user_cas_u32:
	mov eax, esi
.swap:	lock cmpxchg [rdi], edx
	mov [rcx], eax
	xor eax, eax
	ret
.fault:	mov eax, EFAULT
	ret
	fixup .swap, .fault
