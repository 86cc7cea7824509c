pragma ComponentBehavior: Bound

import QtQuick

// A panel over the page: what is behind it cannot be touched.
Rectangle {
    id: root

    default property alias content: slot.data
    property int breadth: Works.panel

    anchors.fill: parent
    color: Works.scrim

    MouseArea {
        anchors.fill: parent
        onWheel: wheel => wheel.accepted = true
    }

    Rectangle {
        anchors.centerIn: parent
        width: Math.min(root.width - Works.space(10), root.breadth)
        height: slot.height + Works.space(12)
        radius: Works.radius
        color: Works.ground

        Column {
            id: slot

            x: Works.space(6)
            y: Works.space(6)
            width: parent.width - 2 * x
            spacing: Works.space(4)
        }
    }
}
