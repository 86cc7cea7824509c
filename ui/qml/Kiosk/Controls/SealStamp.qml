pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The seal falls: once, when a matter is approved. 420 ms with a small overshoot.
Item {
    id: root

    property string words: ""
    property int side: Theme.space(Theme.elder ? 31 : 27)
    readonly property bool han: /^[\u4e00-\u9fff]+$/.test(root.words)
    readonly property string broken: root.han && root.words.length === 4
        ? root.words.slice(0, 2) + "\n" + root.words.slice(2) : root.words

    function fall(): void {
        if (root.words !== "")
            drop.restart()
    }

    width: root.side
    height: root.side
    rotation: -9
    visible: root.words !== ""

    Rectangle {
        id: ring

        anchors.fill: parent
        radius: width * 0.12
        color: "transparent"
        border.width: Theme.space(1)
        border.color: Theme.seal
        opacity: 0.92
        antialiasing: true

        Text {
            anchors.centerIn: parent
            width: parent.width * 0.8
            text: root.broken
            textFormat: Text.PlainText
            wrapMode: root.han ? Text.NoWrap : Text.WordWrap
            horizontalAlignment: Text.AlignHCenter
            font.family: Theme.serif
            font.bold: true
            font.pixelSize: root.han ? root.side * 0.2 : root.side * 0.13
            lineHeight: Theme.headingLine
            color: Theme.seal
        }
    }

    ParallelAnimation {
        id: drop

        NumberAnimation {
            target: root
            property: "scale"
            from: Theme.stamp > 0 ? 1.9 : 1
            to: 1
            duration: Theme.stamp
            easing.type: Easing.OutBack
            easing.overshoot: 1.6
        }

        NumberAnimation {
            target: root
            property: "opacity"
            from: Theme.stamp > 0 ? 0 : 1
            to: 1
            duration: Theme.stamp / 2
        }
    }
}
