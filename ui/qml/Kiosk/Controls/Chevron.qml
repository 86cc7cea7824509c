import QtQuick
import Kiosk.Theme

// A small arrow to the right.
Item {
    id: root

    property color tint: Theme.ink

    width: Theme.space(3)
    height: Theme.space(5)

    Rectangle {
        x: 0
        y: root.height / 2 - height
        width: root.height * 0.66
        height: Theme.space(0.6)
        color: root.tint
        antialiasing: true
        transformOrigin: Item.BottomRight
        transform: Rotation {
            origin.x: root.height * 0.66
            origin.y: Theme.space(0.6)
            angle: 45
        }
    }

    Rectangle {
        x: 0
        y: root.height / 2
        width: root.height * 0.66
        height: Theme.space(0.6)
        color: root.tint
        antialiasing: true
        transform: Rotation {
            origin.x: root.height * 0.66
            origin.y: 0
            angle: -45
        }
    }
}
