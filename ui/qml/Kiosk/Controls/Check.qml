pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// A tick, a bar or a cross in a disc, made of rectangles: state told by a shape as well as a colour.
Rectangle {
    id: root

    property string mark: "yes" // yes, no, part
    property color tint: Theme.ok
    property bool hollow: false

    width: Theme.space(5.5)
    height: width
    radius: width / 2
    color: root.hollow ? Theme.surface : root.tint
    border.width: Theme.stroke
    border.color: root.tint

    Item {
        visible: !root.hollow && root.mark === "yes"
        anchors.centerIn: parent
        anchors.verticalCenterOffset: -root.width * 0.05
        width: root.width * 0.46
        height: root.width * 0.26
        rotation: -45

        Rectangle {
            width: root.width * 0.09
            height: parent.height
            color: Theme.onDark
            antialiasing: true
        }

        Rectangle {
            y: parent.height - height
            width: parent.width
            height: root.width * 0.09
            color: Theme.onDark
            antialiasing: true
        }
    }

    Rectangle {
        visible: !root.hollow && root.mark === "part"
        anchors.centerIn: parent
        width: root.width * 0.5
        height: root.width * 0.1
        color: Theme.onDark
    }

    Repeater {
        model: !root.hollow && root.mark === "no" ? [45, -45] : []

        Rectangle {
            required property int modelData

            anchors.centerIn: parent
            width: root.width * 0.56
            height: root.width * 0.1
            rotation: modelData
            color: Theme.onDark
            antialiasing: true
        }
    }
}
