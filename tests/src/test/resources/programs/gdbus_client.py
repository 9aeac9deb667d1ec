#!/usr/bin/python3
"""A client written with GLib's GDBus (python3-gi): proxy with cached properties, signals, fds, name watching."""
import os
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

THINGS = "org.test.Things"
name = sys.argv[1]
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
proxy = Gio.DBusProxy.new_sync(bus, Gio.DBusProxyFlags.NONE, None, name, "/org/test/things", THINGS)
print("owner", proxy.get_name_owner().startswith(":"))
print("level", proxy.get_cached_property("Level").get_int32())
print("echo", proxy.Echo("(v)", GLib.Variant("(sad)", ("x", [0.5, 2.5])))[1][1])
print("big", len(proxy.Big("(u)", 500000)))

read, write = os.pipe()
os.write(write, b"through a pipe")
os.close(write)
fds = Gio.UnixFDList.new()
fds.append(read)
os.close(read)
answer, _ = bus.call_with_unix_fd_list_sync(name, "/org/test/things", THINGS, "ReadFrom", GLib.Variant("(h)", (0,)),
                                            None, Gio.DBusCallFlags.NONE, 5000, fds)
print("read from", answer[0])
answer, provided = bus.call_with_unix_fd_list_sync(name, "/org/test/things", THINGS, "Provide",
                                                   GLib.Variant("(s)", ("handed out",)), None, Gio.DBusCallFlags.NONE, 5000, None)
with os.fdopen(provided.get(answer[0])) as text:
    print("provided", text.read())

loop = GLib.MainLoop()
GLib.timeout_add_seconds(10, lambda: sys.exit("nothing heard"))
vanished = []
Gio.bus_watch_name_on_connection(bus, "org.test.Hidden", Gio.BusNameWatcherFlags.NONE,
                                 lambda *given: print("hidden appeared"), lambda *given: vanished.append(True))


def changed(_proxy, values, invalidated):
    print("changed", proxy.get_cached_property("Level").get_int32())
    loop.quit()


def signalled(_proxy, sender, member, values):
    print("announced", values[0])
    bus.call_sync(name, "/org/test/things", "org.freedesktop.DBus.Properties", "Set",
                  GLib.Variant("(ssv)", (THINGS, "Level", GLib.Variant("i", 9))), None, Gio.DBusCallFlags.NONE, 5000, None)


proxy.connect("g-signal", signalled)
proxy.connect("g-properties-changed", changed)
proxy.Announce("(s)", "hello")
loop.run()
print("hidden vanished", bool(vanished))
