pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// One service: its sign, its name, one line, what is promised. In large type the name alone, as large as can be.
Touchable {
    id: root

    property string name: ""
    property string shortName: ""
    property string summary: ""
    property string line: "" // what is promised, or what cannot be done now
    property string verdict: ""
    property string glyph: "" // none where all stand under one heading
    property string tone: "teal"
    property bool roomy: false
    property bool small: false // two side by side
    readonly property int size: Theme.elder ? (root.small ? Theme.question : Theme.item)
                                            : Theme.item + (root.roomy ? Theme.space(1) : 0)
    readonly property bool able: root.verdict === "can"

    label: Theme.elder ? root.shortName : root.name
    implicitHeight: Math.max(words.height + Theme.space(Theme.elder ? 13 : root.glyph !== "" ? 9 : 6),
                             Theme.space(Theme.elder ? 27 : root.roomy ? 39 : root.glyph !== "" ? 25 : 16))

    Rectangle {
        anchors.fill: parent
        radius: Theme.radius
        color: root.down ? Theme.tealSoft : Theme.surface
        border.width: Theme.elder ? Theme.stroke : Theme.hairline
        border.color: Theme.elder ? Theme.ink : Theme.line
    }

    Rectangle {
        id: sign

        visible: !Theme.elder && root.glyph !== ""
        anchors.verticalCenter: parent.verticalCenter
        x: Theme.space(5)
        width: Theme.glyph + Theme.space(root.roomy ? 7 : 2)
        height: width
        radius: Theme.radius
        color: Theme.ground(root.tone)

        Text {
            anchors.centerIn: parent
            text: root.glyph
            textFormat: Text.PlainText
            font.family: Theme.serif
            font.bold: true
            font.pixelSize: sign.width * 0.56
            color: Theme.ink
            Accessible.ignored: true
        }
    }

    Column {
        id: words

        anchors.verticalCenter: parent.verticalCenter
        x: Theme.elder ? Theme.space(9) : sign.visible ? sign.x + sign.width + Theme.space(4) : Theme.space(6)
        width: parent.width - x - arrow.width - Theme.space(8)
        spacing: Theme.space(root.roomy ? 2 : 1)

        Label {
            width: parent.width
            text: root.label
            font.pixelSize: root.size
            font.bold: true
            Accessible.ignored: true
        }

        Label {
            visible: !Theme.elder && text !== ""
            width: parent.width
            text: root.summary
            font.pixelSize: root.roomy ? Theme.space(4.1) : Theme.small
            color: Theme.ink2
            Accessible.ignored: true
        }

        Chip {
            visible: !Theme.elder && text !== ""
            text: root.line
            tone: root.able ? "ok" : "warn"
        }

        // In large type it may take two lines, and a promise needs no words.
        Label {
            visible: Theme.elder && !root.able
            width: parent.width
            text: root.line
            font.pixelSize: Theme.small
            color: Theme.warn
            Accessible.ignored: true
        }
    }

    Chevron {
        id: arrow

        visible: !Theme.elder
        anchors.verticalCenter: parent.verticalCenter
        anchors.right: parent.right
        anchors.rightMargin: Theme.space(5)
    }
}
