pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// One thing to choose: words, a line of detail, and what touching it means.
Touchable {
    id: root

    property string title: ""
    property string detail: ""
    property string ordinal: ""
    property string badge: ""
    property string badgeTone: "teal"
    property bool chosen: false
    property bool best: false
    property bool arrow: false
    property bool tick: false
    property bool pill: false
    property int size: Theme.elder ? Theme.h2 : Theme.h2 - 4
    readonly property real wordsHeight: words.height
    readonly property bool lit: root.chosen || root.best

    label: root.title
    implicitHeight: Math.max(Theme.target, words.height + Theme.space(root.detail ? 7 : 5))

    Rectangle {
        anchors.fill: parent
        radius: root.pill ? Math.min(height / 2, Theme.space(8)) : Theme.radius
        color: root.chosen ? Theme.tealSoft : root.down ? Theme.tealSoft : root.best ? Theme.tealMist : Theme.surface
        border.width: root.lit ? Theme.stroke : Theme.elder ? Theme.stroke : Theme.hairline
        border.color: root.lit ? Theme.teal : Theme.elder ? Theme.ink : Theme.line
    }

    Text {
        id: number

        visible: root.ordinal !== ""
        anchors.verticalCenter: parent.verticalCenter
        x: Theme.space(6)
        text: root.ordinal
        textFormat: Text.PlainText
        font.family: Theme.serif
        font.pixelSize: Theme.figure
        font.bold: true
        color: Theme.teal
        Accessible.ignored: true
    }

    Check {
        id: box

        visible: root.tick
        anchors.verticalCenter: parent.verticalCenter
        x: Theme.space(5)
        width: Theme.space(Theme.elder ? 8 : 6)
        hollow: !root.chosen
        tint: root.chosen ? Theme.teal : Theme.ink2
    }

    Column {
        id: words

        readonly property int start: root.ordinal !== "" ? Theme.space(17)
                                                         : root.tick ? box.x + box.width + Theme.space(3) : Theme.space(6)

        anchors.verticalCenter: parent.verticalCenter
        x: start
        width: root.width - start - (tail.visible ? tail.width + Theme.space(7) : Theme.space(5))
        spacing: Theme.space(0.5)

        Label {
            width: parent.width
            text: root.title
            font.pixelSize: root.size
            font.bold: !root.pill && root.ordinal === "" && !root.tick
            Accessible.ignored: true
        }

        Label {
            visible: root.detail !== ""
            width: parent.width
            text: root.detail
            font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
            color: Theme.ink2
            Accessible.ignored: true
        }
    }

    Row {
        id: tail

        visible: root.badge !== "" || root.arrow
        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: Theme.space(5)
        spacing: Theme.space(3)

        Chip {
            visible: root.badge !== ""
            anchors.verticalCenter: parent.verticalCenter
            text: root.badge
            tone: root.badgeTone
        }

        Chevron {
            visible: root.arrow
            anchors.verticalCenter: parent.verticalCenter
        }
    }
}
