pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The way to the search: a field with a lens, touched as a whole.
Touchable {
    id: root

    property string text: ""

    label: root.text
    height: Math.max(Theme.action, words.height + Theme.space(4))

    Rectangle {
        anchors.fill: parent
        radius: Math.min(height / 2, Theme.space(12))
        color: root.down ? Theme.tealSoft : Theme.surface
        border.width: Theme.stroke
        border.color: Theme.ink
    }

    Item {
        id: lens

        anchors.verticalCenter: parent.verticalCenter
        x: Theme.space(5)
        width: Theme.space(5.5)
        height: width

        Rectangle {
            width: parent.width * 0.78
            height: width
            radius: width / 2
            color: "transparent"
            border.width: Theme.space(0.6)
            border.color: Theme.ink
        }

        Rectangle {
            x: parent.width * 0.62
            y: parent.height * 0.62
            width: parent.width * 0.46
            height: Theme.space(0.7)
            radius: height / 2
            antialiasing: true
            rotation: 45
            transformOrigin: Item.Left
            color: Theme.ink
        }
    }

    Label {
        id: words

        anchors.verticalCenter: parent.verticalCenter
        x: lens.x + lens.width + Theme.space(3)
        width: parent.width - x - Theme.space(4)
        text: root.text
        font.pixelSize: Theme.elder ? Theme.small : Theme.lead - 1
        color: Theme.ink2
        Accessible.ignored: true
    }
}
