"""dbus_broker.py CONFIGURATION SOCKET: a dbus-broker that listens at SOCKET, in place of the systemd units that run it.

dbus-broker-launch wants its socket as systemd hands it over and the socket of the journal, which is here one of a mount
namespace of its own (for ordinary users also a user namespace); what it logs there goes to stderr. This process becomes the
launcher, with which everything ends. Prints a line as soon as clients can connect.
"""
import ctypes
import os
import select
import socket
import sys

NEW_NAMESPACE = 0x00020000
NEW_USER = 0x10000000
RECURSIVE_PRIVATE = 0x4000 | 0x40000
FIRST_PASSED = 3

libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def hide_run():
    """A /run of our own, which hides the real journal's socket as well."""
    user, group = os.getuid(), os.getgid()
    checked(libc.unshare(NEW_NAMESPACE if user == 0 else NEW_NAMESPACE | NEW_USER))
    if user != 0:
        write("/proc/self/setgroups", "deny")
        write("/proc/self/uid_map", f"{user} {user} 1")
        write("/proc/self/gid_map", f"{group} {group} 1")
    checked(libc.mount(None, b"/", None, RECURSIVE_PRIVATE, None))
    checked(libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, None))
    os.makedirs("/run/systemd/journal")


def pass_on(journal, launcher):
    """The MESSAGE of each entry, until the launcher has ended."""
    poll = select.poll()
    poll.register(journal, select.POLLIN)
    poll.register(launcher, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poll.poll()]
        if journal.fileno() in ready:
            for line in journal.recv(1 << 20).split(b"\n"):
                if line.startswith(b"MESSAGE="):
                    os.write(2, line[8:] + b"\n")
        elif launcher in ready:
            return


configuration, path = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(socket.SOMAXCONN)
hide_run()
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
launcher = os.pidfd_open(os.getpid())
if os.fork() == 0:
    listener.close()
    pass_on(journal, launcher)
    os._exit(0)
os.dup2(listener.fileno(), FIRST_PASSED)
os.set_inheritable(FIRST_PASSED, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), DBUS_SESSION_BUS_ADDRESS="unix:path=" + path)
print("listening", flush=True)
os.execvp("dbus-broker-launch", ["dbus-broker-launch", "--scope=user", "--config-file=" + configuration])
