#!/usr/bin/python3
"""The app of the demo: does on its session bus what its standard input says, and answers each line with one.

It knows nothing of Berth. Lines: forecast CITY, history, reset, diary, names, listen, me, quit STATUS.
"""
import os
import sys

from gi.repository import Gio, GLib

WEATHER = ("org.example.Weather", "/org/example/Weather", "org.example.Weather")
DIARY = ("org.example.Diary", "/org/example/Diary", "org.example.Diary")
DRIVER = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")

connection = Gio.bus_get_sync(Gio.BusType.SESSION)


def call(service, method, arguments=None):
    return connection.call_sync(*service, method, arguments, None, Gio.DBusCallFlags.NONE, 10_000, None)


def history():
    _, files = connection.call_with_unix_fd_list_sync(
        *WEATHER, "History", None, None, Gio.DBusCallFlags.NONE, 10_000, None, None)
    with os.fdopen(files.get(0)) as file:
        return file.read()


def listen():
    connection.signal_subscribe(
        WEATHER[0], WEATHER[2], "Changed", WEATHER[1], None, Gio.DBusSignalFlags.NONE,
        lambda *signal: print("heard: " + signal[5][0], flush=True))
    call(DRIVER, "GetId")  # the match rule is with the bus when this has come back
    return "listening"


def obey(words):
    if words[0] == "forecast":
        return call(WEATHER, "Forecast", GLib.Variant("(s)", (words[1],)))[0]
    if words[0] == "history":
        return history()
    if words[0] == "reset":
        return call(WEATHER, "Reset")[0]
    if words[0] == "diary":
        return call(DIARY, "Read")[0]
    if words[0] == "names":
        return " ".join(sorted(name for name in call(DRIVER, "ListNames")[0] if not name.startswith(":")))
    if words[0] == "listen":
        return listen()
    if words[0] == "me":
        return connection.get_unique_name()
    sys.exit(int(words[1]))


def read_line(*_):
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    try:
        print(obey(line.split()), flush=True)
    except GLib.Error as error:
        print(error.message.removeprefix("GDBus.Error:"), flush=True)
    return True


GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, read_line)
GLib.MainLoop().run()
