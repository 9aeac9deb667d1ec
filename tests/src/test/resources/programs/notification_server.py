"""A desktop's notification service: takes notifications and says of each that it was closed, when asked to close it."""
import sys
from gi.repository import Gio, GLib

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
XML = """<node><interface name='org.freedesktop.Notifications'>
<method name='GetCapabilities'><arg type='as' direction='out'/></method>
<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>
<arg type='s' direction='in'/><arg type='as' direction='in'/><arg type='a{sv}' direction='in'/><arg type='i' direction='in'/>
<arg type='u' direction='out'/></method>
<method name='CloseNotification'><arg type='u' direction='in'/></method>
<signal name='NotificationClosed'><arg type='u'/><arg type='u'/></signal>
</interface></node>"""


def called(connection, sender, path, interface, method, arguments, invocation):
    if method == "GetCapabilities":
        invocation.return_value(GLib.Variant("(as)", (["body"],)))
    elif method == "Notify":
        invocation.return_value(GLib.Variant("(u)", (7,)))
    else:
        invocation.return_value(None)
        connection.emit_signal(None, PATH, NAME, "NotificationClosed", GLib.Variant("(uu)", (arguments.unpack()[0], 3)))


bus = Gio.bus_get_sync(Gio.BusType.SESSION)
bus.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], called)
Gio.bus_own_name_on_connection(bus, NAME, 0, lambda *_: print("ready", flush=True), lambda *_: sys.exit("the name is taken"))
GLib.MainLoop().run()
