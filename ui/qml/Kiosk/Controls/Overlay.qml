pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// A panel over the page: what is behind it cannot be touched.
Rectangle {
    id: root

    property string title: ""
    property string lead: ""
    property string leftText: ""
    property string leftName: ""
    property string rightText: ""
    property string rightName: ""
    default property alias content: slot.data

    signal leftTapped
    signal rightTapped

    anchors.fill: parent
    color: Theme.scrim

    MouseArea {
        anchors.fill: parent
        onWheel: wheel => wheel.accepted = true
    }

    Card {
        anchors.centerIn: parent
        width: Math.min(root.width - 2 * Theme.space(7), Theme.space(Theme.landscape ? 175 : 120))
        padding: Theme.space(7)
        gap: Theme.space(4)

        Heading {
            width: parent.width
            text: root.title
        }

        Label {
            width: parent.width
            visible: text !== ""
            text: root.lead
            font.pixelSize: Theme.lead
            color: Theme.ink2
        }

        Column {
            id: slot

            width: parent.width
            visible: children.length > 0
            spacing: Theme.space(2)
        }

        ActionBar {
            width: parent.width
            height: implicitHeight
            leftText: root.leftText
            leftName: root.leftName
            rightText: root.rightText
            rightName: root.rightName
            onLeftTapped: root.leftTapped()
            onRightTapped: root.rightTapped()
        }
    }
}
