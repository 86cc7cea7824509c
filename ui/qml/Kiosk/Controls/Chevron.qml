pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// A small arrow to the right: two strokes that meet in its point.
Item {
    id: root

    property color tint: Theme.ink
    readonly property real stroke: Theme.space(0.6)
    readonly property real arm: Theme.space(2.6)

    width: Theme.space(2.5)
    height: Theme.space(4.5)

    Repeater {
        model: [-45, 45]

        Rectangle {
            required property int modelData

            // Turned about the point of the arrow, at the right in the middle.
            x: root.width - root.arm
            y: root.height / 2 - height / 2
            width: root.arm
            height: root.stroke
            radius: height / 2
            antialiasing: true
            color: root.tint
            transform: Rotation {
                origin.x: root.arm - root.stroke / 2
                origin.y: root.stroke / 2
                angle: modelData // qmllint disable unqualified
            }
        }
    }
}
