/*
 * boot/efi/volume.c - files and memory, by the firmware's boot services (UEFI 2.10,
 * sections 7.2 and 13.5).
 */
#include "boot/efi/loader.h"

#include <stdarg.h>

#define SECONDS_TO_READ 5

void fail(const CHAR16 *format, ...)
{
	va_list args;

	Print(L"Origami EFI loader: ");
	va_start(args, format);
	VPrint(format, args);
	va_end(args);
	Print(L"\r\nThe machine powers off in %d seconds.\r\n", SECONDS_TO_READ);
	BS->Stall(SECONDS_TO_READ * 1000000);
	RT->ResetSystem(EfiResetShutdown, EFI_LOAD_ERROR, 0, NULL);
	for (;;)
		;
}

void *allocate(UINTN size, EFI_MEMORY_TYPE type)
{
	EFI_PHYSICAL_ADDRESS address = BELOW_4G;
	EFI_STATUS status = BS->AllocatePages(
		AllocateMaxAddress, type, EFI_SIZE_TO_PAGES(size), &address);

	if (EFI_ERROR(status))
		fail(L"no memory for %ld KiB below 4 GiB: %r", size / 1024, status);
	ZeroMem((void *)address, size);
	return (void *)address;
}

static EFI_FILE *open_volume(void)
{
	EFI_LOADED_IMAGE *image;
	EFI_FILE *root = NULL;
	EFI_STATUS status =
		BS->HandleProtocol(loader_image, &LoadedImageProtocol, (void **)&image);

	if (!EFI_ERROR(status))
		root = LibOpenRoot(image->DeviceHandle);
	if (!root)
		fail(L"cannot open the volume that I was started from");
	return root;
}

struct file read_file(const CHAR16 *name)
{
	struct file file = {.name = name};
	EFI_FILE *handle, *root = open_volume();
	EFI_FILE_INFO *info;
	EFI_STATUS status;
	UINTN got;

	status = root->Open(root, &handle, (CHAR16 *)name, EFI_FILE_MODE_READ, 0);
	if (status == EFI_NOT_FOUND)
		return file;
	if (EFI_ERROR(status))
		fail(L"%s: %r", name, status);
	info = LibFileInfo(handle);
	if (!info)
		fail(L"%s: cannot read its size", name);
	got = file.size = info->FileSize;
	file.data = allocate(file.size + 1, EfiLoaderData);
	status = handle->Read(handle, &got, file.data);
	if (EFI_ERROR(status) || got != file.size)
		fail(L"%s: read %ld of %ld bytes: %r", name, got, file.size, status);
	handle->Close(handle);
	return file;
}
