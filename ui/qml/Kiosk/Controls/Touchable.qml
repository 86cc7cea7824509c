pragma ComponentBehavior: Bound

import QtQuick

// Whatever can be pressed. A touch counts when it begins and ends inside, however long it rests.
Item {
    id: root

    property string label: ""
    property int role: Accessible.Button
    readonly property bool down: handler.pressed && root.enabled

    signal tapped

    Accessible.role: root.role
    Accessible.name: root.label
    Accessible.focusable: true
    Accessible.onPressAction: if (root.enabled) root.tapped()

    TapHandler {
        id: handler

        gesturePolicy: TapHandler.ReleaseWithinBounds
        longPressThreshold: 0
        onTapped: root.tapped()
    }
}
