pragma ComponentBehavior: Bound

import Kiosk.Controls

// Running text of the maintenance window.
Label {
    font.pixelSize: Works.body
    color: Works.ink
}
