pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// One key: a white cap with an edge below it.
Touchable {
    id: root

    property string text: ""
    property bool word: false
    property bool strong: false

    label: root.text
    height: Theme.keyHeight

    Rectangle {
        anchors.fill: parent
        anchors.topMargin: Theme.space(0.5)
        radius: Theme.radiusSmall
        color: Theme.keyEdge
    }

    Rectangle {
        anchors.fill: parent
        anchors.bottomMargin: Theme.space(0.5)
        radius: Theme.radiusSmall
        color: !root.enabled ? Theme.muted : root.strong ? (root.down ? Theme.tealDeep : Theme.teal)
                                           : root.down ? Theme.tealSoft : Theme.surface
    }

    Label {
        anchors.centerIn: parent
        text: root.text
        wrapMode: Text.NoWrap
        font.pixelSize: root.word ? Theme.keyWord : Theme.key
        font.bold: root.strong
        color: !root.enabled ? Theme.mutedInk : root.strong ? Theme.onDark : Theme.ink
        Accessible.ignored: true
    }
}
