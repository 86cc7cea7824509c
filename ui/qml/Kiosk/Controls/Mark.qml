pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The mark 办: the one red square of the house.
Rectangle {
    id: root

    property int side: Theme.mark

    width: root.side
    height: root.side
    radius: root.side * 0.17
    color: Theme.seal

    Text {
        anchors.centerIn: parent
        text: "办"
        textFormat: Text.PlainText
        font.family: Theme.serif
        font.bold: true
        font.pixelSize: root.side * 0.66
        color: Theme.onDark
        Accessible.ignored: true
    }
}
