#!/usr/bin/python3
"""A service written with python3-dbus: calls, a signal, properties, file descriptors. Ends when its bus does."""
import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

THINGS = "org.test.Things"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Things(dbus.service.Object):
    level = 7

    @dbus.service.method(THINGS, in_signature="v", out_signature="v")
    def Echo(self, value):
        return value

    @dbus.service.method(THINGS, in_signature="u", out_signature="ay")
    def Big(self, size):
        return dbus.ByteArray(b"x" * int(size))

    @dbus.service.method(THINGS, in_signature="ay", out_signature="u")
    def Length(self, data):
        return len(data)

    @dbus.service.method(THINGS, in_signature="h", out_signature="s")
    def ReadFrom(self, fd):
        with os.fdopen(fd.take(), "r") as text:
            return text.read()

    @dbus.service.method(THINGS, in_signature="s", out_signature="h")
    def Provide(self, text):
        read, write = os.pipe()
        os.write(write, text.encode())
        os.close(write)
        fd = dbus.types.UnixFd(read)
        os.close(read)
        return fd

    @dbus.service.method(THINGS, in_signature="s")
    def Announce(self, text):
        self.Announced(text)

    @dbus.service.signal(THINGS, signature="s")
    def Announced(self, text):
        pass

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return self.GetAll(interface)[name]

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"Level": dbus.Int32(self.level)}

    @dbus.service.method(PROPERTIES, in_signature="ssv")
    def Set(self, interface, name, value):
        self.level = int(value)
        self.PropertiesChanged(interface, {name: dbus.Int32(self.level)}, [])

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
name = dbus.service.BusName(sys.argv[1], bus, do_not_queue=True)
things = Things(bus, "/org/test/things")
GLib.MainLoop().run()
