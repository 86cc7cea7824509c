pragma ComponentBehavior: Bound

import QtQuick

// The way of staff into the machine: held for five seconds, by one finger that keeps still, without a sign on the screen.
// A second finger anywhere on `surface` (a palm, a child's hand) calls it off; a tap is whatever it is without this.
Item {
    id: root

    property Item surface: null
    property real seconds: 5

    signal held

    objectName: "hidden-press"

    TapHandler {
        enabled: root.enabled && !(one.active && other.active)
        gesturePolicy: TapHandler.DragThreshold
        longPressThreshold: root.seconds
        onLongPressed: root.held()
    }

    // Siblings of a kind take a finger each.
    Item {
        parent: root.surface
        anchors.fill: parent
        enabled: root.enabled
        visible: root.visible

        PointHandler {
            id: one
        }

        PointHandler {
            id: other
        }
    }
}
