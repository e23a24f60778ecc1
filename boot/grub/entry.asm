; boot/grub/entry.asm - the two 32-bit doors of kernel.elf: multiboot2 and PVH.
;
; GRUB finds the multiboot2 header (specification 2.0, chapter 3) in the first 32 KiB of
; the file; QEMU's -kernel and our EFI loader find the PVH entry in an ELF note (Xen,
; "x86/HVM direct boot ABI"). Both enter in 32-bit protected mode, paging off, EBX = the
; physical address of what they have to tell; boot/grub/handover.c translates it. Only
; what must be known before 64-bit code can run is checked here, and said on both serial
; ports, since whoever started us on such a CPU would otherwise see nothing at all.

MULTIBOOT2_HEADER	equ 0xe85250d6
MULTIBOOT2_LOADER	equ 0x36d76289	; in EAX at entry
PVH_MAGIC		equ 0x336ec578	; first word of hvm_start_info
PVH_MODULES		equ 12		; in hvm_start_info: how many modules
PVH_MODLIST		equ 16		; and where their list is
CPUID_NX_LM		equ 1 << 20 | 1 << 29	; leaf 0x80000001, EDX

COM1	equ 0x3f8
COM2	equ 0x2f8
EXIT	equ 0xf4	; QEMU's isa-debug-exit

KERNEL_BASE	equ 0xffffffff80000000

extern long_mode_start, boot_stack_top, __kernel_end, __boot_start
global pvh_entry, multiboot2_entry

section .multiboot2 progbits alloc noexec nowrite align=8
header:
	dd MULTIBOOT2_HEADER
	dd 0				; i386, 32-bit protected mode
	dd header_end - header
	dd 0x100000000 - MULTIBOOT2_HEADER - (header_end - header)
	dw 3, 0				; tag: entry address
	dd 12, multiboot2_entry
	dd 0				; tags are 8-aligned
	dw 6, 0				; tag: modules on page boundaries
	dd 8
	dw 0, 0				; end of tags
	dd 8
header_end:

section .note.Xen note alloc noexec nowrite align=4
	dd 4, 8, 18			; name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY
	db "Xen", 0
	dq pvh_entry

section .boot.text progbits alloc exec nowrite align=16
bits 32
multiboot2_entry:
	mov edi, MULTIBOOT2_LOADER
	cmp eax, edi
	jne .stranger
	jmp start
.stranger:
	mov esi, message_loader
	jmp fail

pvh_entry:
	mov edi, PVH_MAGIC
	mov esi, message_loader
	cmp [ebx], edi
	jne fail
	cmp dword [ebx + PVH_MODULES], 0
	je start
	; With very little memory QEMU loads the ramdisk over the kernel.
	mov ecx, [ebx + PVH_MODLIST]
	mov edx, [ecx]			; the first module's address
	mov esi, message_overlap
	cmp edx, __kernel_end - KERNEL_BASE
	jae start
	add edx, [ecx + 8]		; and size
	cmp edx, __boot_start
	ja fail

; EDI = protocol, EBX = handover; no stack needed.
start:
	cld
	mov ebp, ebx			; CPUID writes EBX
	mov eax, 0x80000000
	cpuid
	mov esi, message_cpu
	cmp eax, 0x80000001
	jb fail
	mov eax, 0x80000001
	cpuid
	and edx, CPUID_NX_LM
	cmp edx, CPUID_NX_LM
	jne fail
	mov ebx, ebp
	jmp long_mode_start

; ESI = message. Print on both ports, end QEMU failing, or stop.
fail:
	cld
	mov esp, boot_stack_top - KERNEL_BASE
.next:
	lodsb
	test al, al
	jz .end
	mov dx, COM1
	call .put
	mov dx, COM2
	call .put
	jmp .next
.end:
	mov eax, 0x11
	out EXIT, eax
	cli
	hlt
	jmp .end

; Wait (not for ever) until the port DX takes a byte, and send AL.
.put:
	mov ah, al
	mov ecx, 100000
	add dx, 5			; line status
.busy:
	in al, dx
	test al, 0x20			; transmit holding register empty
	loopz .busy
	sub dx, 5
	mov al, ah
	out dx, al
	ret

section .boot.data progbits alloc noexec write align=8
message_loader:
	db "Origami: the loader speaks neither multiboot2 nor PVH. "
	db "Boot kernel.elf with GRUB's multiboot2 command or QEMU's -kernel.", 13, 10, 0
message_overlap:
	db "Origami: the ramdisk lies over the kernel: there is too little memory. "
	db "Give the machine at least 16 MiB.", 13, 10, 0
message_cpu:
	db "Origami: this CPU has no 64-bit mode or no no-execute pages. "
	db "Choose another model, e.g. -cpu qemu64.", 13, 10, 0
