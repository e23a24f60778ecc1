"""media.py - what a machine boots from: ramdisks, GRUB images, EFI partitions, IPL images.

Each boot path ends in QEMU arguments (boot_arguments). Paths whose loader cannot be given
a command line by QEMU (grub, efi, ipl) get an image made for this one start, with kernel,
ramdisk and command line inside. `iso` boots the image that `make iso` made.

As a program:  media.py iso OUTPUT FLAVOUR CMDLINE
"""
import os
import shutil
import subprocess
import sys

from ramdisk import Ramdisk

EFI_LOADER = "build/efi/BOOTX64.EFI"
OVMF = "/usr/share/ovmf/OVMF.fd"
GRUB_MODULES = "multiboot2 normal iso9660 biosdisk part_msdos boot"


def run(*arguments):
    result = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        sys.exit("%s failed:\n%s" % (" ".join(arguments), result.stdout.decode()))


def write(path, contents):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(contents)


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def extended_ramdisk(config, work, command, files):
    """The stock ramdisk, with /etc/cmd and the added files in an archive behind it."""
    if command is None and not files:
        return config.ramdisk
    extra = Ramdisk()
    if command is not None:
        extra.add_file(["/etc/cmd"], command.encode(), mode=0o644)
    for file in files:
        extra.add_file(["/bin/" + os.path.basename(file)], read(file))
    path = work + "/ramdisk.cpio"
    stock = read(config.ramdisk) if os.path.exists(config.ramdisk) else b""
    write(path, stock + extra.bytes())
    return path


def grub_config(cmdline, ramdisk):
    # Quoted word by word: GRUB would expand $, and hand on the quotes of words with blanks.
    quoted = " ".join("'%s'" % word.replace("'", "'\\''") for word in cmdline.split())
    return ("set timeout=0\nset default=0\n"
            "menuentry Origami {\n"
            "\tmultiboot2 /boot/kernel.elf %s\n%s}\n"
            % (quoted, "\tmodule2 /boot/ramdisk.cpio\n" if ramdisk else "")).encode()


def make_grub_tree(folder, kernel, ramdisk, cmdline):
    have_ramdisk = os.path.exists(ramdisk)
    write(folder + "/boot/grub/grub.cfg", grub_config(cmdline, have_ramdisk))
    write(folder + "/boot/kernel.elf", read(kernel))
    if have_ramdisk:
        write(folder + "/boot/ramdisk.cpio", read(ramdisk))


def make_iso(output, folder, *more):
    """A CD image, which is also a disk image, that GRUB boots by the PC's BIOS."""
    run("grub-mkrescue", "-d", "/usr/lib/grub/i386-pc",
        "--install-modules=" + GRUB_MODULES, "--fonts=", "--locales=", "--themes=",
        "-o", output, folder, *more)


def make_esp(output, loader, kernel, ramdisk, cmdline):
    """A FAT file system as an EFI firmware looks for it; missing inputs are left out."""
    work = output + ".cmdline.txt"
    write(work, cmdline.encode())
    files = [(loader, "::/EFI/BOOT/BOOTX64.EFI"), (kernel, "::/kernel.elf"),
             (ramdisk, "::/ramdisk"), (work, "::/cmdline.txt")]
    files = [(source, name) for source, name in files if os.path.exists(source)]
    size = sum(os.path.getsize(source) for source, _ in files) + (1 << 20)
    with open(output, "wb") as stream:
        stream.truncate((size + 0xfffff) & ~0xfffff)
    run("mformat", "-i", output, "-v", "ORIGAMI", "-N", "0", "::")
    run("mmd", "-i", output, "::/EFI", "::/EFI/BOOT")
    for source, name in files:
        run("mcopy", "-i", output, source, name)
    os.unlink(work)


def make_ipl(output, kernel, ramdisk, cmdline):
    os.makedirs(os.path.dirname(output), exist_ok=True)
    run(sys.executable, "boot/s390x/mkimage.py", kernel,
        ramdisk if os.path.exists(ramdisk) else "", cmdline, output)


def boot_direct(config, work, ramdisk):
    arguments = ["-kernel", config.kernel, "-append", config.APPEND]
    return arguments + (["-initrd", ramdisk] if os.path.exists(ramdisk) else [])


def boot_grub(config, work, ramdisk):
    make_grub_tree(work + "/tree", config.kernel, ramdisk, config.APPEND)
    make_iso(work + "/grub.iso", work + "/tree")
    return ["-cdrom", work + "/grub.iso"]


def boot_efi(config, work, ramdisk):
    make_esp(work + "/esp.img", EFI_LOADER, config.kernel, ramdisk,
             config.APPEND)
    return ["-bios", OVMF, "-drive", "format=raw,if=virtio,file=" + work + "/esp.img"]


def boot_ipl(config, work, ramdisk):
    make_ipl(work + "/ipl.img", config.kernel, ramdisk, config.APPEND)
    make_iso_s390x(work)
    return ["-cdrom", work + "/ipl.iso"]


def make_iso_s390x(work):
    os.makedirs(work + "/tree", exist_ok=True)
    os.rename(work + "/ipl.img", work + "/tree/ipl.img")
    run("xorriso", "-as", "mkisofs", "-quiet", "-no-emul-boot", "-b", "ipl.img",
        "-c", "boot.cat", "-o", work + "/ipl.iso", work + "/tree")


def boot_iso(config, work, ramdisk):
    """The image of `make iso`, with this start's ramdisk and command line inside."""
    iso = work + "/origami.iso"
    make_hybrid_iso(iso, config.BUILD, config.APPEND, {config.ARCH: ramdisk})
    firmware = ["-bios", OVMF] if "efi" in config.BOOT else []
    if not config.BOOT.endswith("disk"):
        return firmware + ["-cdrom", iso]
    bus = "virtio" if firmware else "ide"
    return firmware + ["-drive", "format=raw,if=%s,file=%s" % (bus, iso)]


def boot_arguments(config, work, ramdisk):
    kinds = {"direct": boot_direct, "grub": boot_grub, "efi": boot_efi, "ipl": boot_ipl}
    return kinds.get(config.BOOT, boot_iso)(config, work, ramdisk)


def make_hybrid_iso(output, flavour, cmdline, ramdisks={}):
    """One image for three firmwares: a PC's BIOS (GRUB), EFI (our loader, in a FAT image
    named by a second El Torito entry) and s390x (a third entry)."""
    tree = output + ".tree"
    x86, s390x = "build/x86_64-" + flavour, "build/s390x-" + flavour
    kernel, ramdisk = x86 + "/kernel.elf", ramdisks.get("x86_64", x86 + "/ramdisk.cpio")
    make_grub_tree(tree, kernel, ramdisk, cmdline)
    make_esp(tree + "/boot/efi.img", EFI_LOADER, kernel, ramdisk, cmdline)
    make_ipl(tree + "/boot/s390.img", s390x + "/kernel.elf",
             ramdisks.get("s390x", s390x + "/ramdisk.cpio"), cmdline)
    make_iso(output, tree, "--", *(
        "-boot_image any next -boot_image any efi_path=/boot/efi.img "
        "-boot_image any platform_id=0xef -boot_image any emul_type=no_emulation "
        "-boot_image any next -boot_image any bin_path=/boot/s390.img "
        "-boot_image any emul_type=no_emulation").split())
    shutil.rmtree(tree)


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] != "iso":
        sys.exit(__doc__)
    make_hybrid_iso(*sys.argv[2:])
