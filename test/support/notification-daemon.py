"""Owns a notification service on the session bus that prints what it is shown, one JSON line for each notice."""
import json
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.freedesktop.Notifications"


class Service(dbus.service.Object):
    @dbus.service.method(NAME, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, _replaces, _icon, summary, body, _actions, hints, _timeout):
        print(json.dumps({"app": app, "summary": summary, "body": body, "urgency": int(hints.get("urgency", -1))}), flush=True)
        return 1

    @dbus.service.method(NAME, out_signature="ssss")
    def GetServerInformation(self):
        return ("procwarden tests", "procwarden", "1", "1.2")

    @dbus.service.method(NAME, out_signature="as")
    def GetCapabilities(self):
        return ["body"]


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
owned = dbus.service.BusName(NAME, bus)
service = Service(bus, "/org/freedesktop/Notifications")
print("ready", flush=True)
GLib.MainLoop().run()
sys.exit(0)
