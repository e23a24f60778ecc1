"""ramdisk.py - cpio "newc" archives, the format of the ramdisk.

An archive is a row of members, each a 110-byte header of hexadecimal fields, a name and
the contents, both padded to 4 bytes; the member TRAILER!!! ends it. The kernel reads
several archives one after the other, so `make exec` appends a small one to the stock one.

The result depends on the contents only: times are zero, members stand in the given order.
Names that share contents (hard links) have one inode number; as in other tools' archives
the contents come with the last of them.

As a program:  ramdisk.py OUTPUT PATH=FILE[,PATH...] ...
    PATH=FILE        the file under that path; with more paths: hard links to it
    PATH/            an empty directory
"""
import os
import sys

FILE, DIRECTORY = 0o100000, 0o040000


class Ramdisk:
    def __init__(self):
        self.members = []
        self.inode = 0
        self.directories = set()

    def add_directory(self, path):
        path = path.strip("/")
        if path and path not in self.directories:
            self.add_directory(os.path.dirname(path))
            self.directories.add(path)
            self.inode += 1
            self.members.append(self.member(path, DIRECTORY | 0o755, 2, b""))

    def add_file(self, paths, contents, mode=0o755):
        """One file under all of `paths`."""
        for path in paths:
            self.add_directory(os.path.dirname(path))
        self.inode += 1
        for path in paths:
            data = contents if path is paths[-1] else b""
            self.members.append(self.member(path.strip("/"), FILE | mode, len(paths), data))

    def member(self, name, mode, links, data):
        fields = [self.inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        return pad(header + name.encode() + b"\0") + pad(data)

    def bytes(self):
        self.inode = 0
        return b"".join(self.members) + self.member("TRAILER!!!", 0, 1, b"")


def pad(data):
    return data + bytes(-len(data) % 4)


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    ramdisk = Ramdisk()
    for argument in arguments[1:]:
        paths, equals, file = argument.partition("=")
        if equals:
            with open(file, "rb") as stream:
                ramdisk.add_file(paths.split(","), stream.read())
        else:
            ramdisk.add_directory(paths)
    with open(arguments[0], "wb") as stream:
        stream.write(ramdisk.bytes())


if __name__ == "__main__":
    main(sys.argv[1:])
