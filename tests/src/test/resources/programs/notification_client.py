"""An app that shows a notification and waits until it is closed, with a GDBus proxy as libnotify does it."""
import sys
from gi.repository import Gio, GLib

NAME = "org.freedesktop.Notifications"
proxy = Gio.DBusProxy.new_for_bus_sync(Gio.BusType.SESSION, Gio.DBusProxyFlags.NONE, None, NAME, "/org/freedesktop/Notifications", NAME)
loop = GLib.MainLoop()
GLib.timeout_add_seconds(10, lambda: sys.exit("nothing heard"))


def heard(_proxy, _sender, member, values):
    print(member, values.unpack(), flush=True)
    loop.quit()


proxy.connect("g-signal", heard)
print(proxy.GetCapabilities())
shown = proxy.Notify("(susssasa{sv}i)", "test", 0, "", "Title", "Text", [], {}, -1)
proxy.CloseNotification("(u)", shown)
loop.run()
