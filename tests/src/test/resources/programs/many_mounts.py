"""many_mounts.py DIRECTORY COUNT COMMAND...: becomes COMMAND in a mount namespace with so many more mounts, whose lines in
/proc/PID/mountinfo are some 4 KiB long each. For root."""
import ctypes
import os
import sys

NEW_NAMESPACE = 0x00020000
RECURSIVE_PRIVATE = 0x4000 | 0x40000
BIND = 0x1000

libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


checked(libc.unshare(NEW_NAMESPACE))
checked(libc.mount(None, b"/", None, RECURSIVE_PRIVATE, None))
checked(libc.mount(b"tmpfs", sys.argv[1].encode(), b"tmpfs", 0, None))
os.chdir(sys.argv[1])
for _ in range(9):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
for _ in range(int(sys.argv[2])):
    checked(libc.mount(b".", b".", None, BIND, None))
os.execvp(sys.argv[3], sys.argv[3:])
