pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// Back on the left, the one way forward on the right. Where they do not fit side by side, or in the panel
// of a landscape screen, they stand one above the other with the way forward on top.
Item {
    id: root

    property string leftText: ""
    property string leftName: "nav-back"
    property string leftTone: "secondary"
    property string rightText: ""
    property string rightName: "nav-next"
    property string rightTone: "primary"
    property bool rightEnabled: true
    property bool column: false
    readonly property bool both: leftText !== "" && rightText !== ""
    readonly property bool stacked: both && (column || left.naturalWidth + right.naturalWidth + gap > width)
    readonly property int gap: Theme.space(4)

    signal leftTapped
    signal rightTapped

    implicitHeight: stacked ? left.height + right.height + Theme.space(3) : Math.max(left.shownHeight, right.shownHeight)

    PillButton {
        id: left

        readonly property real shownHeight: visible ? implicitHeight : 0

        objectName: root.leftName
        visible: root.leftText !== ""
        text: root.leftText
        tone: root.leftTone
        width: root.stacked || (root.column && !root.both) ? root.width : Math.min(naturalWidth, root.width)
        y: root.stacked ? right.height + Theme.space(3) : 0
        onTapped: root.leftTapped()
    }

    PillButton {
        id: right

        readonly property real shownHeight: visible ? implicitHeight : 0
        readonly property bool wide: root.rightTone !== "secondary"

        objectName: root.rightName
        visible: root.rightText !== ""
        text: root.rightText
        tone: root.rightTone
        enabled: root.rightEnabled
        width: root.stacked || root.column ? root.width
             : wide ? root.width - (root.both ? left.width + root.gap : 0) : Math.min(naturalWidth, root.width)
        x: root.width - width
        onTapped: root.rightTapped()
    }
}
