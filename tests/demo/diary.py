#!/usr/bin/python3
"""A service of the demo that no app needs to know of."""
from gi.repository import Gio, GLib

NAME = "org.example.Diary"
INTERFACE = Gio.DBusNodeInfo.new_for_xml("""
<node><interface name='org.example.Diary'><method name='Read'><arg name='text' type='s' direction='out'/></method></interface></node>
""").interfaces[0]

connection = Gio.bus_get_sync(Gio.BusType.SESSION)
connection.register_object(
    "/org/example/Diary", INTERFACE,
    lambda *call: call[-1].return_value(GLib.Variant("(s)", ("Dear diary",))), None, None)
Gio.bus_own_name_on_connection(connection, NAME, Gio.BusNameOwnerFlags.NONE, None, None)
GLib.MainLoop().run()
