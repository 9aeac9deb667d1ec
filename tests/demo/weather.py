#!/usr/bin/python3
"""A service of the demo: forecasts for everybody, a history as a file descriptor, and one method that not everybody should call.

It asks Berth which app each caller is, as any service can.
"""
import os

from gi.repository import Gio, GLib

NAME = "org.example.Weather"
PATH = "/org/example/Weather"
INTERFACE = Gio.DBusNodeInfo.new_for_xml("""
<node>
  <interface name='org.example.Weather'>
    <method name='Forecast'><arg name='city' type='s'/><arg name='text' type='s' direction='out'/></method>
    <method name='History'><arg name='file' type='h' direction='out'/></method>
    <method name='Reset'><arg name='text' type='s' direction='out'/></method>
    <method name='LastCaller'><arg name='text' type='s' direction='out'/></method>
    <method name='Announce'><arg name='text' type='s'/></method>
    <signal name='Changed'><arg name='text' type='s'/></signal>
  </interface>
</node>""").interfaces[0]

last_caller = "nobody"


def caller(connection, sender):
    """Which app is behind a unique name, in Berth's words."""
    try:
        _, _, kind, app, _ = connection.call_sync(
            "io.berth.Helper1", "/io/berth/Helper1", "io.berth.Helper1", "GetConnectionInstance",
            GLib.Variant("(s)", (sender,)), None, Gio.DBusCallFlags.NONE, -1, None).unpack()
        return f"{app}, an app of {kind}"
    except GLib.Error as error:
        return Gio.DBusError.get_remote_error(error)


def called(connection, sender, path, interface, method, arguments, invocation):
    global last_caller
    if method == "Forecast":
        last_caller = caller(connection, sender)
        invocation.return_value(GLib.Variant("(s)", (f"sunny in {arguments[0]}",)))
    elif method == "History":
        reading, writing = os.pipe()
        os.write(writing, b"rain on Monday, sun since")
        os.close(writing)
        files = Gio.UnixFDList.new_from_array([reading])
        invocation.return_value_with_unix_fd_list(GLib.Variant("(h)", (0,)), files)
    elif method == "Reset":
        invocation.return_value(GLib.Variant("(s)", ("all measurements forgotten",)))
    elif method == "LastCaller":
        invocation.return_value(GLib.Variant("(s)", (last_caller,)))
    elif method == "Announce":
        connection.emit_signal(None, PATH, NAME, "Changed", arguments)
        invocation.return_value(None)


def main():
    connection = Gio.bus_get_sync(Gio.BusType.SESSION)
    connection.register_object(PATH, INTERFACE, called, None, None)
    Gio.bus_own_name_on_connection(connection, NAME, Gio.BusNameOwnerFlags.NONE, None, None)
    GLib.MainLoop().run()


main()
