"""An RTSP camera that nobody here wrote: GStreamer's RTSP server, with a moving test picture as JPEG over RTP.

Run by the system's Python (Debian python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base and -good):
``/usr/bin/python3 rtsp_room.py PORT``. Prints one JSON line, {"port": N} or {"missing": why}, and serves on the
loopback until its standard input ends.
"""

import json
import sys


def say(**line: object) -> None:
    print(json.dumps(line), flush=True)


def main(port: str) -> None:
    try:
        import gi

        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        from gi.repository import GLib, Gst, GstRtspServer
    except (ImportError, ValueError) as error:
        say(missing=f"needs the Debian packages python3-gi gir1.2-gst-rtsp-server-1.0 ({error})")
        return
    Gst.init(None)
    absent = [name for name in ("videotestsrc", "jpegenc", "rtpjpegpay") if Gst.ElementFactory.find(name) is None]
    if absent:
        say(missing="needs the Debian packages gstreamer1.0-plugins-base gstreamer1.0-plugins-good")
        return
    server, factory = GstRtspServer.RTSPServer(), GstRtspServer.RTSPMediaFactory()
    server.set_address("127.0.0.1")
    server.set_service(port)
    # I420: RTP has no type for the JPEGs that other formats make.
    picture = "video/x-raw,format=I420,width=640,height=480,framerate=15/1"
    factory.set_launch(f"( videotestsrc is-live=true pattern=ball ! {picture} ! jpegenc ! rtpjpegpay name=pay0 pt=26 )")
    factory.set_shared(True)
    server.get_mount_points().add_factory("/video", factory)
    if server.attach(None) == 0:
        say(missing=f"port {port} is taken")
        return
    loop = GLib.MainLoop()
    GLib.io_add_watch(GLib.IOChannel.unix_new(0), GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP, lambda *_: loop.quit())
    say(port=server.get_bound_port())
    loop.run()


if __name__ == "__main__":
    main(sys.argv[1])
