pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// A small choice of the header. What is seen is 84 high, what is touched is at least 104.
Touchable {
    id: root

    property string text: ""
    property string glyph: ""
    property bool dark: false
    property bool urgent: false

    label: root.text
    implicitWidth: Math.max(row.width + Theme.space(Theme.elder ? 5 : 6), Theme.minimum)
    implicitHeight: Theme.elder ? Theme.space(15) : Theme.minimum

    Rectangle {
        anchors.centerIn: parent
        width: parent.width
        height: Theme.elder ? parent.height - Theme.space(2) : Theme.pillHeight
        radius: height / 2
        color: root.dark ? Theme.ink : root.down ? Theme.tealSoft : Theme.surface
        border.width: Theme.hairline
        border.color: root.urgent ? Theme.seal : root.dark ? Theme.ink : Theme.line
    }

    Row {
        id: row

        anchors.centerIn: parent
        spacing: Theme.space(1)

        Rectangle {
            visible: root.glyph !== "" && !Theme.elder
            anchors.verticalCenter: parent.verticalCenter
            width: Theme.space(4.5)
            height: width
            radius: width / 2
            color: Theme.surface
            border.width: Theme.hairline + 1
            border.color: Theme.ink

            Label {
                anchors.centerIn: parent
                text: root.glyph
                font.pixelSize: Theme.space(2.5)
                font.bold: true
                Accessible.ignored: true
            }
        }

        Label {
            anchors.verticalCenter: parent.verticalCenter
            text: root.text
            font.pixelSize: Theme.small
            color: root.dark ? Theme.onDark : root.urgent ? Theme.sealDeep : Theme.ink
            Accessible.ignored: true
        }
    }
}
