"""A character device such as ``/dev/usb/lp0`` as a byte stream. Knows no protocol."""

from __future__ import annotations

import errno
import os

from devices.contracts.deadline import Deadline
from devices.transports.descriptor import DescriptorStream
from devices.transports.stream import PortBusy, PortDenied, PortMissing, PortUnusable


class DeviceFile(DescriptorStream):
    """A path that is opened for reading and writing, without any terminal settings."""

    def open(self, deadline: Deadline) -> None:
        self.close()
        try:
            self._fd = os.open(self._port, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise PortMissing(self._port) from error
        except PermissionError as error:
            raise PortDenied(self._port) from error
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise PortBusy(self._port) from error
            if error.errno in (errno.ENXIO, errno.ENODEV):
                raise PortMissing(self._port) from error
            raise PortUnusable(self._port, os.strerror(error.errno or 0)) from error
        self.drain()
