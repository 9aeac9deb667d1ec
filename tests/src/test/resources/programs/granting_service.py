#!/usr/bin/python3
"""A service that opens itself to one container server: granting_service.py NAME SERVER. Its method Close closes it again."""
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME, SERVER = sys.argv[1:]
CALL, PATH_IS_SUBTREE = 0x2, 0x200


class Granting(dbus.service.Object):
    @dbus.service.method("org.test.Granting", in_signature="s", out_signature="s")
    def Greet(self, whom):
        return "hello " + whom

    @dbus.service.method("org.test.Granting")
    def Close(self):
        helper.RevokeAccess(SERVER, RULES)


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
name = dbus.service.BusName(NAME, bus)
Granting(bus, "/granting")
helper = dbus.Interface(bus.get_object("io.berth.Helper1", "/io/berth/Helper1"), "io.berth.Helper1")
RULES = dbus.Array([dbus.Struct((dbus.UInt32(CALL | PATH_IS_SUBTREE), NAME, dbus.ObjectPath("/granting"), "org.test.Granting"),
                                signature="usos")], signature="(usos)")
helper.GrantAccess(SERVER, RULES)
print("granted", flush=True)
GLib.MainLoop().run()
