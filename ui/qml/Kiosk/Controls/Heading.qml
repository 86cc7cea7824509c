pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The sentence of the page.
Label {
    font.family: Theme.serif
    font.pixelSize: Theme.h1
    font.bold: true
    lineHeight: Theme.headingLine
    Accessible.role: Accessible.Heading
}
