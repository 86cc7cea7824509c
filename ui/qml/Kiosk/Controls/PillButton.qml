pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// An action. Tones: primary (teal), secondary (outlined), help (seal red), danger (outlined in red).
Touchable {
    id: root

    property string text: ""
    property string instead: "" // words it bears at times: there is room for both from the beginning
    property bool replaced: false
    readonly property string words: root.replaced ? root.instead : root.text
    property string tone: "secondary"
    property int size: Theme.button
    property int least: Theme.action
    readonly property bool filled: root.enabled && (root.tone === "primary" || root.tone === "help")
    readonly property color accent: root.tone === "help" ? Theme.seal : root.tone === "danger" ? Theme.bad
                                  : root.tone === "primary" || root.tone === "teal" ? Theme.teal : Theme.ink
    readonly property color pressedAccent: root.tone === "help" ? Theme.sealDeep : Theme.tealDeep
    readonly property real longest: Math.max(measure.implicitWidth, measureInstead.implicitWidth)
    readonly property real wordsWidth: root.longest + Theme.space(5)
    readonly property real naturalWidth: Math.max(root.longest + 2 * Theme.space(6), Theme.space(22))

    label: root.words
    implicitWidth: root.naturalWidth
    implicitHeight: Math.max(root.least, caption.implicitHeight + Theme.space(5))

    Rectangle {
        anchors.fill: parent
        radius: Math.min(height / 2, Theme.space(12))
        color: !root.enabled ? Theme.muted : root.filled ? (root.down ? root.pressedAccent : root.accent)
                             : root.down ? Theme.tealSoft : Theme.surface
        border.width: root.filled ? 0 : Theme.stroke
        border.color: root.enabled ? root.accent : Theme.line
    }

    Label {
        id: measure

        visible: false
        text: root.text
        wrapMode: Text.NoWrap
        font.pixelSize: root.size
        font.bold: true
    }

    Label {
        id: measureInstead

        visible: false
        text: root.instead
        wrapMode: Text.NoWrap
        font.pixelSize: root.size
        font.bold: true
    }

    Label {
        id: caption

        anchors.centerIn: parent
        width: parent.width - Theme.space(5)
        horizontalAlignment: Text.AlignHCenter
        text: root.words
        font.pixelSize: root.size
        font.bold: true
        color: !root.enabled ? Theme.mutedInk : root.filled ? Theme.onDark : root.accent
        Accessible.ignored: true
    }
}
