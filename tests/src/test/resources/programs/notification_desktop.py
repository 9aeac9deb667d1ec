"""A desktop's side of the notification portal: prints from which app the portal says each notification is."""
import sys
from gi.repository import Gio, GLib

XML = """<node><interface name='org.freedesktop.impl.portal.Notification'>
<method name='AddNotification'><arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='a{sv}' direction='in'/></method>
<method name='RemoveNotification'><arg type='s' direction='in'/><arg type='s' direction='in'/></method>
<signal name='ActionInvoked'><arg type='s'/><arg type='s'/><arg type='s'/><arg type='av'/></signal>
</interface></node>"""


def called(connection, sender, path, interface, method, arguments, invocation):
    app, notification = arguments.unpack()[:2]
    print(f"{method} {notification} from '{app}'", flush=True)
    invocation.return_value(None)


bus = Gio.bus_get_sync(Gio.BusType.SESSION)
bus.register_object("/org/freedesktop/portal/desktop", Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], called)
Gio.bus_own_name_on_connection(bus, "org.freedesktop.impl.portal.desktop.test", 0,
                               lambda *_: print("ready", flush=True), lambda *_: sys.exit("the name is taken"))
GLib.MainLoop().run()
