pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls

// An action: amber (main), red (danger), white, or outlined on the dark foot. One that cannot be used says why.
Touchable {
    id: root

    property string text: ""
    property string why: ""
    property string weight: "plain"
    property bool onDark: false
    property int size: Works.button
    property int least: Works.action
    readonly property bool main: root.enabled && root.weight === "main"
    readonly property bool danger: root.enabled && root.weight === "danger"
    readonly property real naturalWidth: Math.max(Works.space(20), measure.implicitWidth + Works.space(root.size < Works.button ? 7 : 9),
                                                  reason.text !== "" ? reason.implicitWidth + Works.space(6) : 0)

    label: root.why !== "" ? root.text + "，" + root.why : root.text
    implicitWidth: root.naturalWidth
    implicitHeight: Math.max(root.least, words.height + Works.space(3))

    Rectangle {
        anchors.fill: parent
        radius: Math.min(height / 2, Works.space(8))
        color: root.main ? (root.down ? Works.amberDown : Works.amber)
             : root.danger && !root.onDark ? (root.down ? Works.badDown : Works.bad)
             : root.danger ? (root.down ? Works.badDown : Works.bad)
             : root.onDark ? (root.down ? Works.slateDown : Works.slate)
             : !root.enabled ? Works.sheetOff : root.down ? Works.sheetDown : Works.sheet
        border.width: root.main || root.danger ? 0 : Works.stroke
        border.color: root.onDark ? Works.slateLine : root.enabled ? Works.ink2 : Works.line
    }

    WorkText {
        id: measure

        visible: false
        text: root.text
        wrapMode: Text.NoWrap
        font.pixelSize: root.size
        font.bold: true
    }

    Column {
        id: words

        anchors.centerIn: parent
        width: parent.width - Works.space(5)

        WorkText {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            text: root.text
            font.pixelSize: root.size
            font.bold: true
            color: root.main ? Works.slate : root.danger ? Works.pale
                 : root.onDark ? (root.enabled ? Works.pale : Works.paleDim) : root.enabled ? Works.ink : Works.inkOff
            Accessible.ignored: true
        }

        WorkText {
            id: reason

            width: parent.width
            visible: root.why !== ""
            horizontalAlignment: Text.AlignHCenter
            text: root.why
            font.pixelSize: Works.small
            color: root.onDark ? Works.paleDim : Works.inkOff
            Accessible.ignored: true
        }
    }
}
