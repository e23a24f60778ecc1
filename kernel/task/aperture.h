/*
 * kernel/task/aperture.h - /dev/aperture, a device with memory of its own that programs
 * map, shared, and that it may take back.
 *
 * What a program maps is the device's memory as it was when it opened the file.
 * ioctl(APERTURE_REVOKE) takes that away from everybody: afterwards no CPU reaches it,
 * touching it is a bus error, and its frames serve something else. Who opens the file
 * from then on gets other memory, zeroed. Also included by user programs: nothing but
 * numbers.
 */
#pragma once

#define APERTURE_SIZE   (16 * 4096UL)
#define APERTURE_REVOKE 0x4100 /* _IO('A', 0) */
