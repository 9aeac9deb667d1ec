#!/usr/bin/python3
"""A client written with python3-dbus. Prints what it found, a line each; any exception ends it with status 1."""
import os
import sys

import dbus
import dbus.mainloop.glib
from gi.repository import GLib

THINGS = "org.test.Things"
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
proxy = bus.get_object(sys.argv[1], "/org/test/things")
things = dbus.Interface(proxy, THINGS)
properties = dbus.Interface(proxy, "org.freedesktop.DBus.Properties")

print("echo", things.Echo(dbus.Dictionary({"k": dbus.Array([1, 2, 3], signature="i")}, signature="sv"))["k"][2])
print("level", properties.Get(THINGS, "Level"))
print("big", len(things.Big(dbus.UInt32(3000000), byte_arrays=True)))
print("length", things.Length(dbus.ByteArray(b"y" * 2000000)))
print("introspect", "ReadFrom" in proxy.Introspect(dbus_interface="org.freedesktop.DBus.Introspectable"))

read, write = os.pipe()
os.write(write, b"through a pipe")
os.close(write)
print("read from", things.ReadFrom(dbus.types.UnixFd(read)))
with os.fdopen(things.Provide("handed out").take()) as provided:
    print("provided", provided.read())

loop = GLib.MainLoop()
GLib.timeout_add_seconds(10, lambda: sys.exit("nothing heard"))


def changed(interface, values, invalidated):
    print("changed", values["Level"])
    loop.quit()


def announced(text):
    print("announced", text)
    properties.Set(THINGS, "Level", dbus.Int32(8))


proxy.connect_to_signal("Announced", announced, dbus_interface=THINGS)
proxy.connect_to_signal("PropertiesChanged", changed, dbus_interface="org.freedesktop.DBus.Properties")
things.Announce("hello")
loop.run()

try:
    bus.get_object("org.test.Hidden", "/").Do(dbus_interface="org.test.I")
except dbus.DBusException as error:
    print("hidden", error.get_dbus_name())
print("hidden listed", "org.test.Hidden" in bus.list_names())
